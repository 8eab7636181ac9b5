"""``signetctl seal import``: take in a seal that was made elsewhere."""

from pathlib import Path
from typing import Annotated, Final

import typer

from signetd.cli.seal import application as applied
from signetd.cli.seal import shown
from signetd.cli.seal.options import Kind
from signetd.cli.session import Session, of

_MAX_BYTES: Final = 2 << 20


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that it shall have here")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its data (.esl: SESeal, DER)")],
    kind: Annotated[Kind, applied.KIND],
    owner: Annotated[str, applied.OWNER],
    code: Annotated[str, applied.CODE],
    key: Annotated[
        str, typer.Option(help="The key here that stamps with it; its certificate is in the seal")
    ] = "",
    trust_list: Annotated[
        str, typer.Option(help="The list that its maker must be in; default: the configuration")
    ] = "",
) -> None:
    """Take in a seal, if it verifies; it must be filed before it is used."""
    session = of(context)
    data = _read(session, file)
    with session.client() as client:
        found = client.seals.import_(
            name, data, kind=kind, owner=owner, code=code, key=key, trust_list=trust_list
        )
        shown.one(session.output, found)


def _read(session: Session, file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        session.fail(f"{file} cannot be read: {error.strerror}")
        raise
    if len(data) > _MAX_BYTES:
        session.fail(f"{file} has more than {_MAX_BYTES} bytes (2 MiB), which is no seal")
    return data
