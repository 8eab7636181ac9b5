"""``signetctl access grant add``: make a permission or a prohibition."""

from typing import Annotated

import typer

from signetd.cli.access import options, records
from signetd.cli.access.grant import hours
from signetd.cli.access.grant.subject import To, ToGroup, subject
from signetd.cli.session import of


def command(
    context: typer.Context,
    keys: Annotated[str, typer.Option(help="Names of keys; * stands for any characters")],
    operation: Annotated[
        list[str],
        typer.Option(
            help="read, verify, sign or stamp; may be repeated. Who signs documents with "
            "signetctl, or approves them with --file, needs read as well: they are hashed with the "
            "public key"
        ),
    ],
    to: To = None,
    to_group: ToGroup = None,
    deny: Annotated[
        bool, typer.Option("--deny", help="Forbid it, whatever other grants allow")
    ] = False,
    purpose: Annotated[
        list[str] | None, typer.Option(help="Only for keys for signing, sealing, …")
    ] = None,
    algorithm: Annotated[
        list[str] | None, typer.Option(help="Only with it, e.g. rsa-pss-sha256")
    ] = None,
    not_before: Annotated[str | None, typer.Option(help="From this time on, ISO 8601")] = None,
    not_after: Annotated[str | None, typer.Option(help="Before this time, ISO 8601")] = None,
    weekdays: hours.Weekdays = None,
    start: hours.Start = None,
    end: hours.End = None,
    zone: hours.Zone = None,
    digest_only: Annotated[
        bool, typer.Option("--digest-only", help="Not for whole messages")
    ] = False,
    per_minute: Annotated[int, typer.Option(help="Most signatures in a minute", min=0)] = 0,
    per_day: Annotated[int, typer.Option(help="Most signatures in a day (UTC)", min=0)] = 0,
    in_all: Annotated[int, typer.Option(help="Most signatures for ever", min=0)] = 0,
    approvals: Annotated[int, typer.Option(help="How many must approve each", min=0)] = 0,
    approvers: Annotated[
        str, typer.Option(help="The group they belong to; default: security administrators")
    ] = "",
    comment: Annotated[str, typer.Option(help="Why")] = "",
) -> None:
    """Let an identity or a group use keys, or forbid it."""
    session = of(context)
    whom = subject(to, to_group)
    begins, ends = (
        options.moment(not_before, "--not-before"),
        options.moment(not_after, "--not-after"),
    )
    schedule = hours.schedule(weekdays, start, end, zone)
    with session.client() as client:
        from signetd.client import GrantItem

        wanted = GrantItem(
            subject=whom,
            keys=keys,
            operations=tuple(operation),
            deny=deny,
            purposes=tuple(purpose or ()),
            algorithms=tuple(algorithm or ()),
            not_before=begins,
            not_after=ends,
            schedule=schedule,
            digest_only=digest_only,
            per_minute=per_minute,
            per_day=per_day,
            in_all=in_all,
            approvals=approvals,
            approvers=approvers,
            comment=comment,
        )
        records.one(session.output, client.create_grant(wanted))
