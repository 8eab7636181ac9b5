"""Options that ``signetctl audit export`` and ``verify`` share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

PublicKeys = Annotated[
    list[Path] | None,
    typer.Option(
        "--public-key", help="PEM of a key that may have signed; can be repeated", dir_okay=False
    ),
]


def read_public_keys(paths: Sequence[Path] | None) -> list[bytes]:
    """Return the keys of PEM files in DER; raises BadParameter."""
    from signetd.audit import PublicKeyError, read_public_key

    keys = []
    for path in paths or ():
        try:
            keys.append(read_public_key(path.read_bytes()))
        except OSError as error:
            raise typer.BadParameter(f"{path} cannot be read: {error.strerror}") from None
        except PublicKeyError as error:
            raise typer.BadParameter(f"{path} is not a public key: {error}") from None
    return keys
