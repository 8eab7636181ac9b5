"""``signetctl access identity``: who may call."""

import typer

from signetd.cli.access.identity import add, remove, show, update
from signetd.cli.access.identity import list as list_

app = typer.Typer(help="Add, change and remove those who may call.", no_args_is_help=True)
app.command("add")(add.command)
app.command("update")(update.command)
app.command("remove")(remove.command)
app.command("list")(list_.command)
app.command("show")(show.command)
