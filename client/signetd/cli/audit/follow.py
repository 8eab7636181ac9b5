"""``signetctl audit follow``: print records as they are written."""

import os
import signal
from typing import Annotated

import typer

from signetd.cli.audit import printing
from signetd.cli.session import DONE, of


def command(
    context: typer.Context,
    first: Annotated[int, typer.Option(help="Begin with this record; 0 is the next", min=0)] = 0,
) -> None:
    """Print every record as it is written, a line each, until Ctrl-C."""
    session = of(context)
    # As in `token watch`: Ctrl-C is the way to end it, and each line is written at once.
    signal.signal(signal.SIGINT, lambda *_: os._exit(DONE))
    with session.client() as client:
        for record in client.audit.follow(first):
            print(printing.line(session.output, record), flush=True)
