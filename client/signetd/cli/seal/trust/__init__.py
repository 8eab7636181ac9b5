"""``signetctl seal trust``: whose seals are recognised (互信互认)."""

import typer

from signetd.cli.seal.trust import build, retire, show
from signetd.cli.seal.trust import import_ as import_module
from signetd.cli.seal.trust import list as list_

app = typer.Typer(help="Keep the lists of whose seals are recognised.", no_args_is_help=True)
app.command("build")(build.command)
app.command("import")(import_module.command)
app.command("list")(list_.command)
app.command("show")(show.command)
app.command("retire")(retire.command)
