"""What is killed in a run: one daemon with SQLite, or two and the PostgreSQL server they share."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.crashes.daemons import CrashingDaemon, establish, share_token
from tests.postgres import SUPERUSER, PostgresServer, running_server

_WHILE_STARTING: Final = (0.05, 2.0)
_DOWN: Final = (0.0, 1.5)


@dataclass(frozen=True)
class Crash:
    """One kind of crash; what it did is undone when it returns, but nothing is waited for."""

    name: str
    happen: Callable[[Random], None]


@dataclass(frozen=True)
class Cluster:
    """Daemons that run, and what may befall them."""

    daemons: list[CrashingDaemon]
    crashes: list[Crash]


@contextmanager
def sqlite() -> Iterator[Cluster]:
    """One daemon, whose state is in a file of its own."""
    with ExitStack() as stack:
        daemon = _daemon(stack, "signetd", "")
        daemon.launch()
        establish(daemon)
        kill = Crash("daemon killed", lambda random: _kill(daemon))
        # More often the first: it is the one that has requests under way.
        yield Cluster([daemon], [kill, kill, kill, _twice(daemon)])


@contextmanager
def postgres() -> Iterator[Cluster]:
    """Two daemons that share a database, which is on the disk, and a token."""
    with ExitStack() as stack:
        server = stack.enter_context(running_server(durable=True))
        database = _database(server, server.create())
        first = _daemon(stack, "seal-1", database)
        first.launch()
        establish(first)
        second = _daemon(stack, "seal-2", database)
        share_token(first.folder, second.folder)
        second.join()
        yield Cluster([first, second], _shared_crashes(server, [first, second]))


def _shared_crashes(server: PostgresServer, daemons: list[CrashingDaemon]) -> list[Crash]:
    def one(random: Random) -> None:
        _kill(random.choice(daemons))

    def crash_server(random: Random) -> None:
        server.stop(signal.SIGQUIT)
        time.sleep(random.uniform(*_DOWN))
        server.start()

    def both(random: Random) -> None:
        server.stop(signal.SIGQUIT)
        server.start()
        _kill(random.choice(daemons))

    return [
        Crash("a daemon killed", one),
        Crash("server crashed", crash_server),
        Crash("a daemon killed", one),
        Crash("server crashed", crash_server),
        Crash("server crashed, then a daemon killed", both),
    ]


def _kill(daemon: CrashingDaemon) -> None:
    daemon.kill()
    daemon.spawn()


def _twice(daemon: CrashingDaemon) -> Crash:
    def happen(random: Random) -> None:
        _kill(daemon)
        time.sleep(random.uniform(*_WHILE_STARTING))
        _kill(daemon)

    return Crash("daemon killed, and again while it starts", happen)


def _database(server: PostgresServer, name: str) -> str:
    return f'[database]\nurl = "postgresql://{SUPERUSER}@/{name}?host={server.folder}"'


def _daemon(stack: ExitStack, name: str, database: str) -> CrashingDaemon:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="signetd-"))
    daemon = CrashingDaemon(Path(folder), name=name, database=database)
    stack.callback(daemon.kill)
    return daemon
