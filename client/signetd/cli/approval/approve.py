"""``signetctl approval approve``: approve what somebody has asked for."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli import document
from signetd.cli.approval import shown
from signetd.cli.approval.options import Certificate, Comment, Credential, Name, Roles
from signetd.cli.document import SignerId
from signetd.cli.session import Output, Session, of

if TYPE_CHECKING:
    from signetd.api.v1.approval_service_pb2 import Approval
    from signetd.client import Client


def command(
    context: typer.Context,
    name: Name,
    file: Annotated[
        Path | None,
        typer.Option(help="The document that you have read; its hash must be the approval's"),
    ] = None,
    signer_id: SignerId = None,
    roles: Roles = None,
    credential: Credential = None,
    certificate: Certificate = "",
    comment: Comment = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Show what is to be approved, and approve it.

    With --file the document is hashed here, so that what you have read is what will be signed, or
    stamped (in an OFD document: its Signature.xml). With --role and --credential the values of an
    administrator are compared in the same way.
    """
    session = of(context)
    with session.client() as client:
        approval = client.get_approval(name)
        digest = approval.digest
        if file is not None:
            digest = _of_file(session, client, approval, file, signer_id)
        if roles or credential:
            digest = _of_administrator(session, approval, roles or [], credential, certificate)
        if digest != approval.digest:
            session.fail(_differs(approval, digest), reason="APPROVAL_INVALID")
        if not yes:
            _ask(session, approval)
        shown.one(session.output, client.approve_approval(name, digest, comment=comment))


def _of_file(
    session: Session, client: "Client", approval: "Approval", file: Path, signer_id: str | None
) -> bytes:
    if approval.operation == "stamp":
        return document.digest(file)
    if approval.operation != "sign":
        session.fail("--file is for signatures and stamps; this is another operation")
    from signetd.api.v1.resources_pb2 import Algorithm
    from signetd.client.seen import item_digest

    algorithm = Algorithm.Name(approval.algorithm).removeprefix("ALGORITHM_")
    return item_digest(
        document.item(
            client,
            file,
            key=approval.resource,
            algorithm=algorithm,
            encoding=None,
            signer_id=signer_id,
        )
    )


def _of_administrator(
    session: Session,
    approval: "Approval",
    roles: list[str],
    credential: str | None,
    certificate: str,
) -> bytes:
    if approval.operation != "add-administrator":
        session.fail("--role and --credential are for administrators; this is another operation")
    if not roles or credential is None:
        session.fail("give every --role, the --credential and the --certificate-sha256, if any")
    from signetd.client.seen import administrator_digest

    return administrator_digest(approval.resource, roles, credential or "", certificate)


def _differs(approval: "Approval", digest: bytes) -> str:
    return (
        f"what you have seen is not what {approval.name} is for: yours has the digest "
        f"{digest.hex()}, the approval {approval.digest.hex()}; nothing was approved"
    )


def _ask(session: Session, approval: "Approval") -> None:
    with redirect_stdout(sys.stderr):  # stdout has nothing but the result
        shown.one(Output.TABLE, approval)
    if not typer.confirm("Approve this?", err=True):
        session.fail("nothing was approved")
