"""What exactly is approved, of a signature, of the destruction of a key, of an administrator."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from signetd.daemon.approvals.types import Subject
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Credential, Role
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.validate import Checked
from signetd.gm.sm3 import sm3

SIGN: Final = "sign"
DESTROY_KEY: Final = "destroy-key"
ADD_ADMINISTRATOR: Final = "add-administrator"


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


def described(subject: Subject) -> str:
    """Name a subject in a line, for the audit."""
    words = (subject.operation, subject.resource, str(subject.algorithm or ""))
    return " ".join((*filter(None, words), f"digest={subject.digest.hex()}"))


def _digest(values: Mapping[str, Any]) -> bytes:
    # Canonical: UTF-8, the names sorted, no spaces. Whoever approves can compute it again.
    return sm3(msgspec.json.encode(values, order="sorted"))
