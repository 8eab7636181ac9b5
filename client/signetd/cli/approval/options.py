"""Arguments and options that the commands below ``signetctl approval`` share."""

import re
from datetime import timedelta
from typing import Annotated, Final

import typer

from signetd.cli.access.options import certificate_sha256

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _lifetime(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,6}[smhd]", text):
        raise typer.BadParameter(f"{text} is not a number of s, m, h or d, such as 30m or 2d")
    return text


def _digest(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"([0-9a-fA-F]{2})+", text):
        raise typer.BadParameter(f"{text} is not hex")
    return text


def _certificate(value: str) -> str:
    return certificate_sha256(value) if value else ""


Name = Annotated[str, typer.Argument(metavar="NAME", help="The approval, approvals/…")]
Summary = Annotated[str, typer.Option(help="What it is about, for those who approve")]
Lifetime = Annotated[
    str,
    typer.Option("--lifetime", help="How long it can be used: 1m to 30d", callback=_lifetime),
]
Comment = Annotated[str, typer.Option(help="Why, for all who see the approval")]
Digest = Annotated[
    str | None, typer.Option(help="Its digest in hex, for SM2 e = SM3(Z || M)", callback=_digest)
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="system-admin, security-admin, auditor or signer; may be repeated"),
]
Credential = Annotated[str | None, typer.Option(help="uri, dns, common-name or socket")]
Certificate = Annotated[
    str,
    typer.Option(
        "--certificate",
        "--certificate-sha256",
        help="The one certificate that is accepted: a PEM file, or its SHA-256 in hex",
        callback=_certificate,
    ),
]


def read_lifetime(text: str) -> timedelta:
    """Read a lifetime such as 30m or 2d."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
