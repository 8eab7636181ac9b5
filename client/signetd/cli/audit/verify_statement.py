"""``signetctl audit verify-statement``: verify what a daemon has stated, offline."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli import show
from signetd.cli.audit.options import PublicKeys, read_public_keys
from signetd.cli.session import REFUSED, Output, of

if TYPE_CHECKING:
    from signetd.audit import StatementReport


def command(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The statement, as JSON")],
    public_key: PublicKeys = None,
    nonce: Annotated[
        str | None, typer.Option(help="What was given when it was asked for, in hex")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Verify a statement about a key, a key's end or a seal's filing, without a daemon.

    Exit code 1 when it is not as it was signed, or not signed with a key that was given.
    """
    from signetd.audit import verify_statement
    from signetd.audit.statements import MAX_BYTES

    session = of(context)
    trusted, wanted = read_public_keys(public_key), _nonce(nonce)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        session.fail(f"{path} cannot be read: {error.strerror}")
    found = verify_statement(data, trusted, nonce=wanted)
    _print(Output.JSON if as_json else session.output, path, found)
    if not found.ok:
        raise typer.Exit(REFUSED)


def _nonce(text: str | None) -> bytes | None:
    try:
        return None if text is None else bytes.fromhex(text)
    except ValueError:
        raise typer.BadParameter("--nonce is not hex") from None


def _print(output: Output, path: Path, found: "StatementReport") -> None:
    if output is Output.JSON:
        print(json.dumps(found.values(), ensure_ascii=False))
        return
    for problem in found.problems:
        print(f"signetctl: {path}: {problem}", file=sys.stderr)
    verdict = "as it was signed, by a key that was given" if found.ok else "NOT PROVEN"
    show.one(output, {"verdict": verdict, **found.statement})
