"""``signetctl key destroy``: destroy a key pair."""

from typing import Annotated

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    approval: Annotated[str, typer.Option(help="The approval of this, where one is needed")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name")] = False,
) -> None:
    """Destroy the pair of a key that does not sign, disabled or in quarantine. Cannot be undone."""
    session = of(context)
    if not yes and typer.prompt("This cannot be undone. Type the key's name") != name:
        session.fail("the names differ; nothing was destroyed")
    with session.client() as client:
        shown.one(session.output, client.destroy_key(name, approval=approval))
