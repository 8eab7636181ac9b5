"""``signetctl access group``: sets of identities."""

import typer

from signetd.cli.access.group import list as list_
from signetd.cli.access.group import remove
from signetd.cli.access.group import set as set_

app = typer.Typer(help="Make, change and remove groups of identities.", no_args_is_help=True)
app.command("set")(set_.command)
app.command("remove")(remove.command)
app.command("list")(list_.command)
