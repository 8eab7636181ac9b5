"""``signetctl seal``: make, use and verify electronic seals."""

import typer

from signetd.cli.seal import trust, verify

app = typer.Typer(help="Make, use and verify electronic seals.", no_args_is_help=True)
app.command("verify")(verify.command)
app.add_typer(trust.app, name="trust")
