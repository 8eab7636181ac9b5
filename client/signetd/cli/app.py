"""The command line: global options and the commands below them."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import access, approval, audit, key, seal, sign, token, verify
from signetd.cli.session import Output, Session

app = typer.Typer(
    help="Sign with keys that never leave their token, and manage keys and tokens.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 usage.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich help costs more than all else at start
    pretty_exceptions_show_locals=False,
    pretty_exceptions_enable=False,
)
app.add_typer(token.app, name="token")
app.add_typer(key.app, name="key")
app.add_typer(seal.app, name="seal")
app.add_typer(audit.app, name="audit")
app.add_typer(access.app, name="access")
app.add_typer(approval.app, name="approval")
app.command("sign")(sign.command)
app.command("verify")(verify.command)


@app.callback()
def options(
    context: typer.Context,
    endpoint: Annotated[
        str, typer.Option(envvar="SIGNETD_ENDPOINT", help="unix:/path or host:port")
    ] = "unix:/run/signetd/signetd.sock",
    ca: Annotated[Path | None, typer.Option(help="PEM file of the server's CA, for TCP")] = None,
    cert: Annotated[Path | None, typer.Option(help="PEM file of our certificate")] = None,
    key_file: Annotated[Path | None, typer.Option(help="PEM file of its private key")] = None,
    output: Annotated[Output, typer.Option(help="How results are printed")] = Output.TABLE,
    timeout: Annotated[float, typer.Option(help="Seconds for one call", min=0.1)] = 120.0,
) -> None:
    """Read the global options."""
    context.obj = Session(endpoint, ca, cert, key_file, output, timeout)
