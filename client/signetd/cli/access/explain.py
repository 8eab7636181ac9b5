"""``signetctl access explain``: tell whether somebody may do something, and why."""

from typing import Annotated, Any

import typer

from signetd.cli import show
from signetd.cli.access import options
from signetd.cli.plain import plain
from signetd.cli.session import Output, of
from signetd.cli.words import rule_text


def command(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="IDENTITY", help="Who")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key; there need not be one")],
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION", help="read, verify, sign or stamp")
    ],
    algorithm: Annotated[str | None, typer.Option(help="Default: the key's")] = None,
    message: Annotated[
        bool, typer.Option("--message", help="With a whole message, not a digest")
    ] = False,
    at: Annotated[str | None, typer.Option("--at", help="When, ISO 8601; default: now")] = None,
) -> None:
    """Tell whether an identity may do something with a key, and why."""
    session = of(context)
    when = options.moment(at, "--at")
    with session.client() as client:
        found = plain(
            client.explain_access(
                identity, key, operation, algorithm=algorithm, message=message, time=when
            )
        )
    if session.output is Output.JSON:
        show.one(session.output, found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    print(found["summary"])
    for rule in found["approvals"]:
        print(f"It must be approved by {rule_text(rule)}.")
    reasons = [
        {"": "yes" if each["supports"] else "no", "grant": each["grant"], "found": each["text"]}
        for each in found["reasons"]
    ]
    show.many(Output.TABLE, ("", "grant", "found"), reasons)
