"""``signetctl key versions``: list the versions of a key."""

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """List the versions of a key, the newest first; one that is not PRIMARY only verifies."""
    session = of(context)
    with session.client() as client:
        shown.versions(session.output, client.list_key_versions(name))
