"""``signetctl token``: show, watch, unlock and lock tokens."""

import typer

from signetd.cli.token import list as list_
from signetd.cli.token import lock, show, unlock, watch

app = typer.Typer(help="Show, watch, unlock and lock tokens.", no_args_is_help=True)
app.command("list")(list_.command)
app.command("show")(show.command)
app.command("watch")(watch.command)
app.command("unlock")(unlock.command)
app.command("lock")(lock.command)
