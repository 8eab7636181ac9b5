"""``signetctl seal verify``: verify a seal or a stamp offline, without a daemon."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from signetd.cli.seal import trusted
from signetd.cli.session import REFUSED, Output, Session, of

if TYPE_CHECKING:
    from signetd.seal import Report, Trust

_MAX_BYTES: Final = 32 << 20  # more than the largest stamp; what is larger is refused as such
_DIGEST_BYTES: Final = 32


class _Revocation(StrEnum):
    REQUIRED = "required"
    IF_KNOWN = "if-known"
    IGNORED = "ignored"


class _Rules(StrEnum):
    GBT_38540 = "gbt38540"
    GMT_0031 = "gmt0031"


class _Language(StrEnum):
    ENGLISH = "en"
    CHINESE = "zh"


def command(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A seal (.esl) or a stamp (SignedValue.dat)"),
    ],
    trust: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A folder, a trust list, or a PEM bundle of roots"),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Verify as of then, e.g. 2026-11-25T09:30:00Z"),
    ] = None,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What a stamp protects, as it was hashed")
    ] = None,
    digest: Annotated[
        str | None, typer.Option(metavar="HEX", help="SM3 of what a stamp protects, instead")
    ] = None,
    maker: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEX", help="SHA-256 or SM3 of a maker's certificate; no other is good"
        ),
    ] = None,
    rules: Annotated[
        _Rules, typer.Option(help="The standard that says when a maker's certificate has run out")
    ] = _Rules.GBT_38540,
    revocation: Annotated[
        _Revocation, typer.Option(help="What must be known of revoked certificates")
    ] = _Revocation.IF_KNOWN,
    language: Annotated[_Language, typer.Option(help="en or zh")] = _Language.ENGLISH,
    output: Annotated[Output | None, typer.Option(help="table or json")] = None,
) -> None:
    """Verify a seal or a stamp, without a daemon; exit code 0 only when it is good.

    A folder holds certificates (*.pem, *.crt, *.cer, *.der) that are trusted for everything, or has
    the folders makers, signers and time-authorities; besides intermediates, and crls (*.crl).
    """
    session = of(context)
    moment = _moment(at)
    wanted = _digest(session, document, digest)
    data = _read(session, file)
    report = _judge(session, data, file, trust, moment, wanted, maker, rules, revocation)
    _print(report, output or session.output, language)
    from signetd.seal import Verdict

    if report.verdict is not Verdict.GOOD:
        raise typer.Exit(REFUSED)


def _judge(
    session: Session,
    data: bytes,
    file: Path,
    trust: Path | None,
    at: datetime,
    digest: bytes | None,
    makers: list[str] | None,
    rules: _Rules,
    revocation: _Revocation,
) -> "Report":
    import msgspec

    from signetd.pki import InputError, Revocation
    from signetd.seal import Kind, Rules, kind_of, verify_seal, verify_stamp

    try:
        found = trusted.read(trust)
        if makers:
            found = msgspec.structs.replace(found, accepted_makers=_accepted(makers, found))
        circumstances = found.circumstances(
            rules=Rules(rules.value), at=at, revocation=Revocation[revocation.name]
        )
    except InputError as error:
        session.fail(str(error))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    kind = kind_of(data) or (Kind.SEAL if file.suffix.lower() == ".esl" else Kind.STAMP)
    if kind is Kind.STAMP:
        return verify_stamp(data, circumstances, digest)
    if digest is not None:
        session.fail(f"{file} is a seal: it is for no document; leave --document and --digest out")
    return verify_seal(data, circumstances)


def _accepted(makers: list[str], trust: "Trust") -> frozenset[str]:
    """Return the makers that are given; of a list that names some, those in both."""
    given = frozenset(each.lower() for each in makers)
    return given if trust.accepted_makers is None else given & trust.accepted_makers


def _print(report: "Report", output: Output, language: _Language) -> None:
    from signetd.seal import Language, as_json, as_lines

    if output is Output.JSON:
        print(json.dumps(as_json(report), ensure_ascii=False))
        return
    for line in as_lines(report, Language(language.value)):
        print(line)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("--at is not a time such as 2026-11-25T09:30:00Z") from None
    if found.tzinfo is None:
        raise typer.BadParameter("--at has no time zone; write Z for UTC, or +08:00")
    return found


def _digest(session: Session, document: Path | None, digest: str | None) -> bytes | None:
    if document is not None and digest is not None:
        raise typer.BadParameter("give --document or --digest, not both")
    if document is not None:
        return _hashed(session, document)
    if digest is None:
        return None
    try:
        found = bytes.fromhex(digest)
    except ValueError:
        raise typer.BadParameter("--digest is not hex") from None
    if len(found) != _DIGEST_BYTES:
        raise typer.BadParameter(f"--digest has {len(found)} bytes; an SM3 has {_DIGEST_BYTES}")
    return found


def _hashed(session: Session, path: Path) -> bytes:
    from signetd.gm import sm3

    hashed = sm3.new()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                hashed.update(piece)
    except OSError as error:
        session.fail(f"{path} cannot be read: {error.strerror}")
    return hashed.digest()


def _read(session: Session, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        session.fail(f"{path} cannot be read: {error.strerror}")
        raise
