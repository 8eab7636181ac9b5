"""Runs the doctor of the drivers in a process of its own: a vendor's module crashes only that.

signetctl imports no driver. A PIN goes to the process's standard input and nowhere else.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Final

_MODULE: Final = "signetd.drivers.doctor"
_NEEDED: Final = ("pkcs11", "msgspec", "signetd.drivers")
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "PYTHONPATH", "XDG_CACHE_HOME")
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
    """Have the doctor serve *request*; it is killed after *seconds*. *pins* are never shown."""
    lacking = missing()
    if lacking:
        text = f"the package {lacking} is missing; run  pip install 'signetd[daemon]'"
        return Answer(error={"reason": "NOT_INSTALLED", "message": text})
    process = _start(environment)
    try:
        out, errors, timed_out = _talk(process, json.dumps(request).encode(), seconds)
    finally:
        _kill(process)
    answer = _read(out.decode(errors="replace"), _without(errors, pins))
    if not answer.is_complete and answer.error is None:
        answer.error = _ended(answer, process.returncode, seconds if timed_out else None)
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
) -> tuple[bytes, bytes, bool]:
    """Send the request; return output, errors, and whether the time was over first."""
    try:
        return *process.communicate(request, timeout=seconds), False
    except subprocess.TimeoutExpired:
        _kill(process)
    try:
        return *process.communicate(timeout=_LAST_WORDS_SECONDS), True
    except subprocess.TimeoutExpired as late:  # a helper of the module's holds the pipe open
        return late.output or b"", late.stderr or b"", True


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):  # neither it nor a helper of the module's is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _without(data: bytes, pins: list[str]) -> str:
    text = data.decode(errors="replace")
    for pin in filter(None, pins):
        text = text.replace(pin, _HIDDEN)
    return text


def _read(out: str, errors: str) -> Answer:
    answer = Answer(printed=errors.splitlines()[-_SHOWN_LINES:])
    for line in out.splitlines():
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
        text = f"nothing came for {seconds:g} seconds, while {where}; it was ended"
        return {"reason": "TOKEN_TIMEOUT", "message": f"the module hangs, or is slow: {text}"}
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    text = f"the module ended the doctor's process ({how}) while {where}"
    return {"reason": "WORKER_LOST", "message": text}
