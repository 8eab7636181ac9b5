"""Any token behind the fault module: breaks on command, and tells which functions were called."""

from pathlib import Path

import msgspec

from signetd.softhsm import build_module, set_faults
from tests.contract.subject import Subject


class Faulty:
    """The settings of a token, with the fault module before its own."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        self._rules = folder / "faults"
        self._log = folder / "calls"
        variables = {
            "SIGNETD_FAULT_MODULE": subject.settings.module,
            "SIGNETD_FAULT_FILE": str(self._rules),
            "SIGNETD_FAULT_LOG": str(self._log),
        }
        self.settings = msgspec.structs.replace(
            subject.settings,
            module=str(build_module("fault", install=True)),
            environment=subject.settings.environment | variables,
        )

    def faults(self, *rules: str) -> None:
        """Break calls from now on as *rules* say; without any, break none."""
        set_faults(self._rules, *rules)

    def count(self, function: str) -> int:
        """How often a function was called."""
        return self._words().count(function)

    def refused_logins(self) -> list[str]:
        """What the token itself answered to each login that it did not accept."""
        return [word for word in self._words() if word.startswith("C_Login=")]

    def _words(self) -> list[str]:
        return self._log.read_text().split() if self._log.exists() else []
