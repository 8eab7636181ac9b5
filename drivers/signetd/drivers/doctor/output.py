"""The doctor's answers: lines of JSON on what was standard output before the module was loaded."""

import os
import sys
from typing import BinaryIO

import msgspec

from signetd.drivers.doctor.messages import Doing, Done, Failed, Section


class Output:
    """Writes the lines. What the module prints goes to standard error."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def take_over(cls) -> "Output":
        """Keep standard output for the lines alone; a module may print there too."""
        ours = os.dup(sys.stdout.fileno())
        os.set_inheritable(ours, False)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return cls(os.fdopen(ours, "wb", buffering=0))

    def _write(self, line: Doing | Section | Failed | Done) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")

    def doing(self, text: str) -> None:
        """Say what is begun now."""
        self._write(Doing(text))

    def section(self, name: str, value: object) -> None:
        """Give a part of the report."""
        self._write(Section(name, value))

    def failed(self, reason: str, message: str, ckr: str = "") -> None:
        """Say why the rest is missing."""
        self._write(Failed(reason, message, ckr))

    def done(self) -> None:
        """Say that this was all."""
        self._write(Done())
