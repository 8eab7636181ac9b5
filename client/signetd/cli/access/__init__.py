"""``signetctl access``: who may do what."""

import typer

from signetd.cli.access import explain, grant, group, identity

app = typer.Typer(help="Say who may do what: identities, groups and grants.", no_args_is_help=True)
app.add_typer(identity.app, name="identity")
app.add_typer(group.app, name="group")
app.add_typer(grant.app, name="grant")
app.command("explain")(explain.command)
