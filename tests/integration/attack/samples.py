"""Requests and objects that attacks begin with."""

from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from typing import Any

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import key_service_pb2 as messages
from signetd.api.v1 import signing_service_pb2 as signing
from tests.integration.attack.scene import FOUNDER, Scene
from tests.unit.pki import forest, holders
from tests.vectors.seals import loading


def identity(name: str, *roles: access.Role.ValueType, **fields: Any) -> access.Identity:
    """Return an identity on a socket, a signer if nothing else is said."""
    fields.setdefault("credential", access.CREDENTIAL_SOCKET)
    return access.Identity(name=name, roles=roles or (access.ROLE_SIGNER,), **fields)


def grant(subject: str, keys: str = "keys/*", **fields: Any) -> access.Grant:
    """Return a grant to sign with everything."""
    fields.setdefault("operations", [access.OPERATION_SIGN])
    return access.Grant(subject=subject, keys=keys, **fields)


def certificate(scene: Scene, key: str, common_name: str = "of the attack") -> bytes:
    """Return a certificate, valid now, of a key on P-256; *key* is its resource name."""
    spki = scene.by(FOUNDER).done("KeyService/GetPublicKey", messages.GetPublicKeyRequest(name=key))
    now = datetime.now(UTC)
    holder = holders.Key("ec", b"", spki.spki)
    life = (now - timedelta(days=1), now + timedelta(days=100))
    return forest.root("ec").leaf(common_name, holder, life=life).der


def item(text: str, key: str = "guarded", **fields: Any) -> signing.SignRequest:
    """Return a request for a signature over a message."""
    return signing.SignRequest(key=f"keys/{key}", message=text.encode(), **fields)


def request(text: str, key: str = "guarded", **fields: Any) -> approval.CreateApprovalRequest:
    """Return the request for an approval of that signature."""
    return approval.CreateApprovalRequest(sign=item(text, key), summary=text, **fields)


def approval_of(scene: Scene, text: str, by: str = "signer", key: str = "guarded") -> Any:
    """Ask for an approval."""
    return scene.by(by).done("ApprovalService/CreateApproval", request(text, key))


def vote(asked: approval.Approval) -> approval.ApproveApprovalRequest:
    """Return the vote for what was asked."""
    return approval.ApproveApprovalRequest(name=asked.name, digest=asked.digest)


def approved(
    scene: Scene,
    text: str,
    by: str = "signer",
    key: str = "guarded",
    voters: tuple[str, ...] = ("approver",),
) -> str:
    """Ask for an approval and have it approved; return its name."""
    asked = approval_of(scene, text, by, key)
    for voter in voters:
        scene.by(voter).done("ApprovalService/ApproveApproval", vote(asked))
    return str(asked.name)


def roots() -> bytes:
    """Return a trust list: a bundle of root certificates."""
    found = sorted(loading.surroundings().trust.iterdir())
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n"
        % encodebytes(each.read_bytes())
        for each in found
    )
