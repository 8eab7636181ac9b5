"""What every command shares: the global options, the connection, errors and exit codes.

gRPC is imported only when a command connects, so that ``signetctl --help`` is quick.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from signetd.client import Client

DONE, REFUSED, USAGE = 0, 1, 2


class Output(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True)
class Session:
    """The global options."""

    endpoint: str
    ca: Path | None
    certificate: Path | None
    private_key: Path | None
    output: Output
    timeout: float

    @contextmanager
    def client(self) -> "Iterator[Client]":
        """Connect; an error of the daemon or the client ends the command with exit code 1."""
        # gRPC would print its own lines beside our message; whoever wants them sets the variable.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        from signetd.client import Client, Endpoint, SignetdError

        try:
            endpoint = Endpoint(self.endpoint, self.ca, self.certificate, self.private_key)
            with Client(endpoint, timeout=self.timeout) as client:
                yield client
        except SignetdError as error:
            self.fail(error.message, reason=error.reason, retryable=error.retryable)

    def fail(self, message: str, **facts: object) -> None:
        """Print why a command was refused, and end it."""
        if self.output is Output.JSON:
            print(json.dumps({"error": message} | facts), file=sys.stderr)
        else:
            reason = f" [{facts['reason']}]" if facts.get("reason") else ""
            print(f"signetctl: {message}{reason}", file=sys.stderr)
        raise typer.Exit(REFUSED)


def of(context: typer.Context) -> Session:
    """Return the session of a command."""
    session = context.find_root().obj
    if not isinstance(session, Session):
        raise TypeError("the global options were not read")
    return session
