"""Checks of what a caller gives when a key is registered or listed; pure."""

import base64
import binascii
import re
from typing import Final

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.drivers.algorithms import ALGORITHMS_OF
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType

MAX_PAGE_SIZE: Final = 1000
"""Most keys on a page."""
DEFAULT_PAGE_SIZE: Final = 100
"""Keys on a page when the caller does not say."""

_KEY_ID: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
MAX_CKA_ID_BYTES: Final = 32
"""Longest CKA_ID: what tokens commonly keep whole."""
MAX_LABEL_BYTES: Final = 255
"""Longest CKA_LABEL, in bytes of UTF-8."""


def check_key_id(key_id: str) -> None:
    """Raise INPUT_INVALID unless *key_id* can be the last part of a resource name."""
    if not _KEY_ID.fullmatch(key_id):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"key_id {key_id[:80]!r} is not a name for a key: use 1 to 63 lower-case letters, "
            "digits and hyphens; begin with a letter and do not end with a hyphen.",
        )


def check_location(cka_id: bytes, label: str) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless a key pair can be looked for by these."""
    if not cka_id and not label:
        raise SignetError(
            Reason.INPUT_MISSING, "Neither cka_id nor label is given; give at least one of them."
        )
    # A lone surrogate has no UTF-8; it counts here as its three bytes and is refused below.
    sizes = {
        "cka_id": (len(cka_id), MAX_CKA_ID_BYTES),
        "label": (len(label.encode("utf-8", "surrogatepass")), MAX_LABEL_BYTES),
    }
    for field, (size, most) in sizes.items():
        if size > most:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"{field} has {size} bytes; it may have at most {most}. Find the pair by the other "
                "of cka_id and label, or give it a shorter one with the token's own tool.",
            )
    if any("\ud800" <= char <= "\udfff" for char in label):
        raise SignetError(Reason.INPUT_INVALID, "label is not valid UTF-8.")


def choose_default(key_type: KeyType, algorithm: Algorithm | None) -> Algorithm:
    """Return the default algorithm of a new key; raises ALGORITHM_UNSUITABLE."""
    if algorithm is None:
        return ALGORITHMS_OF[key_type][0]
    check_suits(key_type, algorithm)
    return algorithm


def check_suits(key_type: KeyType, algorithm: Algorithm) -> None:
    """Raise ALGORITHM_UNSUITABLE, naming what fits, unless the key can be used so."""
    fitting = ALGORITHMS_OF[key_type]
    if algorithm not in fitting:
        raise SignetError(
            Reason.ALGORITHM_UNSUITABLE,
            f"{algorithm} does not fit a key of the type {key_type}; these do: "
            f"{', '.join(fitting)}.",
        )


def check_verification(key: RegisteredKey, policy: KeyPolicy) -> None:
    """Raise KEY_PURPOSE_WRONG if *policy* leaves out a verification that this key must have."""
    if policy.skip_verification and key.purpose is not KeyPurpose.SIGNING:
        raise SignetError(
            Reason.KEY_PURPOSE_WRONG,
            f"policy.skip_verification is not for the key {key.id!r}, which is for {key.purpose}: "
            "seals, stamps and the audit rest on its signatures, and each of them is verified. "
            "Leave it out; only a key for SIGNING may have it.",
        )


def check_page_size(page_size: int) -> int:
    """Return the size of the page, 0 meaning the default; raises INPUT_INVALID."""
    if not 0 <= page_size <= MAX_PAGE_SIZE:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"page_size is {page_size}; it must be 1 to {MAX_PAGE_SIZE}, or 0 for "
            f"{DEFAULT_PAGE_SIZE}.",
        )
    return page_size or DEFAULT_PAGE_SIZE


def page_token_after(key_id: str) -> str:
    """Return the token of the page that begins after *key_id*."""
    return base64.urlsafe_b64encode(key_id.encode()).decode()


def read_page_token(page_token: str) -> str:
    """Return the name after which the page begins, "" for the first; raises INPUT_INVALID."""
    if not page_token:
        return ""
    try:
        key_id = base64.b64decode(page_token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        key_id = ""
    if not _KEY_ID.fullmatch(key_id) or page_token_after(key_id) != page_token:
        raise SignetError(
            Reason.INPUT_INVALID,
            "page_token is not one that this service gave; use next_page_token of the page "
            "before, or leave it empty for the first page.",
        )
    return key_id


def check_same_type(wanted: KeyType, found: KeyType) -> None:
    """Raise ALGORITHM_UNSUITABLE unless a pair is of the type of the key that it shall replace."""
    if found is not wanted:
        raise SignetError(
            Reason.ALGORITHM_UNSUITABLE,
            f"The key is of the type {wanted}, and the pair on the token of the type {found}; the "
            "type of a key stays. Make a new key for it.",
        )


def check_same_pair(key: RegisteredKey, spki: bytes) -> None:
    """Raise POLICY_CHANGED unless *key* has the public key *spki* that its changer has seen."""
    if key.spki != spki:
        raise SignetError(
            Reason.POLICY_CHANGED,
            f"The key {key.id!r} was given another pair meanwhile. Look at it, and try again.",
        )
