"""The versions of a key: each seen as a registration of its own, and one that takes over; pure."""

from datetime import datetime
from typing import Final

import msgspec

from signetd.daemon.keys.types import KeyState, KeyVersion, RegisteredKey
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyInfo, TokenInfo

MAX_VERSIONS: Final = 100
"""Most versions of a key: a signature that is not valid is tried against each of them."""

_COMMON: Final = (
    "version",
    "token",
    "token_label",
    "token_serial",
    "cka_id",
    "spki",
    "protection_level",
    "create_time",
    "certificates",
)


def seen_as(key: RegisteredKey, version: KeyVersion) -> RegisteredKey:
    """Return *key* as it would be with the pair of *version*, and nothing older."""
    values = {name: getattr(version, name) for name in _COMMON}
    return msgspec.structs.replace(key, **values, older=())


def every(key: RegisteredKey) -> list[RegisteredKey]:
    """Return the key as each of its versions, the one that signs first, then the newest first."""
    return [key, *(seen_as(key, version) for version in key.older)]


def fingerprints(key: RegisteredKey) -> list[str]:
    """Return the fingerprints of all public keys that a key has and had."""
    return [key.fingerprint, *(version.fingerprint for version in key.older)]


def at(key: RegisteredKey, version: int | None) -> RegisteredKey:
    """Return the key as one of its versions, None for the one that signs; raises KEY_NOT_FOUND."""
    if version is None or version == key.version:
        return key
    return seen_as(key, _older(key, version))


def is_destroyed(key: RegisteredKey, version: int) -> bool:
    """Whether the pair of a version was destroyed; raises KEY_NOT_FOUND."""
    if version == key.version:
        return key.state is KeyState.DESTROYED
    return _older(key, version).destroyed


def _older(key: RegisteredKey, version: int) -> KeyVersion:
    for pair in key.older:
        if pair.version == version:
            return pair
    raise SignetError(
        Reason.KEY_NOT_FOUND,
        f"The key {key.id!r} has no version {version}; its newest is {key.version}.",
    )


def retired(key: RegisteredKey) -> KeyVersion:
    """Return the pair that signs now as one that only verifies."""
    return KeyVersion(**{name: getattr(key, name) for name in _COMMON})


def check_room(key: RegisteredKey) -> None:
    """Raise KEY_STATE_WRONG if the key has as many versions as it may have."""
    if key.version >= MAX_VERSIONS:
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The key {key.id!r} has {key.version} versions, and may have at most {MAX_VERSIONS}. "
            "Make a new key.",
        )


def replaced(
    key: RegisteredKey, token: str, info: TokenInfo, pair: KeyInfo, now: datetime
) -> dict[str, object]:
    """Return the values that change when *pair* takes the place of the one that signs."""
    return {
        "version": key.version + 1,
        "token": token,
        "token_label": info.label,
        "token_serial": info.serial,
        "cka_id": pair.ref.cka_id,
        "spki": pair.spki,
        "protection_level": pair.protection_level,
        "create_time": now,
        "certificates": (),
        "older": (retired(key), *key.older),
    }


def marked_destroyed(key: RegisteredKey, version: int) -> tuple[KeyVersion, ...]:
    """Return the older versions of a key, one of them marked as destroyed."""
    return tuple(
        msgspec.structs.replace(each, destroyed=True) if each.version == version else each
        for each in key.older
    )


def label(key_id: str, version: int) -> str:
    """Return the CKA_LABEL of the pair that is generated for a version; no name has a dot in it."""
    return key_id if version == 1 else f"{key_id}.v{version}"
