"""The fixtures of this folder for tests: the manifest as values, and the bytes with them."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

FOLDER: Final = Path(__file__).parent


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a verifier must say: `good` or `bad`.

    ``check`` names what must have failed; "" where the place is open. ``notice`` names what must
    be a warning. The names are in README.md. ``tolerable``: it breaks the letter of the syntax and
    nothing else, so that a verifier may take it if it says so.
    """

    verdict: str
    check: str = ""
    notice: str = ""
    tolerable: bool = False


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fixture: ``kind`` is seal or stamp, ``at`` the time of verification.

    ``expected`` is by rule book, ``gbt38540`` and ``gmt0031``; None where it says nothing.
    ``fields`` is what a reader finds; empty for those that show what a verifier says.
    """

    name: str
    file: str
    kind: str
    format: int
    shows: str
    document: str | None
    at: datetime.datetime
    expected: dict[str, Expected | None]
    fields: dict[str, Any]

    @property
    def data(self) -> bytes:
        """The seal or stamp in DER, or what is there instead."""
        return (FOLDER / self.file).read_bytes()

    @property
    def original(self) -> bytes:
        """The document that a stamp is for."""
        if self.document is None:
            raise ValueError(f"{self.name} is a seal: it is for no document")
        return (FOLDER / self.document).read_bytes()

    @property
    def readable(self) -> bool:
        """Whether the bytes have the syntax of a seal or a stamp, good or bad."""
        return all(each is None or each.check != "FORMAT" for each in self.expected.values())


@dataclass(frozen=True)
class Surroundings:
    """What a verifier has besides the file; all in DER."""

    trust: Path
    """A folder with the roots that are trusted."""
    intermediates: tuple[bytes, ...]
    crls: tuple[bytes, ...]


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    cases: tuple[Case, ...]


def cases(folder: Path = FOLDER) -> tuple[Case, ...]:
    """Return all fixtures. Raises msgspec.ValidationError for a manifest of another form."""
    return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=_Manifest).cases


def case(name: str) -> Case:
    """Return the fixture of that name."""
    (found,) = (each for each in cases() if each.name == name)
    return found


def surroundings(folder: Path = FOLDER) -> Surroundings:
    """Return the trusted roots, the CA below them, and the lists of revoked certificates."""
    return Surroundings(
        folder / "trust",
        tuple(each.read_bytes() for each in sorted((folder / "intermediates").iterdir())),
        tuple(each.read_bytes() for each in sorted((folder / "crls").iterdir())),
    )
