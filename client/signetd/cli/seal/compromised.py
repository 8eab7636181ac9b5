"""``signetctl seal compromised``: report a key, and have all seals suspended that rest on it."""

import json
from typing import Annotated

import typer

from signetd.cli.session import Output, of


def command(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's name")],
    reason: Annotated[str, typer.Option(help="What is known; it stays in the histories")],
) -> None:
    """Report a key that others may use: the seals it stamps with or has made are suspended.

    The key is disabled at once.
    """
    session = of(context)
    with session.client() as client:
        suspended = client.seals.report_key_compromise(key, reason=reason)
    if session.output is Output.JSON:
        print(json.dumps({"key": key, "suspended": suspended}))
        return
    print(
        f"the key {key} is disabled; suspended: {', '.join(suspended) or 'no seal that was in use'}"
    )
