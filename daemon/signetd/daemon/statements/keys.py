"""What is stated of a key: how it is registered, and what its token says of it now. Pure."""

import base64
import re
from collections.abc import Mapping
from typing import Final

from signetd.daemon.audit.chain import write_time
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.statements.document import Value
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import AttributeValue, TokenInfo

KEY: Final = "key"
"""The kind of a statement of what the token says of a key."""
DESTROYED: Final = "key-destroyed"
"""The kind of a statement that a key pair is not on its token any more."""
PROOFS: Final = (
    "CKA_LOCAL",
    "CKA_SENSITIVE",
    "CKA_ALWAYS_SENSITIVE",
    "CKA_EXTRACTABLE",
    "CKA_NEVER_EXTRACTABLE",
)
"""The attributes by which a token proves that a private key has never left it."""

_NAME: Final = re.compile(r"CKA_[A-Z0-9_]{1,60}")
_MOST: Final = 64
_LONGEST: Final = 4096  # characters


def held(
    pair: RegisteredKey, info: TokenInfo, attributes: Mapping[str, AttributeValue]
) -> dict[str, Value]:
    """State of *pair*, a key as one of its versions, what its token has just said.

    Raises TOKEN_FAILED if that cannot be attributes of a key.
    """
    missing = [name for name in PROOFS if name not in attributes]
    return {
        **_registered(pair),
        "protection_level": str(pair.protection_level),
        "token_manufacturer": info.manufacturer,
        "token_model": info.model,
        "module": info.module,
        "unreported": " ".join(missing),
        **_checked(attributes),
    }


def _checked(attributes: Mapping[str, AttributeValue]) -> Mapping[str, AttributeValue]:
    """Let attributes through, and nothing in the name of what the daemon says itself.

    They come from the process of a module, which is not believed in anything but that.
    """
    long = [each for each in attributes.values() if isinstance(each, str) and len(each) > _LONGEST]
    strange = [name for name in attributes if not _NAME.fullmatch(name)]
    if long or strange or len(attributes) > _MOST:
        raise SignetError(
            Reason.TOKEN_FAILED,
            f"What the token's module answers are no attributes of a key: {len(attributes)} "
            f"values, {len(long)} of them with more than {_LONGEST} characters, {len(strange)} "
            "with other names than CKA_…. Nothing is attested; check the module.",
        )
    return attributes


def gone(pair: RegisteredKey, info: TokenInfo, searched: str) -> dict[str, Value]:
    """State of *pair* that its token, in which it was, has nothing of it left."""
    return {
        **_registered(pair),
        "token_manufacturer": info.manufacturer,
        "token_model": info.model,
        "module": info.module,
        "searched": searched,
    }


def _registered(pair: RegisteredKey) -> dict[str, Value]:
    return {
        "key": f"keys/{pair.id}",
        "key_version": pair.version,
        "key_state": str(pair.state),
        "key_type": str(pair.key_type),
        "purpose": str(pair.purpose),
        "origin": str(pair.origin),
        "registered": write_time(pair.create_time),
        "spki": base64.b64encode(pair.spki).decode(),
        "public_key_fingerprint": pair.fingerprint,
        "cka_id": pair.cka_id.hex(),
        "token": f"tokens/{pair.token}",
        "token_label": pair.token_label,
        "token_serial": pair.token_serial,
    }
