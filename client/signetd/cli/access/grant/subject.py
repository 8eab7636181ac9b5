"""Whom a grant is about, as it is given to the commands below ``signetctl access grant``."""

from typing import Annotated

import typer

To = Annotated[str | None, typer.Option("--to", help="The identity it is about")]
ToGroup = Annotated[str | None, typer.Option("--to-group", help="The group it is about")]


def subject(identity: str | None, group: str | None) -> str:
    """Return the subject of a grant; exactly one of the two must be given."""
    if bool(identity) is bool(group):
        raise typer.BadParameter("give exactly one of them", param_hint="--to, --to-group")
    return identity or f"groups/{(group or '').removeprefix('groups/')}"
