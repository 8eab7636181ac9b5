"""``signetctl approval``: ask for approvals, and give them."""

import typer

from signetd.cli.approval import (
    approve,
    cancel,
    reject,
    request,
    request_admin,
    request_destroy,
    request_seal,
    request_stamp,
    show,
    watch,
)
from signetd.cli.approval import list as list_

app = typer.Typer(help="Ask for approvals of others, and give them.", no_args_is_help=True)
app.command("request")(request.command)
app.command("request-seal")(request_seal.command)
app.command("request-stamp")(request_stamp.command)
app.command("request-destroy")(request_destroy.command)
app.command("request-admin")(request_admin.command)
app.command("list")(list_.command)
app.command("show")(show.command)
app.command("approve")(approve.command)
app.command("reject")(reject.command)
app.command("cancel")(cancel.command)
app.command("watch")(watch.command)
