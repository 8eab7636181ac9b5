"""``signetctl seal apply``: apply for a seal (申请)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.seal import application as applied
from signetd.cli.seal import options, shown
from signetd.cli.seal.options import Kind, Layout
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the new seal")],
    kind: Annotated[Kind, applied.KIND],
    title: Annotated[str, applied.TITLE],
    owner: Annotated[str, applied.OWNER],
    code: Annotated[str, applied.CODE],
    picture: Annotated[Path, applied.PICTURE],
    width: Annotated[int, applied.WIDTH],
    height: Annotated[int, applied.HEIGHT],
    until: Annotated[str, applied.UNTIL],
    key: Annotated[str, applied.KEY],
    start: Annotated[str | None, applied.FROM] = None,
    format: Annotated[Layout, applied.FORMAT] = Layout.V4,
    certificate: Annotated[list[Path] | None, applied.CERTIFICATE] = None,
) -> None:
    """Apply for a seal; somebody else reviews it, makes it and files it."""
    session = of(context)
    first = options.moment(start, "--from") if start else datetime.now(UTC).replace(microsecond=0)
    last = options.moment(until, "--until", end=True)
    others = applied.certificates(session, certificate)
    with session.client() as client:
        from signetd.client import SealItem

        item = SealItem(
            name=name,
            kind=kind,
            title=title,
            owner=owner,
            code=code,
            picture=picture,
            width=width,
            height=height,
            valid_from=first,
            valid_until=last,
            key=key,
            format=format,
            other_certificates=others,
        )
        shown.one(session.output, client.seals.apply(item))
