"""``signetctl token``: tokens of the daemon, and any token of a module without a daemon."""

import typer

from signetd.cli.token import change_pin, init, lock, probe, reset_pin, show, unlock, watch
from signetd.cli.token import list as list_

app = typer.Typer(
    help="Show, watch, unlock and lock tokens; examine and manage any, without a daemon.",
    no_args_is_help=True,
)
app.command("list")(list_.command)
app.command("show")(show.command)
app.command("watch")(watch.command)
app.command("unlock")(unlock.command)
app.command("lock")(lock.command)
app.command("probe")(probe.command)
app.command("init")(init.command)
app.command("change-pin")(change_pin.command)
app.command("reset-pin")(reset_pin.command)
