"""``signetctl token watch``: print the tokens' states, and every change of them as it comes."""

import json
import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli.plain import plain
from signetd.cli.session import DONE, Output, of

if TYPE_CHECKING:
    from signetd.api.v1 import token_service_pb2 as tokens


def command(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="The tokens' names; without any, all tokens"),
    ] = None,
) -> None:
    """Print the tokens' states and then every change, a line each, until Ctrl-C."""
    session = of(context)
    line = _json if session.output is Output.JSON else _text
    # Ctrl-C is the way to end it, and no failure. An exception would not do: gRPC swallows one that
    # happens to strike in its own code. Nothing is lost, for each line is written at once.
    signal.signal(signal.SIGINT, lambda *_: os._exit(DONE))
    with session.client() as client:
        for change in client.watch_tokens(names or ()):
            print(line(change), flush=True)


def _json(change: "tokens.WatchTokensResponse") -> str:
    fields = plain(change) | {"token": plain(change.token)}
    return json.dumps(fields, ensure_ascii=False)


def _text(change: "tokens.WatchTokensResponse") -> str:
    token = plain(change.token)
    moment = change.change_time.ToDatetime().isoformat(timespec="milliseconds")
    shown = (f"{moment}Z", token["name"], token["state"], token["state_reason"])
    return "  ".join(shown).rstrip()
