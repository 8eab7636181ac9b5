"""A daemon with everybody who attacks it, and what can be seen of it behind its back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from tests.integration.attack.calls import Answer, Caller
from tests.integration.daemon.running import Running

FOUNDER, SYSTEM = "all", "system"
"""The first security administrator, who may sign with every key too; the one for tokens."""
AUDIT_KEY = '[audit]\nkey = "audit"'
_UNRECORDED = ("alembic_version", "audit_chains", "audit_records")
_TOKEN_CALLS = ("C_SignInit", "C_GenerateKeyPair", "C_DestroyObject", "C_Login", "C_Logout")


class Scene:
    """A running daemon in which each name of *sockets* has a socket of its own."""

    def __init__(self, daemon: Running, sockets: tuple[str, ...]) -> None:
        self.daemon = daemon
        self._sockets = sockets
        self._callers: dict[str, Caller] = {}

    def start(self, *, listener: str = "", audit_key: bool = True, **options: Any) -> None:
        """Start the daemon, also again with other options."""
        sockets = [f'[[listener]]\nunix = "{name}"\nidentity = "{name}"' for name in self._sockets]
        text = "\n".join((*sockets, listener))
        database = AUDIT_KEY if audit_key else ""
        self.daemon.start(listener=text, database=database, drain=2.0, **options)

    def stop(self) -> None:
        """Stop the daemon in order, and forget the connections to it."""
        self.forget()
        self.daemon.signal(15)
        assert self.daemon.wait(30) == 0, self.daemon.log

    def forget(self) -> None:
        """Close all connections."""
        for caller in self._callers.values():
            caller.channel.close()
        self._callers.clear()

    def by(self, name: str) -> Caller:
        """Return the connection of an identity."""
        if name not in self._callers:
            socket = "socket" if name == FOUNDER else name
            channel = grpc.insecure_channel(f"unix:{self.daemon.folder / socket}")
            self._callers[name] = Caller(name, channel)
        return self._callers[name]

    def admit(self, name: str, *roles: access.Role.ValueType, **fields: Any) -> None:
        """Add an identity."""
        fields.setdefault("credential", access.CREDENTIAL_SOCKET)
        identity = access.Identity(name=name, roles=roles, **fields)
        request = access.CreateIdentityRequest(identity=identity)
        self.by(FOUNDER).done("AccessService/CreateIdentity", request)

    def update(self, by: str, name: str, *roles: access.Role.ValueType, **fields: Any) -> Answer:
        """Have somebody change an identity; *approval* is that of the request."""
        approval = fields.pop("approval", "")
        identity = access.Identity(name=name, roles=roles, **fields)
        request = access.UpdateIdentityRequest(identity=identity, approval=approval)
        return self.by(by).call("AccessService/UpdateIdentity", request)

    def group(self, name: str, *members: str) -> None:
        """Set the members of a group."""
        request = access.SetGroupRequest(group=access.Group(name=f"groups/{name}", members=members))
        self.by(FOUNDER).done("AccessService/SetGroup", request)

    def grant(self, subject: str, pattern: str, **fields: Any) -> str:
        """Let somebody read, verify and sign; return the grant's name."""
        fields.setdefault("operations", [1, 2, 3])
        grant = access.Grant(subject=subject, keys=f"keys/{pattern}", **fields)
        request = access.CreateGrantRequest(grant=grant)
        return str(self.by(FOUNDER).done("AccessService/CreateGrant", request).name)

    def key(
        self,
        name: str,
        purpose: resources.KeyPurpose.ValueType = resources.KEY_PURPOSE_SIGNING,
        key_type: resources.KeyType.ValueType = resources.KEY_TYPE_EC_P256,
    ) -> resources.Key:
        """Make a key on the token."""
        request = keys.GenerateKeyRequest(
            key_id=name, token="tokens/t", key_type=key_type, purpose=purpose
        )
        made = self.by(FOUNDER).done("KeyService/GenerateKey", request)
        assert isinstance(made, resources.Key)
        return made

    def disable(self, key: str) -> None:
        """Stop a key from signing."""
        request = keys.DisableKeyRequest(name=f"keys/{key}")
        self.by(FOUNDER).done("KeyService/DisableKey", request)

    def policy(self, key: str, policy: resources.KeyPolicy) -> None:
        """Replace a key's policy."""
        request = keys.SetKeyPolicyRequest(name=f"keys/{key}", policy=policy)
        self.by(FOUNDER).done("KeyService/SetKeyPolicy", request)

    def last(self) -> int:
        """Return the number of the newest record in the audit."""
        status = self.by(FOUNDER).done("AuditService/GetAuditStatus", audit.GetAuditStatusRequest())
        return int(status.last)

    def records(self, after: int = 0, **wanted: Any) -> list[audit.AuditRecord]:
        """Return the records behind a number in which columns have these values, from the file."""
        return [
            audit.AuditRecord(number=row["number"], json=row["body"].decode(), **_shown(row))
            for row in self.rows("select * from audit_records where number > ?", after)
            if all(row[name] == value for name, value in wanted.items())
        ]

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Read the daemon's database."""
        file = self.daemon.folder / "state" / "signetd.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def state(self) -> dict[str, object]:
        """Return all that an act could have changed: the tables but for the audit, the token."""
        tables = [row["name"] for row in self.rows("select name from sqlite_master")]
        kept = [name for name in tables if not name.startswith(("ix_", "sqlite_"))]
        found: dict[str, object] = {
            name: sorted(tuple(row) for row in self.rows(f"select * from {name}"))  # noqa: S608
            for name in kept
            if name not in _UNRECORDED
        }
        return found | {name: self.daemon.count(name) for name in _TOKEN_CALLS}


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    names = ("identity", "operation", "resource", "result", "kind")
    return {name: row[name] for name in names} | {"allowed": bool(row["allowed"])}


@contextmanager
def scene(*sockets: str) -> Iterator[Scene]:
    """Give a scene whose daemon ends with it; it is still to be started."""
    with TemporaryDirectory(prefix="attack-") as name:
        daemon = Running(Path(name))
        try:
            yield Scene(daemon, sockets)
        finally:
            daemon.kill()
