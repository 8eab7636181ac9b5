"""``signetctl seal trust import``: take in a trust list, or a new version of one."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.seal import trusted
from signetd.cli.seal.trust import options
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: options.Name,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The list, or a bundle of root certificates")
    ],
    comment: Annotated[str, typer.Option(help="Where the list comes from")],
) -> None:
    """Have the daemon take in a trust list; what should be known of it is told before."""
    from signetd.pki import InputError
    from signetd.seal import notices

    session = of(context)
    try:
        content = trusted.read_bytes(file)
        found = trusted.parse(content, file)
    except InputError as error:
        session.fail(str(error))
        raise
    for each in notices(found, datetime.now(UTC)):
        print(f"signetctl: note: {each}", file=sys.stderr)
    with session.client() as client:
        options.one(session.output, client.verification.import_list(name, content, comment=comment))
