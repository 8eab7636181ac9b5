"""``signetctl key set-policy``: say what holds for every use of a key."""

from typing import Annotated

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    per_minute: Annotated[int, typer.Option(help="Most signatures in a minute", min=0)] = 0,
    per_day: Annotated[int, typer.Option(help="Most signatures in a day (UTC)", min=0)] = 0,
    in_all: Annotated[int, typer.Option(help="Most signatures for ever", min=0)] = 0,
    approvals: Annotated[int, typer.Option(help="How many must approve each", min=0)] = 0,
    approvers: Annotated[
        str, typer.Option(help="The group they belong to; default: security administrators")
    ] = "",
    algorithm: Annotated[
        list[str] | None,
        typer.Option(help="Only with it, e.g. rsa-pss-sha256; may be repeated"),
    ] = None,
    skip_verification: Annotated[
        bool,
        typer.Option(
            "--skip-verification",
            help="Give signatures out unverified: faster, but a faulty token is not noticed",
        ),
    ] = False,
) -> None:
    """Say what holds for every use of a key, in place of what held; without options nothing does.

    What grants say holds as well.
    """
    session = of(context)
    with session.client() as client:
        from signetd.client import KeyPolicyItem

        wanted = KeyPolicyItem(
            per_minute=per_minute,
            per_day=per_day,
            in_all=in_all,
            approvals=approvals,
            approvers=approvers,
            algorithms=tuple(algorithm or ()),
            skip_verification=skip_verification,
        )
        shown.one(session.output, client.set_key_policy(name, wanted))
