"""Arguments that the commands below ``signetctl token`` share."""

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The token's name in the configuration")]
