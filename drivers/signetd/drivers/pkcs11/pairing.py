"""Which public key belongs to which private key of a token, where CKA_ID alone does not tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pkcs11
from pkcs11.constants import Attribute, ObjectClass

from signetd.drivers.pkcs11 import objects, publickey

_WANTED = [Attribute.ID, Attribute.LABEL, *publickey.ATTRIBUTES]


class PublicObject(NamedTuple):
    """A public key's object; ``spki`` is None where the token does not tell the key."""

    handle: Any
    cka_id: bytes
    label: str
    key_type: int | None
    spki: bytes | None


class Match(NamedTuple):
    """The public key of a private one, and its object; ``why`` is why it is not known."""

    spki: bytes | None
    public: Any
    why: str = ""


def read_publics(session: pkcs11.Session, sm2_key_type: int | None) -> list[PublicObject]:
    """Read the public keys that a session shows. Raises PKCS11Error."""
    found = objects.find(session, {Attribute.CLASS: ObjectClass.PUBLIC_KEY})
    return [read_public(each, sm2_key_type) for each in found]


def read_public(handle: Any, sm2_key_type: int | None) -> PublicObject:
    """Read one public key. Raises PKCS11Error."""
    attributes = handle.get_attributes(_WANTED)
    return PublicObject(
        handle,
        attributes.get(Attribute.ID, b""),
        attributes.get(Attribute.LABEL, ""),
        attributes.get(Attribute.KEY_TYPE),
        told(attributes, sm2_key_type),
    )


def told(attributes: Mapping[Any, Any], sm2_key_type: int | None) -> bytes | None:
    """Return the SubjectPublicKeyInfo that an object itself tells of; None if it does not."""
    try:
        return publickey.spki(attributes, sm2_key_type)
    except ValueError:
        return None


def match(
    privates: Sequence[Mapping[Any, Any]],
    publics: Sequence[PublicObject],
    sm2_key_type: int | None,
) -> list[Match]:
    """Find the public key of each private one, in their order.

    What the private object itself tells (RSA, some tokens for EC) is believed first. Else its
    public object is the one of its type with its CKA_ID, or of several the one with its label too;
    one that two private keys would claim is nobody's: it could be that of either.
    """
    candidates = [_candidates(each, publics) for each in privates]
    own = [told(each, sm2_key_type) for each in privates]
    claims = Counter(
        id(found[0]) for found, mine in zip(candidates, own, strict=True) if len(found) == 1
    )
    matches = []
    for mine, found in zip(own, candidates, strict=True):
        if mine is not None:
            same = [public for public in found if public.spki == mine]
            matches.append(Match(mine, same[0].handle if same else None))
        elif len(found) == 1 and claims[id(found[0])] == 1:
            matches.append(Match(found[0].spki, found[0].handle, _untold(found[0])))
        else:
            matches.append(Match(None, None, _why(len(found))))
    return matches


def _candidates(private: Mapping[Any, Any], publics: Sequence[PublicObject]) -> list[PublicObject]:
    cka_id, label = private.get(Attribute.ID, b""), private.get(Attribute.LABEL, "")
    key_type = private.get(Attribute.KEY_TYPE)
    same = [p for p in publics if p.cka_id == cka_id and p.key_type == key_type]
    if len(same) > 1 or not cka_id:
        same = [p for p in same if p.label == label]
    return same


def _untold(public: PublicObject) -> str:
    return "" if public.spki else "the token does not tell its public key"


def _why(candidates: int) -> str:
    if not candidates:
        return "it has no public key object, and does not tell its public key itself"
    if candidates == 1:
        return "several private keys have the CKA_ID of one public key object"
    return f"{candidates} public key objects have its CKA_ID and its label"
