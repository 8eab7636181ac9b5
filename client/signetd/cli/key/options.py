"""Arguments and options that the commands below ``signetctl key`` share."""

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The key's name")]
Token = Annotated[str, typer.Option(help="The token that holds it")]
CkaId = Annotated[str, typer.Option("--id", help="CKA_ID in hex, at most 32 bytes")]
Label = Annotated[str, typer.Option(help="CKA_LABEL")]
Algorithm = Annotated[str | None, typer.Option(help="Used when a request names none")]
Purpose = Annotated[
    str | None,
    typer.Option(
        help="signing (the default), seal-making, sealing, or audit for the key of the audit; it "
        "stays"
    ),
]


def cka_id(text: str) -> bytes:
    """Read a CKA_ID in hex; raises typer.BadParameter."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not hex", param_hint="--id") from None
