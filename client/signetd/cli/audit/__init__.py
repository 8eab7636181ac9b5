"""``signetctl audit``: read, export, verify and prune the audit."""

import typer

from signetd.cli.audit import (
    checkpoint,
    export,
    follow,
    prune,
    status,
    verify,
    verify_statement,
)
from signetd.cli.audit import list as list_

app = typer.Typer(help="Read, export, verify and prune the audit.", no_args_is_help=True)
app.command("list")(list_.command)
app.command("follow")(follow.command)
app.command("status")(status.command)
app.command("checkpoint")(checkpoint.command)
app.command("export")(export.command)
app.command("verify")(verify.command)
app.command("verify-statement")(verify_statement.command)
app.command("prune")(prune.command)
