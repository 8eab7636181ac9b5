"""``signetctl access grant``: permissions and prohibitions."""

import typer

from signetd.cli.access.grant import add, remove
from signetd.cli.access.grant import list as list_

app = typer.Typer(help="Make, list and remove permissions and prohibitions.", no_args_is_help=True)
app.command("add")(add.command)
app.command("remove")(remove.command)
app.command("list")(list_.command)
