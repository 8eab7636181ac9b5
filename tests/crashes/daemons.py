"""Daemons that are killed: their configuration, their people, their start after a kill."""

import os
import signal
import time
from pathlib import Path
from typing import Final

import grpc

from signetd.api.v1 import key_service_pb2 as messages
from signetd.api.v1 import key_service_pb2_grpc as stubs
from signetd.api.v1 import resources_pb2 as resources
from signetd.client import Client, Endpoint, GrantItem, IdentityItem
from tests.chaos import processes
from tests.crashes import goods
from tests.integration.daemon.running import Running

EVERYBODY, GRANTED, APPROVER, AUDITOR = "all", "granted", "approver", "auditor"
"""Who manages and uses all keys; who has grants with limits only; the others as they are named."""
APPROVERS: Final = "approvers"
_STARTS_WITHIN: Final = 120.0
_OTHERS: Final = (GRANTED, APPROVER, AUDITOR)
_LISTENER: Final = '[[listener]]\nunix = "{0}"\nidentity = "{0}"\n'


class CrashingDaemon(Running):
    """A daemon with an audit key, and an identity for each part that somebody plays."""

    def __init__(self, folder: Path, *, name: str = "signetd", database: str = "") -> None:
        super().__init__(folder)
        self.name = name
        self._more = (
            f'name = "{name}"\n{database}\n[audit]\nkey = "{goods.AUDIT}"\n'
            "checkpoint_records = 200\n"
        )
        self.pids: list[int] = []

    def launch(self) -> None:
        """Write the configuration, and start for the first time."""
        others = "".join(_LISTENER.format(name) for name in _OTHERS)
        self.start(drain=2.0, database=self._more, listener=others, token="workers = 2")
        self._note()

    def join(self) -> None:
        """Start for the first time on a database in which another daemon has set all up."""
        self._established = True
        self.launch()

    def await_ready(self) -> None:
        """Wait until it answers, as a client would; fail if it ends instead."""
        end = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            assert self.running, (
                f"{self.name} did not start again after a crash; look at its log:\n{self.log}"
            )
            assert time.monotonic() < end, (
                f"{self.name} was not ready within {_STARTS_WITHIN:g} s:\n{self.log}"
            )
            time.sleep(0.02)

    def spawn(self) -> None:
        """Start it; nothing is waited for."""
        super().spawn()
        self._note()

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def end(self) -> None:
        """Stop it in order."""
        self.signal(signal.SIGTERM)
        self.wait(30.0)

    def client_of(self, identity: str, timeout: float = 10.0) -> Client:
        """Connect as somebody."""
        name = "socket" if identity == EVERYBODY else identity
        return Client(Endpoint(f"unix:{self.folder / name}"), timeout=timeout)

    def socket_of(self, identity: str) -> Path:
        """Where somebody connects."""
        return self.folder / ("socket" if identity == EVERYBODY else identity)

    def orphans(self) -> int:
        """How many workers its processes have left behind."""
        return sum(len(processes.orphans(pid)) for pid in set(self.pids))

    def _answers(self) -> bool:
        with grpc.insecure_channel(self.endpoint) as channel:
            try:
                stubs.KeyServiceStub(channel).ListKeys(messages.ListKeysRequest(), timeout=2)
            except grpc.RpcError:
                return False
        return True

    def _note(self) -> None:
        assert self.process is not None
        self.pids.append(self.process.pid)


def establish(daemon: CrashingDaemon) -> None:
    """Make the people and the keys that a run has from its beginning."""
    with daemon.client_of(EVERYBODY) as client:
        for name, role in ((GRANTED, "signer"), (APPROVER, "signer"), (AUDITOR, "auditor")):
            client.create_identity(IdentityItem(name=name, roles=(role,), credential="socket"))
        client.set_group(APPROVERS, [APPROVER])
    with grpc.insecure_channel(daemon.endpoint) as channel:
        make_key(channel, goods.PLAIN)
        make_key(channel, goods.AUDIT, purpose=resources.KEY_PURPOSE_AUDIT)
        make_key(channel, goods.MINUTE, per_minute=goods.MINUTE_USES)
        make_key(channel, goods.APPROVED, approvals=1)


def make_key(
    channel: grpc.Channel,
    name: str,
    *,
    purpose: resources.KeyPurpose.ValueType = resources.KEY_PURPOSE_SIGNING,
    in_all: int = 0,
    per_minute: int = 0,
    approvals: int = 0,
) -> None:
    """Make a key with the limits that are not 0. Raises grpc.RpcError."""
    service = stubs.KeyServiceStub(channel)
    kind = resources.KEY_TYPE_EC_P256
    request = messages.GenerateKeyRequest(
        key_id=name, token="tokens/t", key_type=kind, purpose=purpose
    )
    service.GenerateKey(request, timeout=20)
    policy = resources.KeyPolicy()
    for count, period in (
        (in_all, resources.LIMIT_PERIOD_EVER),
        (per_minute, resources.LIMIT_PERIOD_MINUTE),
    ):
        if count:
            policy.limits.add(count=count, period=period)
    if approvals:
        policy.approval.CopyFrom(
            resources.ApprovalRule(count=approvals, group=f"groups/{APPROVERS}")
        )
    if policy.ByteSize():
        change = messages.SetKeyPolicyRequest(name=f"keys/{name}", policy=policy)
        service.SetKeyPolicy(change, timeout=20)


def limited_grant() -> GrantItem:
    """A grant by which GRANT_USES signatures may be made."""
    return GrantItem(
        subject=GRANTED, keys=goods.PLAIN, operations=("sign",), in_all=goods.GRANT_USES
    )


def share_token(first: Path, second: Path) -> None:
    """Have a second daemon use the token of the first one, and know the PINs that it refused."""
    (second / "state").mkdir(mode=0o700)
    guard = (first / "state" / "pin-guard.key").read_bytes()
    copy = os.open(second / "state" / "pin-guard.key", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(copy, "wb") as file:
        file.write(guard)
    (second / "token").symlink_to(first / "token")
