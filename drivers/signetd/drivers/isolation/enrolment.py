"""Choosing the one key pair that an enrolment means. Pure."""

from collections.abc import Sequence

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyInfo


def choose(infos: Sequence[KeyInfo], cka_id: bytes, label: str) -> KeyInfo:
    """Return the one key pair with this CKA_ID and label (an empty one matches any).

    Raises SignetError(KEY_NOT_ON_TOKEN, KEY_AMBIGUOUS, KEY_UNPROTECTED).
    """
    found = [
        info
        for info in infos
        if (not cka_id or info.ref.cka_id == cka_id) and (not label or info.label == label)
    ]
    if not found:
        raise SignetError(
            Reason.KEY_NOT_ON_TOKEN,
            "the token holds no such key pair of a type that is served"
            + (f"; it holds {_named(infos)}" if infos else ""),
        )
    if len(found) > 1:
        raise SignetError(
            Reason.KEY_AMBIGUOUS, f"{len(found)} key pairs match: {_named(found)}; name one by both"
        )
    if found[0].weaknesses:
        raise SignetError(
            Reason.KEY_UNPROTECTED,
            f"the token does not protect {_named(found)} as it must: "
            + "; ".join(found[0].weaknesses),
        )
    return found[0]


def _named(infos: Sequence[KeyInfo]) -> str:
    shown = [f'"{i.label}" (CKA_ID {i.ref.cka_id.hex() or "empty"})' for i in infos[:8]]
    more = len(infos) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
