"""``signetctl audit list``: list records."""

import itertools
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from signetd.cli.audit import printing
from signetd.cli.session import of


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a time such as 2026-11-25T13:45") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_TIME = "e.g. 2026-11-25 or 2026-11-25T13:45:00+08:00; UTC where no zone is given"


def command(
    context: typer.Context,
    identity: Annotated[str, typer.Option(help="Only those of this identity")] = "",
    key: Annotated[str, typer.Option(help="Only those about this key")] = "",
    resource: Annotated[str, typer.Option(help="Only those about this, e.g. tokens/hsm1")] = "",
    operation: Annotated[str, typer.Option(help="E.g. sign, or KeyService/DestroyKey")] = "",
    result: Annotated[str, typer.Option(help="OK, or the reason of a refusal")] = "",
    begin: Annotated[str | None, typer.Option("--from", help=f"From then on, {_TIME}")] = None,
    end: Annotated[str | None, typer.Option("--until", help="Before then")] = None,
    denied: Annotated[bool, typer.Option("--denied", help="Only what was refused")] = False,
    limit: Annotated[int, typer.Option(help="At most so many; 0 is all", min=0)] = 100,
) -> None:
    """List records, the oldest first."""
    session = of(context)
    first, last = _moment(begin), _moment(end)
    with session.client() as client:
        from signetd.client import RecordFilter

        wanted = RecordFilter(
            identity=identity,
            key=key,
            resource=resource,
            operation=operation,
            result=result,
            begin=first,
            end=last,
            denied_only=denied,
        )
        found = list(itertools.islice(client.audit.records(wanted), limit + 1 if limit else None))
    printing.records(session.output, found[:limit] if limit else found)
    if limit and len(found) > limit:
        print("note: there are more; raise --limit, or begin with a later --from", file=sys.stderr)
