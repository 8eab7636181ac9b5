"""``signetctl approval watch``: print the open approvals, and every change as it comes."""

import os
import signal

import typer

from signetd.cli.approval import shown
from signetd.cli.session import DONE, of


def command(context: typer.Context) -> None:
    """Print the open approvals that you may see, then every change, until Ctrl-C."""
    session = of(context)
    # As ``signetctl token watch`` does, which says why.
    signal.signal(signal.SIGINT, lambda *_: os._exit(DONE))
    with session.client() as client:
        for change in client.watch_approvals():
            print(shown.line(session.output, change.approval), flush=True)
