"""``signetctl audit verify``: verify exports offline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.audit import printing
from signetd.cli.audit.options import PublicKeys, read_public_keys
from signetd.cli.session import REFUSED, Output, Session, of


def command(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Exports, the oldest first")
    ],
    public_key: PublicKeys = None,
    unsigned: Annotated[
        bool,
        typer.Option("--unsigned", help="Accept that nothing is signed, or by a key nobody gave"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Verify exports, without a daemon; exit code 1 when anything is not as it was written."""
    session = of(context)
    output = Output.JSON if as_json else session.output
    run(session, output, files, read_public_keys(public_key), unsigned=unsigned)


def run(
    session: Session,
    output: Output,
    files: Sequence[Path],
    trusted: Sequence[bytes],
    *,
    unsigned: bool,
) -> None:
    """Verify *files*, print what was found, and end with 1 if something is wrong."""
    from signetd.audit import Verifier

    verifier = Verifier(trusted, unsigned=unsigned)
    for path in files:
        try:
            with path.open("rb") as file:
                verifier.read(str(path), file)
        except OSError as error:
            session.fail(f"{path} cannot be read: {error.strerror}")
    printing.report(output, verifier.report)
    if not verifier.report.ok:
        raise typer.Exit(REFUSED)
