"""How the first people come in: by the configuration, or by `signetd init`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Effect, Entry, Event, Kind, Ledger
from signetd.daemon.config import Config, UnixListener
from signetd.daemon.errors import StartError
from signetd.daemon.policy.credential import credential_of
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import Identity, Role
from signetd.daemon.state import Database, StateError
from signetd.daemon.state.identities import create_identity, first_security_admin
from signetd.drivers.errors import SignetError

OPERATION: Final = "init"
"""What the audit calls the making of the first identities."""
_log = structlog.get_logger("signetd.access")


def socket_names(config: Config) -> frozenset[str]:
    """Return the names that the configuration gives to its sockets."""
    return frozenset(
        listener.identity for listener in config.listeners if isinstance(listener, UnixListener)
    )


async def admit_first(config: Config, ledger: Ledger, snapshot: Snapshot) -> bool:
    """Make the configured identity a security administrator if there is none; whether it did.

    Raises what the ledger does.
    """
    name = config.access.first_security_admin
    everybody = snapshot.identities
    if any(Role.SECURITY_ADMIN in each.roles for each in everybody):
        return False
    if name is None:
        _log.warning(
            "there is no security administrator, so that nobody can add identities or grants: name "
            "one in access.first_security_admin and start again"
        )
        return False
    credential = credential_of(name, socket_names(config))
    await ledger.write(
        _entry(name, first_security_admin(name, credential), "first security administrator")
    )
    _log.warning("first security administrator", identity=name, credential=credential.value)
    return True


async def found(config: Config, database: Database, people: Mapping[str, Role]) -> None:
    """Add *people* to a database that has no identities; nothing else may use it meanwhile.

    Raises StartError when there are identities already, or one cannot be added.
    """
    ledger = GroupLedger(database.audit(config.daemon.name))
    try:
        await ledger.load("init")
        if database.access.snapshot().identities:
            raise StartError(
                "the database has identities already; a security administrator adds others: "
                "signetctl access identity add"
            )
        for name, role in people.items():
            identity = _identity(name, role, socket_names(config))
            await ledger.write(_entry(name, create_identity(identity), role.value))
    except (StateError, SignetError) as error:
        raise StartError(str(error)) from None
    finally:
        await ledger.close()


def _entry(name: str, effect: Effect, detail: str) -> Entry:
    event = Event(
        kind=Kind.ACT,
        operation=OPERATION,
        resource=name,
        allowed=True,
        result="OK",
        detail=detail,
    )
    return Entry(event=event, effects=(effect,))


def _identity(name: str, role: Role, sockets: frozenset[str]) -> Identity:
    now = datetime.now(UTC)
    return Identity(
        name=name,
        roles=frozenset({role}),
        credential=credential_of(name, sockets),
        create_time=now,
        update_time=now,
    )
