"""``signetctl key destroy``: destroy a key pair."""

from typing import Annotated

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    version: Annotated[
        int | None, typer.Option(min=1, help="Only this version, which does not sign any more")
    ] = None,
    approval: Annotated[str, typer.Option(help="The approval of this, where one is needed")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name")] = False,
) -> None:
    """Destroy the pairs of a key that does not sign, disabled or in quarantine. Cannot be undone.

    Or, with --version, one that another has replaced. The token is looked at afterwards: what is
    still there is named, and not called destroyed.
    """
    session = of(context)
    if not yes and typer.prompt("This cannot be undone. Type the key's name") != name:
        session.fail("the names differ; nothing was destroyed")
    with session.client() as client:
        shown.one(session.output, client.destroy_key(name, version=version, approval=approval))
