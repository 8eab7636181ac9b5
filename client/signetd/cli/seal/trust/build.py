"""``signetctl seal trust build``: write a trust list from a folder of certificates."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.output_file import write
from signetd.cli.seal import trusted
from signetd.cli.session import of


def command(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="As signetctl seal verify --trust takes it"),
    ],
    name: Annotated[str, typer.Option(help="Whose list it is")],
    comment: Annotated[str, typer.Option(help="Of what it is")] = "",
    maker: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEX", help="SHA-256 or SM3 of a maker's certificate; no other is good"
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(help="For how many days it counts; 0 is without an end", min=0, max=3660)
    ] = 0,
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
) -> None:
    """Write a trust list from a folder, without a daemon."""
    from signetd.pki import InputError
    from signetd.seal import TrustList
    from signetd.seal.trust_list_text import text

    session = of(context)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        content = text(
            trusted.read_folder(folder),
            name=name,
            comment=comment,
            issued=now,
            next_update=now + timedelta(days=days) if days else None,
            accepted_makers=maker or (),
        ).encode()
        TrustList.read(content)  # so that nobody is given what cannot be imported
    except InputError as error:
        session.fail(str(error))
        raise
    write(session, out, content)
