"""What is made: each file with what it shows and what a verifier must say."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.vectors.seals.generator import times
from tests.vectors.seals.generator.stamps import DOCUMENT

RULES: Final = ("gbt38540", "gmt0031")
GOOD: Final = {"verdict": "good"}
FORMAT: Final = "FORMAT"
SEAL_SIGNATURE: Final = "SEAL_SIGNATURE"
MAKER_CERTIFICATE: Final = "MAKER_CERTIFICATE"
SEAL_CREATE_TIME: Final = "SEAL_CREATE_TIME"
SEAL_VALIDITY: Final = "SEAL_VALIDITY"
SEAL_TIME_STAMP: Final = "SEAL_TIME_STAMP"
STAMP_SIGNATURE: Final = "STAMP_SIGNATURE"
SIGNER_LISTED: Final = "SIGNER_LISTED"
SIGNER_CERTIFICATE: Final = "SIGNER_CERTIFICATE"
DOCUMENT_DIGEST: Final = "DOCUMENT_DIGEST"
STAMP_TIME_STAMP: Final = "STAMP_TIME_STAMP"
SEAL, STAMP = "seal", "stamp"


def bad(check: str = "") -> dict[str, str]:
    """It is rejected, for *check*; without one the place where it is noticed is open."""
    return {"verdict": "bad"} | ({"check": check} if check else {})


def notice(check: str) -> dict[str, str]:
    """It holds; *check* says something that somebody should know."""
    return {"verdict": "good", "notice": check}


Expected = dict[str, dict[str, str] | None]
"""By rule book; None where it says nothing, and the verifier has to decide."""


def both(expected: dict[str, str]) -> Expected:
    """What both rule books say."""
    return dict.fromkeys(RULES, expected)


@dataclass(frozen=True)
class Page:
    """A fixture. *fields* is what a reader finds; empty for what cannot be read."""

    name: str
    kind: str
    format: int
    data: bytes
    shows: str
    expected: Expected = field(default_factory=lambda: both(GOOD))
    fields: dict[str, Any] = field(default_factory=dict)
    at: datetime = times.NOW

    @property
    def file(self) -> str:
        said = {each["verdict"] for each in self.expected.values() if each}
        folder = "bad" if "bad" in said else "good" if said else "open"
        return f"{folder}/{self.name}.{'esl' if self.kind == SEAL else 'dat'}"

    def told(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        return {
            "name": self.name,
            "file": self.file,
            "kind": self.kind,
            "format": self.format,
            "shows": self.shows,
            "document": DOCUMENT if self.kind == STAMP else None,
            "at": self.at.isoformat(),
            "expected": self.expected,
            "fields": self.fields,
        }


def write(pages: list[Page], folder: Path) -> None:
    """Write the files and the manifest. Nothing in the manifest depends on keys or chance."""
    names = [page.name for page in pages]
    if len(names) != len(set(names)):
        raise ValueError("two fixtures have the same name")
    for page in pages:
        path = folder / page.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page.data)
    told = [page.told() for page in pages]
    encoded = json.dumps({"cases": told}, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(encoded + "\n", encoding="utf-8")
