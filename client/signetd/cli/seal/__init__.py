"""``signetctl seal``: make, use and verify electronic seals."""

import typer

from signetd.cli.seal import (
    apply,
    cancel,
    change,
    compromised,
    export,
    file,
    history,
    make,
    resume,
    review,
    show,
    stamp,
    status,
    suspend,
    trust,
    verify,
)
from signetd.cli.seal import import_ as import_module
from signetd.cli.seal import list as list_

app = typer.Typer(help="Make, use and verify electronic seals.", no_args_is_help=True)
app.command("apply")(apply.command)
app.command("review")(review.command)
app.command("make")(make.command)
app.command("file")(file.command)
app.command("suspend")(suspend.command)
app.command("resume")(resume.command)
app.command("change")(change.command)
app.command("cancel")(cancel.command)
app.command("compromised")(compromised.command)
app.command("list")(list_.command)
app.command("show")(show.command)
app.command("history")(history.command)
app.command("status")(status.command)
app.command("stamp")(stamp.command)
app.command("verify")(verify.command)
app.command("export")(export.command)
app.command("import")(import_module.command)
app.add_typer(trust.app, name="trust")
