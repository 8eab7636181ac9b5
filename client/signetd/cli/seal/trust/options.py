"""What the commands on trust lists have in common."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1.verification_service_pb2 import TrustList

Name = Annotated[str, typer.Argument(metavar="LIST", help="Name of the trust list")]


def shown(found: "TrustList") -> dict[str, Any]:
    """Return a trust list as plain values, without its content."""
    return {name: value for name, value in plain(found).items() if name != "content"}


def one(output: Output, found: "TrustList") -> None:
    """Print a trust list."""
    show.one(output, shown(found))
