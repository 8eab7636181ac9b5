"""The token by itself: a loop of C_Sign in C, in as many processes as a daemon has workers."""

import subprocess
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Final

from benchmarks.bench import tokens
from benchmarks.bench.algorithms import Algorithm
from benchmarks.bench.tokens import LABEL, Token
from signetd.softhsm import ensure_build_tools

_SOURCE: Final = Path(__file__).with_name("rawloop.c")
_FLAGS: Final = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror")
_MORE_SECONDS: Final = 60


class RawLoop:
    """The compiled loop, and the token that it signs with."""

    def __init__(self, folder: Path, token: Token) -> None:
        self._token = token
        self._program = str(_compile(folder))

    def rate(self, algorithm: Algorithm, processes: int, seconds: float) -> float:
        """Return how many signatures so many processes make in a second together."""
        command = [
            *(self._program, "sign", self._token.module, LABEL, algorithm.key),
            *(hex(algorithm.mechanism), algorithm.data.hex(), str(seconds)),
        ]
        with ExitStack() as running:
            # One after the other: SoftHSM loses tokens while another process logs in.
            loops = [self._begin(command, running) for _ in range(processes)]
            for loop in loops:
                _say(loop, "go")
            lines = [loop.communicate(timeout=seconds + _MORE_SECONDS)[0] for loop in loops]
        if any(loop.returncode for loop in loops):
            raise RuntimeError("the raw loop failed; its message is above")
        return sum(rate_of(line) for line in lines)

    def fill(self, token: Token, keys: int) -> None:
        """Make so many P-256 key pairs on a token, labelled key-0, key-1 and so on.

        Nobody else should have the token open. The daemon would take minutes for some hundreds: it
        looks at all that are there before it makes one more.
        """
        tokens.run([self._program, "fill", token.module, LABEL, str(keys)], token)

    def opening(self, token: Token) -> tuple[int, float]:
        """Return how many private keys a token has, and the seconds to find them all."""
        command = [self._program, "open", token.module, LABEL]
        count, seconds = tokens.run(command, token).split()
        return int(count), float(seconds)

    def _begin(self, command: list[str], running: ExitStack) -> subprocess.Popen[str]:
        loop = subprocess.Popen(
            command,
            env=self._token.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.enter_context(loop)  # closes its pipes, and waits for its end
        running.callback(loop.kill)  # comes before that
        _say(loop, self._token.pin)
        if loop.stdout is None or loop.stdout.readline() != "ready\n":
            raise RuntimeError("the raw loop did not begin; its message is above")
        return loop


def rate_of(line: str) -> float:
    """Read the rate from a loop's line: how many signatures, and in how many seconds."""
    count, seconds = line.split()
    return int(count) / float(seconds)


def _say(loop: subprocess.Popen[str], line: str) -> None:
    if loop.stdin is None:
        raise RuntimeError("the raw loop has no input")
    print(line, file=loop.stdin, flush=True)


def _compile(folder: Path) -> Path:
    """Compile the loop with the header of the test modules. Raises BuildError without compiler."""
    includes, target = ensure_build_tools(install=True), folder / "rawloop"
    with resources.as_file(resources.files("signetd.softhsm") / "modules") as headers:
        command = ["cc", *_FLAGS, *includes, f"-I{headers}", "-o", str(target), str(_SOURCE)]
        subprocess.run([*command, "-ldl"], check=True, timeout=_MORE_SECONDS)
    return target
