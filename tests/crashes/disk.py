"""A run in which the disk is full again and again, under load."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from signetd.client import SignetdError, SignItem
from tests.crashes import goods
from tests.crashes.caller import Caller
from tests.crashes.clusters import Cluster
from tests.crashes.daemons import AUDITOR, EVERYBODY, CrashingDaemon, establish
from tests.crashes.fillings import ROOM, Filling
from tests.crashes.goods import Goods
from tests.crashes.load import Load
from tests.crashes.record import Record
from tests.crashes.run import Crashed, Run, await_signatures, judged

_FULL_WITHIN: Final = 60.0
_UNDER_WAY: Final = 0.5  # seconds in which replies that were written before come in
_LOADED: Final = (0.2, 2.0)
_FULL: Final = (0.5, 2.0)
_KILLED: Final = 1 / 3
"""How often the daemon is killed besides, before there is space again."""
_POLL: Final = 0.05


def run(
    filling: Callable[[Path], AbstractContextManager[Filling]],
    *,
    rounds: int,
    seed: int,
    say: Callable[[str], None] = print,
) -> Run:
    """Let the disk be full so many times; then prove that nothing was bent by it."""
    random, record, stock = Random(seed), Record(), Goods()
    with _on(filling) as (daemon, disk):
        cluster = Cluster([daemon], [])
        load = Load(daemon, record, stock, random.randrange(2**32))
        load.start()
        try:
            crashes = []
            for _ in range(rounds):
                await_signatures(cluster, record)
                time.sleep(random.uniform(*_LOADED))
                crashes.append(_round(cluster, disk, record, random))
                say(f"{crashes[-1].name:24} back after {crashes[-1].back:5.2f} s")
        finally:
            load.stop()
        return judged(seed, cluster, record, stock, crashes)


@contextmanager
def _on(
    filling: Callable[[Path], AbstractContextManager[Filling]],
) -> Iterator[tuple[CrashingDaemon, Filling]]:
    with tempfile.TemporaryDirectory(prefix="signetd-") as name:
        daemon = CrashingDaemon(Path(name))
        with filling(daemon.folder / "state") as disk:
            try:
                daemon.launch()
                establish(daemon)
                yield daemon, disk
            finally:
                daemon.kill()


def _round(cluster: Cluster, disk: Filling, record: Record, random: Random) -> Crashed:
    daemon = cluster.daemons[0]
    killed = random.random() < _KILLED
    disk.fill(daemon, ROOM)
    try:
        _while_full(daemon, disk, record, random)
        if killed:
            daemon.kill()
    finally:
        disk.free(daemon)
    began = time.monotonic()
    if killed:
        daemon.spawn()
    await_signatures(cluster, record)
    back = time.monotonic() - began
    record.odd += problems_afterwards(daemon)
    return Crashed("disk full, daemon killed" if killed else "disk full", back)


def _while_full(daemon: CrashingDaemon, disk: Filling, record: Record, random: Random) -> None:
    await_failure(daemon)
    disk.fill(daemon, 0)  # what a transaction that failed has given back
    time.sleep(_UNDER_WAY)
    before = record.counts[daemon.name]
    record.odd += problems_while_full(daemon)
    time.sleep(random.uniform(*_FULL))
    if record.counts[daemon.name] != before:
        record.add_odd("something was signed while nothing could be written")


def await_failure(daemon: CrashingDaemon) -> None:
    """Wait until the daemon says why the audit cannot be written."""
    end = time.monotonic() + _FULL_WITHIN
    while not _failure(daemon):
        assert time.monotonic() < end, (
            f"the disk is full, and {daemon.name} says after {_FULL_WITHIN:g} s that it can write"
        )
        time.sleep(_POLL)


def problems_while_full(daemon: CrashingDaemon) -> list[str]:
    """What a daemon that cannot write says otherwise than it must."""
    found = []
    told = _refusal(daemon)
    if told != ("AUDIT_UNAVAILABLE", True):
        found.append(f"a signature on a full disk ends with {told}")
    if not _failure(daemon):
        found.append("GetAuditStatus.failure is empty while the disk is full")
    if _health(daemon) != health_pb2.HealthCheckResponse.NOT_SERVING:
        found.append("health is not NOT_SERVING while the disk is full")
    if not daemon.running:
        found.append("the daemon has ended because the disk was full")
    return found


def problems_afterwards(daemon: CrashingDaemon) -> list[str]:
    """What a daemon that can write again says otherwise than it must."""
    found = []
    if failure := _failure(daemon):
        found.append(f"GetAuditStatus.failure still says {failure!r}")
    if _health(daemon) != health_pb2.HealthCheckResponse.SERVING:
        found.append("health is not SERVING once the disk has space")
    return found


def _failure(daemon: CrashingDaemon) -> str:
    with daemon.client_of(AUDITOR) as client:
        return client.audit.status().failure


def _health(daemon: CrashingDaemon) -> int:
    with grpc.insecure_channel(daemon.endpoint) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its types know no methods
        return int(stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status)


def _refusal(daemon: CrashingDaemon) -> tuple[str, bool]:
    caller = Caller(daemon.socket_of(EVERYBODY))
    try:
        caller.sign(SignItem(key=goods.PLAIN, message=b"on a full disk"))
    except SignetdError as error:
        return error.reason, error.retryable
    finally:
        caller.close()
    return "a signature", False
