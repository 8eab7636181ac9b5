"""The identities of a throw-away instance, and what they may do with its keys."""

from datetime import UTC, datetime
from typing import Final

from signetd.daemon.assemble import Daemon
from signetd.daemon.audit.types import Effect, Entry, Event, Kind
from signetd.daemon.dev.certificates import CLIENT_URI
from signetd.daemon.policy.types import Credential, Grant, Identity, Operation, Role
from signetd.daemon.state.grants import create_grant
from signetd.daemon.state.identities import create_identity, update_identity

DEV: Final = "dev"
"""Whoever calls on the main socket: manages keys, and signs with them."""
_SOCKET, _URI = Credential.SOCKET, Credential.URI
_PEOPLE: Final = {
    DEV: (_SOCKET, frozenset({Role.SECURITY_ADMIN, Role.SIGNER})),
    "dev-system-admin": (_SOCKET, frozenset({Role.SYSTEM_ADMIN})),
    "dev-auditor": (_SOCKET, frozenset({Role.AUDITOR})),
    "dev-app": (_SOCKET, frozenset({Role.SIGNER})),
    CLIENT_URI: (_URI, frozenset({Role.SIGNER})),
}
_SIGNERS: Final = (DEV, CLIENT_URI)
"""Who may sign with every key; the others who sign need a grant first."""


async def ensure_people(daemon: Daemon) -> None:
    """Add the identities that are missing, and let those of _SIGNERS use every key."""
    snapshot = daemon.book.snapshot
    effects: list[Effect] = []
    for name in _PEOPLE:
        known = snapshot.identity(name)
        wanted = _identity(name)
        if known is None:
            effects.append(create_identity(wanted))
        elif known.roles != wanted.roles:
            effects.append(update_identity(wanted, known))
        has_grant = any(grant.identity == name for grant in snapshot.grants)
        if name in _SIGNERS and not has_grant:
            effects.append(create_grant(_grant(name)))
    if effects:
        event = Event(kind=Kind.ACT, operation="dev", allowed=True, result="OK")
        await daemon.audit.ledger.write(Entry(event=event, effects=tuple(effects)))
        await daemon.gate.refresh()


def _identity(name: str) -> Identity:
    credential, roles = _PEOPLE[name]
    now = datetime.now(UTC)
    return Identity(name=name, roles=roles, credential=credential, create_time=now, update_time=now)


def _grant(name: str) -> Grant:
    return Grant(
        id=f"dev-{_SIGNERS.index(name) + 1}",
        identity=name,
        keys="*",
        operations=frozenset(Operation),
        create_time=datetime.now(UTC),
        creator=DEV,
    )
