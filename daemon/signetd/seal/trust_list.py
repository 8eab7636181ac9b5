"""Trust lists: whose seals a region or a department recognises (互信互认), in one file.

docs/seals.md describes the file. It is not signed: whoever imports it says where it comes from.
"""

import re
import tomllib
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from signetd.pki import Certificate, InputError, RevocationList, TrustStore, pem
from signetd.seal.circumstances import MAX_MAKERS
from signetd.seal.trust import Trust
from signetd.seal.verify_chain import MAX_OTHERS, MAX_SOURCES

FORMAT: Final = "signetd-trust-list-1"
MAX_BYTES: Final = 4 << 20
MAX_ROOTS: Final = 1024
"""Certificates of each kind."""
_MAX_LINES: Final = 100_000
_MAX_LINE_BYTES: Final = 1000
# tomllib takes time by the square of the parts of a key with dots; no list has such keys at all.
_MANY_DOTS: Final = re.compile(rb"""(?<![\w"'-])[\w"'-]++(?:[ \t]*+\.[ \t]*+[\w"'-]++){20}""")
_PLACE: Final = "trust list"
_LIST: Final = re.compile(rb"^[ \t]*format[ \t]*=", re.MULTILINE)
_BEGIN: Final = "-----BEGIN "
_PLAIN: Final = "a bundle of certificates"

_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Fingerprint = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-fA-F]{64}\Z")]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file may say. Certificates and revocation lists are PEM."""

    format: Literal["signetd-trust-list-1"]
    name: _Line
    comment: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    issued: _Moment | None = None
    next_update: _Moment | None = None
    accepted_makers: Annotated[
        tuple[_Fingerprint, ...], msgspec.Meta(min_length=1, max_length=MAX_MAKERS)
    ] = ()
    makers: str
    signers: str = ""
    time_authorities: str = ""
    intermediates: str = ""
    crls: str = ""


class TrustList(msgspec.Struct, frozen=True, kw_only=True):
    """A trust list; make it with `read`.

    ``name`` says whose list it is. Roots are by what they may vouch for; ``accepted_makers`` are
    SHA-256 or SM3 of makers' certificates (DER), in lower-case hex, None for every maker for whom
    ``makers`` vouch. After ``next_update`` the list is not to be used any more.
    """

    name: str
    comment: str = ""
    issued: datetime | None = None
    next_update: datetime | None = None
    accepted_makers: frozenset[str] | None = None
    makers: tuple[Certificate, ...]
    signers: tuple[Certificate, ...] = ()
    time_authorities: tuple[Certificate, ...] = ()
    intermediates: tuple[Certificate, ...] = ()
    crls: tuple[RevocationList, ...] = ()

    @classmethod
    def read(cls, content: bytes) -> "TrustList":
        """Read a list, or certificates in PEM, which are roots for everybody then.

        Raises InputError naming the field and the limit.
        """
        if len(content) > MAX_BYTES:
            raise InputError(_PLACE, f"it has {len(content)} bytes; {MAX_BYTES} are the most")
        text = _text(content)
        if _LIST.search(content):
            return _from_file(_file(text))
        if _BEGIN not in text:
            raise InputError(
                _PLACE, f'it is neither a list (format = "{FORMAT}") nor certificates in PEM'
            )
        found = _certificates(text, "certificates")
        return cls(name=_PLAIN, makers=found, signers=found, time_authorities=found)

    @property
    def roots(self) -> tuple[Certificate, ...]:
        """All roots, each once."""
        return tuple(dict.fromkeys((*self.makers, *self.signers, *self.time_authorities)))

    def is_current(self, at: datetime) -> bool:
        """Whether the list may be used at that time."""
        return self.next_update is None or at <= self.next_update

    def trust(self, label: str = "") -> Trust:
        """Return it as something to judge by; reports call its roots *label*, else its name."""

        def store(certificates: tuple[Certificate, ...]) -> TrustStore:
            return TrustStore(label or self.name, certificates, may_be_empty=True)

        return Trust(
            makers=store(self.makers),
            accepted_makers=self.accepted_makers,
            signers=store(self.signers),
            time_authorities=store(self.time_authorities),
            others=self.intermediates,
            lists=self.crls,
        )


def _text(content: bytes) -> str:
    lines = content.splitlines()
    if len(lines) > _MAX_LINES:
        raise InputError(_PLACE, f"it has more than {_MAX_LINES} lines")
    for number, line in enumerate(lines, 1):
        if len(line) > _MAX_LINE_BYTES:
            raise InputError(_PLACE, f"line {number} has more than {_MAX_LINE_BYTES} bytes")
        if _MANY_DOTS.search(line):
            raise InputError(_PLACE, f"line {number} has more than 20 words joined by dots")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(_PLACE, f"it is not UTF-8 (byte {error.start})") from None


def _file(text: str) -> _File:
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(_PLACE, f"it is not TOML: {error}") from None
    except (RecursionError, ValueError):  # nested too deep; a date such as 2026-02-30
        raise InputError(_PLACE, "it is not TOML that can be read") from None
    try:
        return msgspec.convert(tables, _File)
    except msgspec.ValidationError as error:
        raise InputError(_PLACE, str(error)) from None


def _from_file(file: _File) -> TrustList:
    makers = _certificates(file.makers, "makers")
    if not makers:
        raise InputError(f"{_PLACE}, makers", "it has no certificate; a list without is of no use")
    others = _certificates(file.intermediates, "intermediates")
    _check_count(len(others), MAX_OTHERS, "intermediates")
    if file.issued and file.next_update and file.next_update <= file.issued:
        raise InputError(f"{_PLACE}, next_update", "it is not later than issued")
    accepted = frozenset(each.lower() for each in file.accepted_makers)
    return TrustList(
        name=file.name,
        comment=file.comment,
        issued=file.issued,
        next_update=file.next_update,
        accepted_makers=accepted or None,
        makers=makers,
        signers=_certificates(file.signers, "signers"),
        time_authorities=_certificates(file.time_authorities, "time_authorities"),
        intermediates=others,
        crls=_revocation_lists(file.crls),
    )


def _certificates(text: str, field: str) -> tuple[Certificate, ...]:
    place = _in_pem(text, field)
    if not text.strip():
        return ()
    # Counted before they are read: reading is what costs.
    _check_count(text.count(_BEGIN), MAX_ROOTS, field)
    return tuple(dict.fromkeys(Certificate.read_all(text.encode(), place)))


def _revocation_lists(text: str) -> tuple[RevocationList, ...]:
    place = _in_pem(text, "crls")
    if not text.strip():
        return ()
    _check_count(text.count(_BEGIN), MAX_SOURCES, "crls")
    blocks = pem.blocks(text.encode(), "X509 CRL", place)
    return tuple(
        RevocationList.read(each, f"{place}, number {i}") for i, each in enumerate(blocks, 1)
    )


def _in_pem(text: str, field: str) -> str:
    place = f"{_PLACE}, {field}"
    if text.strip() and _BEGIN not in text:
        raise InputError(place, "it is not PEM: there is no BEGIN line in it")
    return place


def _check_count(found: int, most: int, field: str) -> None:
    if found > most:
        raise InputError(f"{_PLACE}, {field}", f"it has {found}; {most} are the most")
