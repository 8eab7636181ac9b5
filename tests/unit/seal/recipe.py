"""Runs the recipe that checks seals and stamps with the openssl command alone."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.vectors.seals.loading import FOLDER

LINES: Final = {
    "SEAL_SIGNATURE": "seal signature",
    "STAMP_SIGNATURE": "stamp signature",
    "SIGNER_IN_SEAL": "signer in the seal",
    "DOCUMENT_DIGEST": "document digest",
}
"""What the recipe looks at, by the manifest's names of checks."""


@dataclass(frozen=True)
class Said:
    """What the recipe has said: the exit code, and what of each thing it looked at."""

    code: int
    lines: dict[str, str]
    errors: str

    @property
    def bad(self) -> set[str]:
        return {name for name, verdict in self.lines.items() if verdict != "good"}


def run(kind: str, path: Path, original: bytes, folder: Path) -> Said:
    """Check the seal or stamp at *path*; *folder* is for the document."""
    arguments = [kind, str(path)]
    if kind == "stamp":
        document = folder / "original"
        document.write_bytes(original)
        arguments.append(str(document))
    done = subprocess.run(
        ["bash", str(FOLDER / "recipe.sh"), *arguments], capture_output=True, timeout=60
    )
    printed = done.stdout.decode().splitlines()
    lines = dict(line.rsplit(": ", 1) for line in printed)
    return Said(done.returncode, lines, done.stderr.decode(errors="replace"))
