"""Which public key belongs to which private one, where tokens do not say it plainly."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.constants import Attribute

from signetd.drivers.pkcs11 import pairing
from signetd.drivers.pkcs11.inventory import Inventory
from signetd.drivers.pkcs11.pairing import PublicObject, told
from signetd.drivers.pkcs11.plan import EC_PARAMS
from signetd.drivers.pkcs11.profiles import load
from signetd.drivers.types import KeyRef, KeyType, ProtectionLevel

CKK_EC = 3
PROTECTED: dict[Any, Any] = {
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
}


def point() -> dict[Any, Any]:
    """The attributes of a public key that somebody else has made."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    octets = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        Attribute.EC_PARAMS: EC_PARAMS[KeyType.EC_P256],
        Attribute.EC_POINT: b"\x04\x41" + octets,
    }


def named(cka_id: bytes, label: str, **more: Any) -> dict[Any, Any]:
    return {Attribute.ID: cka_id, Attribute.LABEL: label, Attribute.KEY_TYPE: CKK_EC} | more


def public(cka_id: bytes, label: str, key: dict[Any, Any]) -> PublicObject:
    spki = told(named(cka_id, label) | key, None)
    return PublicObject(object(), cka_id, label, CKK_EC, spki)


A, B = point(), point()


def spkis(privates: list[dict[Any, Any]], publics: list[PublicObject]) -> list[bytes | None]:
    return [each.spki for each in pairing.match(privates, publics, None)]


def test_one_of_a_cka_id_is_taken_whatever_its_label() -> None:
    a = public(b"1", "public a", A)
    assert spkis([named(b"1", "private a")], [a, public(b"2", "b", B)]) == [a.spki]


def test_of_several_of_a_cka_id_the_label_decides() -> None:
    a, b = public(b"1", "a", A), public(b"1", "b", B)
    assert spkis([named(b"1", "b"), named(b"1", "a")], [a, b]) == [b.spki, a.spki]


def test_without_a_cka_id_the_label_must_agree() -> None:
    a = public(b"", "a", A)
    assert spkis([named(b"", "a"), named(b"", "b")], [a]) == [a.spki, None]


@pytest.mark.parametrize("label", ["same", ""])
def test_what_nothing_tells_apart_has_no_public_key(label: str) -> None:
    publics = [public(b"1", label, A), public(b"1", label, B)]
    matches = pairing.match([named(b"1", label)] * 2, publics, None)
    assert [each.spki for each in matches] == [None, None]
    assert all("2 public key objects" in each.why for each in matches)


def test_a_public_object_that_two_claim_is_nobodys() -> None:
    matches = pairing.match([named(b"1", "a"), named(b"1", "b")], [public(b"1", "a", A)], None)
    assert [each.spki for each in matches] == [None, None]
    assert all("several private keys" in each.why for each in matches)


def test_what_the_private_key_tells_goes_before_a_strangers_public_object() -> None:
    stranger = public(b"1", "a", B)
    (match,) = pairing.match([named(b"1", "a") | A], [stranger], None)
    assert match.spki == told(named(b"1", "a") | A, None) != stranger.spki
    assert match.public is None


def test_one_that_tells_its_key_leaves_the_object_to_the_other_only_if_it_is_its_own() -> None:
    """The object could be that of either, so that it is not given to the one that tells nothing."""
    privates = [named(b"1", "a") | A, named(b"1", "a")]
    assert spkis(privates, [public(b"1", "a", A)])[1] is None


class Object:
    """An object on a fake token."""

    def __init__(self, handle: int, attributes: dict[Any, Any]) -> None:
        self.handle, self.attributes = handle, attributes

    def get_attributes(self, wanted: list[Any]) -> dict[Any, Any]:
        return {each: self.attributes[each] for each in wanted if each in self.attributes}


class Session:
    """A session that shows one pair, private key and public key."""

    def __init__(self, private: Object, public: Object) -> None:
        self.objects = {3: [private], 2: [public]}

    def get_objects(self, template: dict[Any, Any]) -> list[Object]:
        return self.objects[int(template[Attribute.CLASS])]


@pytest.mark.parametrize("given", [b"\x01" * 8, b"\x01" * 16 + b"\0" * 4, b""])
def test_a_pair_whose_cka_id_the_token_changed_is_believed(given: bytes) -> None:
    private = Object(7, named(given, "k", **{}) | PROTECTED)
    session: Any = Session(private, Object(8, named(given, "k") | A))
    seen: set[KeyRef] = set()
    inventory = Inventory(session, load("standard"), ProtectionLevel.SOFTWARE, seen)
    found = inventory.add((session.objects[2][0], private))
    assert found is not None
    assert (found.ref.cka_id, found.weaknesses, seen) == (given, [], {found.ref})
    assert inventory.find(found.ref) is not None
