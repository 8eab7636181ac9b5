"""How long a daemon takes to start with many keys, what it takes while it is idle, and the command.

The token's own time is that of a C program which initialises the library, logs in, finds all the
private keys and reads five attributes of each.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.bench import tokens
from benchmarks.bench.algorithms import ALGORITHMS
from benchmarks.bench.daemon import TOKEN, Signetd
from benchmarks.bench.raw import RawLoop
from benchmarks.bench.usage import Memory, Usage
from signetd.client import Client, Endpoint, SignetdError

_P256: Final = next(each for each in ALGORITHMS if each.key_type == "EC_P256")
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a folder in it is made, which is ours alone
_WORKERS: Final = 2
_SETTLE_SECONDS: Final = 1.0
_LIMIT: Final = 60.0
_POLL: Final = 0.01
_HELP_SECONDS: Final = 60


@dataclass
class Start:
    """Seconds of each round, and the memory of an idle daemon."""

    keys: int
    ready: list[float] = field(default_factory=list)  # until the daemon says so
    signed: list[float] = field(default_factory=list)  # until the first signature
    token: list[float] = field(default_factory=list)  # the token alone
    command: list[float] = field(default_factory=list)  # signetctl --help
    used: list[Usage] = field(default_factory=list)  # processor time until it was ready
    memory: list[Memory] = field(default_factory=list)

    @property
    def besides(self) -> float:
        """The daemon's part of the time until it is ready: the median of the rounds."""
        return median(ready - own for ready, own in zip(self.ready, self.token, strict=True))

    @property
    def server_mebibytes(self) -> float:
        """Memory of the daemon's own process."""
        return median(each.server for each in self.memory)

    @property
    def worker_mebibytes(self) -> float:
        """Memory of the largest of its workers."""
        return median(max(each.workers) for each in self.memory)


def run(folder: Path, keys: int, rounds: int, say: Callable[[str], None]) -> Start:
    """Make a token with so many keys in *folder*, and start a daemon on it in each round."""
    found = Start(keys)
    with ExitStack() as running:
        daemon = Signetd(folder / "start", _WORKERS)
        running.callback(daemon.kill)
        daemon.launch()
        daemon.stop()
        say(f"{keys} keys …")
        token = tokens.make(daemon.folder / "token")
        raw = RawLoop(folder, token)
        _fill(token, raw, keys)
        _enrol(daemon)
        for number in range(rounds):
            say(f"start {number + 1} of {rounds} …")
            _round(daemon, raw, token, found)
    return found


def _fill(token: tokens.Token, raw: RawLoop, keys: int) -> None:
    """Make keys in memory where there is some: SoftHSM waits for the disk many times for each."""
    folder = token.made.user_pin_file.parent
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        copy = tokens.copy(folder, Path(name, "token"))
        raw.fill(copy, keys)
        shutil.copytree(Path(name, "token", "tokens"), folder / "tokens", dirs_exist_ok=True)


def _enrol(daemon: Signetd) -> None:
    """Register the key that signs; the others are on the token alone."""
    daemon.launch()
    with daemon.client() as client:
        client.enrol_key("key-0", token=TOKEN, label="key-0", algorithm=_P256.algorithm)
    daemon.stop()


def _round(daemon: Signetd, raw: RawLoop, token: tokens.Token, found: Start) -> None:
    there, seconds = raw.opening(token)
    if there != found.keys:
        raise RuntimeError(f"there are {there} private keys on the token, not {found.keys}")
    found.token.append(seconds)
    _start(daemon, found)
    time.sleep(_SETTLE_SECONDS)
    found.memory.append(daemon.memory())
    daemon.stop()
    found.command.append(help_seconds())


def _start(daemon: Signetd, found: Start) -> None:
    """Start a daemon, and note how long it takes until it is ready, and until it has signed."""
    daemon.take_failed_items()  # empties its log
    began = time.monotonic()
    daemon.spawn()
    while '"event": "ready"' not in daemon.log:
        if time.monotonic() - began > _LIMIT:
            raise TimeoutError(f"the daemon was not ready within {_LIMIT:g} s:\n{daemon.log}")
        time.sleep(_POLL)
    found.ready.append(time.monotonic() - began)
    found.used.append(daemon.usage())
    _sign(daemon)
    found.signed.append(time.monotonic() - began)


def _sign(daemon: Signetd) -> None:
    item = _P256.item("key-0")
    end = time.monotonic() + _LIMIT
    with Client(Endpoint(daemon.endpoint)) as client:
        while True:
            try:
                client.sign(item)
            except SignetdError:
                if time.monotonic() > end:
                    raise
                time.sleep(_POLL)
            else:
                return


def help_seconds() -> float:
    """Return how long ``signetctl --help`` takes."""
    command = [sys.executable, "-m", "signetd.cli", "--help"]
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=_HELP_SECONDS)
    return time.monotonic() - began
