"""Arguments and options that the commands below ``signetctl key`` share."""

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The key's name")]
Token = Annotated[str, typer.Option(help="The token that holds it")]
Algorithm = Annotated[str | None, typer.Option(help="Used when a request names none")]
Purpose = Annotated[
    str | None,
    typer.Option(
        help="signing (the default), seal-making, sealing, or audit for the key of the audit; it "
        "stays"
    ),
]
