"""A token to examine, and signetctl as its administrator runs it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
Done = subprocess.CompletedProcess[str]


@dataclass
class Examined:
    """A module, what it needs, and the files with its token's PINs."""

    module: Path
    environment: dict[str, str]
    user_pin_file: Path
    so_pin_file: Path
    options: list[str] = field(default_factory=list)

    def run(self, command: str, *arguments: str, **how: Any) -> Done:
        """Run ``signetctl token COMMAND`` on the module."""
        variables = [f"--env={name}={value}" for name, value in self.environment.items()]
        line = [str(BIN / "signetctl"), "token", command, "--module", str(self.module)]
        defaults: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 100}
        return subprocess.run([*line, *variables, *self.options, *arguments], **(defaults | how))

    def probe(self, *arguments: str, pin: bool = True) -> dict[str, Any]:
        """Examine the token; the report must be whole."""
        report = self.report(*arguments, pin=pin)
        assert report["complete"], report
        return report

    def report(self, *arguments: str, pin: bool = True) -> dict[str, Any]:
        """Examine the token, and return what there is of a report."""
        given = ["--pin-file", str(self.user_pin_file)] if pin else []
        done = self.run("probe", "--json", "--seconds", "0.01", *given, *arguments)
        self.keeps_pins(done)
        found: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode == 0) == found["complete"], done.stderr
        return found

    def keeps_pins(self, done: Done) -> None:
        """No PIN is in what a command printed."""
        for file in (self.user_pin_file, self.so_pin_file):
            assert file.read_text().strip() not in done.stdout + done.stderr
