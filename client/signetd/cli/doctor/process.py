"""Runs the doctor of the drivers in a process of its own: a vendor's module crashes only that.

signetctl imports no driver. A PIN goes to the process's standard input and nowhere else.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any, Final

_MODULE: Final = "signetd.drivers.doctor"
_NEEDED: Final = ("pkcs11", "msgspec", "signetd.drivers")
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "PYTHONPATH", "XDG_CACHE_HOME")
_LOOK_SECONDS: Final = 0.05
_LAST_WORDS_SECONDS: Final = 1.0
_SHOWN_LINES: Final = 20
_HIDDEN: Final = "[PIN]"


@dataclass
class Answer:
    """What the doctor found: sections by name, the error that ended it, what the module printed."""

    sections: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None
    doing: str = ""
    is_complete: bool = False
    printed: list[str] = field(default_factory=list)


def missing() -> str:
    """Name the package that the doctor lacks; "" if there is none."""
    return next((name for name in _NEEDED if find_spec(name) is None), "")


def run(
    request: Mapping[str, Any], environment: Mapping[str, str], seconds: float, pins: list[str]
) -> Answer:
    """Have the doctor serve *request*; *pins* are never shown.

    It is killed when it does not get on for *seconds*.
    """
    lacking = missing()
    if lacking:
        text = f"the package {lacking} is missing; run  pip install 'signetd[daemon]'"
        return Answer(error={"reason": "NOT_INSTALLED", "message": text})
    process = _start(environment)
    try:
        out, errors, is_stuck = _talk(process, json.dumps(request).encode(), seconds)
    finally:
        _kill(process)
    answer = _read(out, _without(errors, pins))
    if not answer.is_complete and answer.error is None:
        answer.error = _ended(answer, process.returncode, seconds if is_stuck else None)
    return answer


def _start(environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    passed = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    return subprocess.Popen(  # noqa: S603  # this interpreter, a module of ours
        [sys.executable, "-P", "-m", _MODULE, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=passed | dict(environment),
        start_new_session=True,
    )


def _talk(
    process: "subprocess.Popen[bytes]", request: bytes, seconds: float
) -> tuple[list[bytes], list[bytes], bool]:
    """Send the request; return the lines of output and errors, and whether it got stuck."""
    arriving: Queue[bytes] = Queue()
    errors: deque[bytes] = deque(maxlen=_SHOWN_LINES)
    readers = [_reader(process.stdout, arriving.put), _reader(process.stderr, errors.append)]
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin:  # it has ended already
            process.stdin.write(request)
    lines: list[bytes] = []
    last = time.monotonic()
    while is_waiting := time.monotonic() - last < seconds:
        try:
            lines.append(arriving.get(timeout=_LOOK_SECONDS))
            last = time.monotonic()
        except Empty:
            if _has_ended(process):
                break
    _kill(process)
    for reader in readers:  # a helper of the module's may hold a pipe open
        reader.join(_LAST_WORDS_SECONDS)
    while not arriving.empty():
        lines.append(arriving.get())
    return lines, list(errors), not is_waiting


def _reader(pipe: IO[bytes] | None, take: Callable[[bytes], None]) -> Thread:
    def read() -> None:
        for line in pipe or ():
            take(line)

    thread = Thread(target=read, daemon=True)
    thread.start()
    return thread


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Tell whether it has ended, and leave it unreaped: its group can then be no other one."""
    found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return found is not None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End it, if it has not ended, with what the module started beside it."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _without(lines: list[bytes], pins: list[str]) -> list[str]:
    texts = [line.decode(errors="replace").rstrip() for line in lines]
    for pin in filter(None, pins):
        texts = [text.replace(pin, _HIDDEN) for text in texts]
    return texts


def _read(out: list[bytes], errors: list[str]) -> Answer:
    answer = Answer(printed=errors)
    for line in out:
        try:
            found = json.loads(line)
        except ValueError:  # cut short by the process's end
            continue
        match found.get("type"):
            case "Doing":
                answer.doing = found["text"]
            case "Section":
                answer.sections[found["name"]] = found["value"]
            case "Failed":
                answer.error = {k: v for k, v in found.items() if k != "type" and v}
            case "Done":
                answer.is_complete = True
    return answer


def _ended(answer: Answer, code: int, seconds: float | None) -> dict[str, str]:
    where = answer.doing or "starting"
    if seconds is not None:
        text = f"it did not get on for {seconds:g} seconds, while {where}, and was ended"
        return {"reason": "TOKEN_TIMEOUT", "message": f"the module hangs, or is slow: {text}"}
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    text = f"the module ended the doctor's process ({how}) while {where}"
    return {"reason": "WORKER_LOST", "message": text}
