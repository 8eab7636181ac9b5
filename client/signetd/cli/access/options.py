"""Arguments and options that the commands below ``signetctl access`` share."""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

Identity = Annotated[str, typer.Argument(metavar="NAME", help="The identity's name")]
Group = Annotated[str, typer.Argument(metavar="NAME", help="The group's name")]
Approval = Annotated[
    str, typer.Option(help="The approval for it, where an administrator's role needs one")
]
Certificate = Annotated[
    str | None,
    typer.Option(help="The one certificate that is accepted: a PEM file, or its SHA-256 in hex"),
]


def certificate_sha256(value: str) -> str:
    """Return the SHA-256 of a certificate (of its DER), given as a PEM file or as that number."""
    digits = value.replace(":", "").lower()
    if re.fullmatch(r"[0-9a-f]{64}", digits):
        return digits
    import ssl  # OpenSSL, and a twentieth of the time of `signetctl --help`

    try:
        der = ssl.PEM_cert_to_DER_cert(Path(value).read_text().strip())
    except (OSError, ValueError):
        raise typer.BadParameter(
            f"{value} is neither a file with one certificate in PEM nor a SHA-256 in hex",
            param_hint="--certificate",
        ) from None
    return hashlib.sha256(der).hexdigest()


def moment(value: str | None, option: str) -> datetime | None:
    """Read a time in ISO 8601 with its zone, if one is given."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(
            f"{value} is not a time such as 2027-01-01T00:00+08:00; give the zone as well",
            param_hint=option,
        )
    return found
