"""What is made: each file with what it shows and what a verifier must say."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.vectors.seals.generator import times
from tests.vectors.seals.generator.stamps import DOCUMENT

RULES: Final = ("gbt38540", "gmt0031")
Verdict = dict[str, str | bool]
GOOD: Final[Verdict] = {"verdict": "good"}
FORMAT: Final = "FORMAT"
SEAL_SIGNATURE: Final = "SEAL_SIGNATURE"
CREATE_TIME: Final = "CREATE_TIME"
MAKER_CERTIFICATE: Final = "MAKER_CERTIFICATE"
MAKER_KEY_USAGE: Final = "MAKER_KEY_USAGE"
MAKER_VALIDITY: Final = "MAKER_VALIDITY"
MAKER_REVOCATION: Final = "MAKER_REVOCATION"
SEAL_VALIDITY: Final = "SEAL_VALIDITY"
SEAL_TIMESTAMP: Final = "SEAL_TIMESTAMP"
SIGNATURE_ALGORITHM: Final = "SIGNATURE_ALGORITHM"
STAMP_ALGORITHM: Final = "STAMP_ALGORITHM"
STAMP_SIGNATURE: Final = "STAMP_SIGNATURE"
SIGNER_IN_SEAL: Final = "SIGNER_IN_SEAL"
SIGNER_CERTIFICATE: Final = "SIGNER_CERTIFICATE"
SIGNER_KEY_USAGE: Final = "SIGNER_KEY_USAGE"
SIGNER_VALIDITY: Final = "SIGNER_VALIDITY"
SIGNER_REVOCATION: Final = "SIGNER_REVOCATION"
SIGNING_TIME: Final = "SIGNING_TIME"
DOCUMENT_DIGEST: Final = "DOCUMENT_DIGEST"
STAMP_TIMESTAMP: Final = "STAMP_TIMESTAMP"
SEAL, STAMP = "seal", "stamp"


def bad(check: str = "", *, tolerable: bool = False) -> Verdict:
    """It is rejected, for *check*; without one the place where it is noticed is open.

    *tolerable* is what breaks the letter of the syntax and nothing else: verifiers take it where
    real files have it.
    """
    told: Verdict = {"verdict": "bad"}
    if check:
        told["check"] = check
    if tolerable:
        told["tolerable"] = True
    return told


def notice(check: str) -> Verdict:
    """It holds; *check* says something that somebody should know."""
    return {"verdict": "good", "notice": check}


Expected = dict[str, Verdict | None]
"""By rule book; None where it says nothing, and the verifier has to decide."""


def both(expected: Verdict) -> Expected:
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
    told = [json.dumps(page.told(), ensure_ascii=False) for page in pages]
    encoded = '{"cases": [\n' + ",\n".join(told) + "\n]}\n"
    (folder / "manifest.json").write_text(encoded, encoding="utf-8")
    (folder / "index.md").write_text(_index(pages), encoding="utf-8")


def _index(pages: list[Page]) -> str:
    """Return the fixtures as a table for people."""
    lines = [
        "# The fixtures",
        "",
        "Written by the generator, as `manifest.json` is. README.md explains the words.",
        "",
        "| file | shows | GB/T 38540 | GM/T 0031 |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {page.file} | {page.shows} | "
        f"{' | '.join(_word(page.expected[each]) for each in RULES)} |"
        for page in pages
    ]
    return "\n".join(lines) + "\n"


def _word(said: Verdict | None) -> str:
    if said is None:
        return "silent"
    reason = said.get("check") or said.get("notice") or ""
    mark = " (tolerable)" if said.get("tolerable") else ""
    return f"{said['verdict']}{': ' if reason else ''}{reason}{mark}"
