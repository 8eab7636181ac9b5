"""``signetctl seal status``: whether a seal is good, or was at a time."""

import re
from enum import StrEnum
from typing import Annotated, Final

import typer

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.seal import options
from signetd.cli.session import REFUSED, of

_SM3: Final = re.compile(r"[0-9a-fA-F]{64}")
_NAME: Final = re.compile(r"(seals/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class By(StrEnum):
    """What a seal is named by; the values are names of the client's parameters."""

    NAME = "name"
    SEAL_ID = "seal-id"
    SM3 = "sm3"


def command(
    context: typer.Context,
    seal: Annotated[
        str,
        typer.Argument(
            metavar="SEAL", help="Its name, its code (印章编码), or SM3 of its data, hex"
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help=f"{options.ZONE}; a day is its start; default: now"),
    ] = None,
    by: Annotated[By | None, typer.Option(help="What SEAL is; default: what it looks like")] = None,
) -> None:
    """Tell whether a seal is good, or was at a time; exit code 1 when not."""
    session = of(context)
    time = options.moment(at, "--at") if at else None
    named = (by or looks_like(seal)).replace("-", "_")
    with session.client() as client:
        found = client.seals.status(**{named: seal}, time=time)
    show.one(session.output, plain(found))
    if not found.good:
        raise typer.Exit(REFUSED)


def looks_like(seal: str) -> By:
    """Tell what a seal is named by; names have at most 63 characters, and begin with a letter."""
    if _SM3.fullmatch(seal):
        return By.SM3
    return By.NAME if _NAME.fullmatch(seal) else By.SEAL_ID
