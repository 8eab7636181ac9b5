"""Choosing the one key pair that an enrolment means. Pure."""

from collections.abc import Sequence

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyInfo, ObscureKey, Survey

_SHOWN = 8


def choose(survey: Survey, cka_id: bytes, label: str) -> KeyInfo:
    """Return the one key pair with this CKA_ID and label (an empty one matches any).

    Raises SignetError(KEY_NOT_ON_TOKEN, KEY_AMBIGUOUS, KEY_UNPROTECTED).
    """

    def matches(found_id: bytes, found_label: str) -> bool:
        return (not cka_id or found_id == cka_id) and (not label or found_label == label)

    found = [each for each in survey.pairs if matches(each.ref.cka_id, each.label)]
    obscure = [each for each in survey.obscure if matches(each.cka_id, each.label)]
    if len(found) + len(obscure) > 1:
        raise _ambiguous(found, obscure)
    if obscure:
        raise SignetError(
            Reason.KEY_NOT_ON_TOKEN,
            f"the token holds {_obscure(obscure[0])}, which is no key pair that can be used: "
            f"{obscure[0].why}. Write its public key to the token, with this CKA_ID and label",
        )
    if not found:
        names = [_pair(each) for each in survey.pairs] + [_obscure(o) for o in survey.obscure]
        raise SignetError(
            Reason.KEY_NOT_ON_TOKEN,
            "the token holds no such key pair of a type that is served"
            + (f"; it holds {_listed(names)}" if names else ""),
        )
    if found[0].weaknesses:
        raise SignetError(
            Reason.KEY_UNPROTECTED,
            f"the token does not protect {_pair(found[0])} as it must: "
            + "; ".join(found[0].weaknesses),
        )
    return found[0]


def _ambiguous(found: Sequence[KeyInfo], obscure: Sequence[ObscureKey]) -> SignetError:
    names = [f"{_pair(each)} with the public key {each.ref.fingerprint.hex()}" for each in found]
    names += [f"{_obscure(each)}, of which {each.why}" for each in obscure]
    labels = {each.label for each in found} | {each.label for each in obscure}
    ids = {each.ref.cka_id for each in found} | {each.cka_id for each in obscure}
    apart = [w for w, values in (("label", labels), ("CKA_ID", ids)) if len(values) == len(names)]
    way_out = (
        f"They differ in {' and '.join(apart)}: name one by both"
        if apart
        else "They have one CKA_ID and label: give one of them another with the token's own tool"
    )
    return SignetError(
        Reason.KEY_AMBIGUOUS, f"{len(names)} key pairs match: {_listed(names)}. {way_out}"
    )


def _pair(info: KeyInfo) -> str:
    return f'"{info.label}" (CKA_ID {info.ref.cka_id.hex() or "empty"})'


def _obscure(key: ObscureKey) -> str:
    return f'"{key.label}" (CKA_ID {key.cka_id.hex() or "empty"})'


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
