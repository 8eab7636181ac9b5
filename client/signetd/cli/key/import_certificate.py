"""``signetctl key import-certificate``: have the certificate of a key kept."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from signetd.cli.key import certificate_shown
from signetd.cli.key.options import Name
from signetd.cli.session import Session, of

_MAX_BYTES: Final = 256 * 1024  # what the daemon takes


def command(
    context: typer.Context,
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Certificate with its chain in PEM, or one in DER; - is stdin"
        ),
    ],
    not_on_token: Annotated[
        bool, typer.Option("--not-on-token", help="Do not write it to the token as well")
    ] = False,
) -> None:
    """Have the certificate of a key kept, with its chain, in place of the former one."""
    session = of(context)
    data = _read(session, file)
    with session.client() as client:
        kept = client.import_certificate(name, data, not_on_token=not_on_token)
    certificate_shown.one(session.output, kept)


def _read(session: Session, file: Path) -> bytes:
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with file.open("rb") as opened:
                data = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        session.fail(f"{file} cannot be read: {error.strerror}")
    if len(data) > _MAX_BYTES:
        session.fail(f"{file} has more than {_MAX_BYTES} bytes; give certificates only")
    return data
