"""What exactly is approved: a signature, a stamp, a key's destruction, an administrator, a seal."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from signetd.daemon.approvals.types import Subject
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Credential, Role
from signetd.daemon.seals.types import RegisteredSeal
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.validate import Checked
from signetd.gm.sm3 import sm3

SIGN: Final = "sign"
DESTROY_KEY: Final = "destroy-key"
ADD_ADMINISTRATOR: Final = "add-administrator"
MAKE_SEAL: Final = "make-seal"
STAMP: Final = "stamp"


async def signature(checked: Checked) -> Subject:
    """Return the subject of a signature; a message is hashed, and not kept."""
    return Subject(
        operation=SIGN,
        resource=f"keys/{checked.key.id}",
        algorithm=checked.algorithm,
        digest=await named_digest(checked),
    )


def destruction(key: RegisteredKey, version: int | None = None) -> Subject:
    """Return the subject of a key's destruction: of this very pair, by its fingerprint.

    With a *version* it is for that one alone, as which *key* is given then.
    """
    resource = f"keys/{key.id}"
    named = resource if version is None else f"{resource}/versions/{version}"
    values = {"key": named, "public_key_fingerprint": key.fingerprint}
    return Subject(operation=DESTROY_KEY, resource=resource, digest=_digest(values))


def administrator(
    name: str, roles: Iterable[Role], credential: Credential, certificate_sha256: str
) -> Subject:
    """Return the subject of making somebody an administrator, with exactly these values."""
    values = {
        "name": name,
        "roles": sorted(str(role) for role in roles),
        "credential": str(credential),
        "certificate_sha256": certificate_sha256,
    }
    return Subject(operation=ADD_ADMINISTRATOR, resource=name, digest=_digest(values))


def making(seal: RegisteredSeal, maker: RegisteredKey, seal_id: str) -> Subject:
    """Return the subject of a seal's making: of this application, with this key and code."""
    values = {
        "seal": seal.name,
        "seal_id": seal_id,
        "format": int(seal.format),
        "kind": str(seal.kind),
        "title": seal.title,
        "owner": {"name": seal.owner.name, "unified_social_credit_code": seal.owner.code},
        "picture": {
            "kind": seal.picture.kind,
            "sm3": sm3(seal.picture.data).hex(),
            "width": seal.picture.width,
            "height": seal.picture.height,
        },
        "valid_from": seal.valid_from,
        "valid_until": seal.valid_until,
        "signing_key": f"keys/{seal.signing_key}",
        "certificates_sm3": [sm3(each).hex() for each in seal.certificates],
        "applicant": seal.applicant,
        "replaces": f"seals/{seal.replaces}" if seal.replaces else "",
        "maker_key": f"keys/{maker.id}",
        "maker_key_fingerprint": maker.fingerprint,
    }
    return Subject(operation=MAKE_SEAL, resource=seal.name, digest=_digest(values))


def stamp(seal: str, document_digest: bytes) -> Subject:
    """Return the subject of a stamp: of this seal (a bare name) on this document, by its SM3."""
    return Subject(operation=STAMP, resource=f"seals/{seal}", digest=document_digest)


def described(subject: Subject) -> str:
    """Name a subject in a line, for the audit."""
    words = (subject.operation, subject.resource, str(subject.algorithm or ""))
    return " ".join((*filter(None, words), f"digest={subject.digest.hex()}"))


def _digest(values: Mapping[str, Any]) -> bytes:
    # Canonical: UTF-8, the names sorted, no spaces. Whoever approves can compute it again.
    return sm3(msgspec.json.encode(values, order="sorted"))
