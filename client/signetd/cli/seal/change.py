"""``signetctl seal change``: apply for a seal in the place of another (变更)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signetd.cli.seal import application as applied
from signetd.cli.seal import options, shown
from signetd.cli.seal.options import Kind, Layout, Name, Reason
from signetd.cli.session import of

if TYPE_CHECKING:
    from signetd.api.v1.seal_service_pb2 import Seal
    from signetd.client import SealItem


def command(
    context: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The name of the new seal")],
    reason: Reason,
    kind: Annotated[Kind | None, applied.KIND] = None,
    title: Annotated[str | None, applied.TITLE] = None,
    owner: Annotated[str | None, applied.OWNER] = None,
    code: Annotated[str | None, applied.CODE] = None,
    picture: Annotated[Path | None, applied.PICTURE] = None,
    width: Annotated[int | None, applied.WIDTH] = None,
    height: Annotated[int | None, applied.HEIGHT] = None,
    start: Annotated[str | None, applied.FROM] = None,
    until: Annotated[str | None, applied.UNTIL] = None,
    key: Annotated[str | None, applied.KEY] = None,
    format: Annotated[Layout | None, applied.FORMAT] = None,
    certificate: Annotated[list[Path] | None, applied.CERTIFICATE] = None,
) -> None:
    """Apply for a seal in the place of NAME, which ends when NEW is filed.

    What is not given is as in the old seal; it is valid from now on.
    """
    session = of(context)
    given = {
        "kind": kind,
        "title": title,
        "owner": owner,
        "code": code,
        "picture": picture,
        "width": width,
        "height": height,
        "valid_from": options.moment(start, "--from") if start else None,
        "valid_until": options.moment(until, "--until", end=True) if until else None,
        "key": key,
        "format": format,
        "other_certificates": applied.certificates(session, certificate) or None,
    }
    with session.client() as client:
        item = _item(client.seals.get(name), new, given)
        shown.one(session.output, client.seals.change(name, item, reason=reason))


def _item(old: "Seal", name: str, given: dict[str, Any]) -> "SealItem":
    """Return the seal that is applied for: the old one, but for what is given."""
    from signetd.api.v1.seal_service_pb2 import SealFormat, SealKind
    from signetd.client import SealItem

    values: dict[str, Any] = {
        "kind": SealKind.Name(old.kind).removeprefix("SEAL_KIND_").lower(),
        "title": old.title,
        "owner": old.owner.name,
        "code": old.owner.unified_social_credit_code,
        "picture": old.picture.data,
        "width": old.picture.width,
        "height": old.picture.height,
        "valid_from": datetime.now(UTC).replace(microsecond=0),
        "valid_until": old.valid_until.ToDatetime(tzinfo=UTC),
        "key": old.signing_key,
        "format": SealFormat.Name(old.format).removeprefix("SEAL_FORMAT_").lower(),
        "other_certificates": tuple(old.certificates[1:]),
    }
    changes = {field: value for field, value in given.items() if value is not None}
    return SealItem(name=name, **(values | changes))
