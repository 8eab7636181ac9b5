"""The digest of what somebody has seen, computed here, to compare with an approval's."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from signetd.client import errors
from signetd.client.messages import SignItem
from signetd.gm.sm3 import sm3


def item_digest(item: SignItem) -> bytes:
    """Return the digest by which an approval names *item*, as ``file_item`` makes it.

    It has a message for Ed25519 only, which is named by its SHA-256. Raises InvalidRequest for an
    item with nothing in it.
    """
    if item.digest is not None:
        return item.digest
    if item.message is None:
        raise errors.InvalidRequest("there is neither message nor digest", reason="INPUT_MISSING")
    return hashlib.sha256(item.message).digest()


def administrator_digest(
    name: str, roles: Iterable[str], credential: str, certificate_sha256: str = ""
) -> bytes:
    """Return the digest by which an approval names an administrator with these values.

    *roles* such as "security-admin", *credential* such as "common-name".
    """
    return _digest(
        {
            "name": name,
            "roles": sorted(role.lower().replace("_", "-") for role in roles),
            "credential": credential.upper().replace("-", "_"),
            "certificate_sha256": certificate_sha256.lower(),
        }
    )


def destruction_digest(key: str, public_key_fingerprint: str) -> bytes:
    """Return the digest by which an approval names a key's destruction; *key* is `keys/{key}`."""
    return _digest({"key": key, "public_key_fingerprint": public_key_fingerprint})


def _digest(values: dict[str, Any]) -> bytes:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sm3(text.encode())
