"""Input that is cut, altered, nested or huge: refused by name, never a crash, never valid."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.pki import Certificate, InputError, OcspResponse, Revocation, RevocationList, validate
from signetd.pki import der as reading
from tests.unit.pki import evidence, judges, making
from tests.unit.pki.evidence import cert_id, response
from tests.unit.pki.forest import maker
from tests.unit.pki.making import DAY, NOW, tlv

FUZZ = settings(max_examples=150, deadline=None)
POSITION = st.integers(min_value=0, max_value=10**6)
READERS = (Certificate.read, RevocationList.read, OcspResponse.read)


@functools.cache
def parts(kind: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Return a leaf, its CA, a list and a response, which hold together."""
    m = maker(kind)
    entry = (5, NOW - DAY, (evidence.reason("superseded"),))
    crl = evidence.revocation_list(m.ca.name, m.ca.key, [entry])
    named = cert_id(m.ca.name, m.ca.key, m.leaf.serial)
    return m.leaf.der, m.ca.der, crl, response(named, m.ca.key, m.ca.name)


@functools.cache
def roots_list(kind: str) -> bytes:
    m = maker(kind)
    return evidence.revocation_list(m.root.name, m.root.key)


def is_valid(kind: str, leaf: bytes, ca: bytes, crl: bytes, ocsp: bytes, which: int = 2) -> bool:
    """Validate with the list or the response, whichever *which* says (its place in parts)."""
    policy = judges.policy(revocation=Revocation.REQUIRED)
    lists = [roots_list(kind), *([crl] if which != 3 else [])]
    store = judges.store(maker(kind).root)
    return validate(leaf, policy, store, [ca], lists, [ocsp] if which == 3 else []).valid


@pytest.mark.parametrize("kind", ["sm2", "ec"])
@pytest.mark.parametrize("which", [2, 3])
def test_unaltered_is_valid(kind: str, which: int) -> None:
    assert is_valid(kind, *parts(kind), which)


def altered(data: bytes, position: int, octet: int, how: str) -> bytes:
    place = position % len(data)
    if how == "change":
        return data[:place] + bytes([data[place] ^ octet]) + data[place + 1 :]
    if how == "remove":
        return data[:place] + data[place + 1 :]
    if how == "insert":
        return data[:place] + bytes([octet]) + data[place:]
    return data[:place]


@pytest.mark.parametrize("kind", ["sm2", "ec"])
@given(
    which=st.integers(0, 3),
    position=POSITION,
    octet=st.integers(1, 255),
    how=st.sampled_from(["change", "change", "change", "remove", "insert", "cut"]),
)
@FUZZ
def test_altered_is_never_valid(kind: str, which: int, position: int, octet: int, how: str) -> None:
    """Every octet of these is signed, or the signature, or the frame around both."""
    given_parts = list(parts(kind))
    given_parts[which] = altered(given_parts[which], position, octet, how)
    try:
        leaf, ca, crl, ocsp = given_parts
        assert not is_valid(kind, leaf, ca, crl, ocsp, which), f"part {which}, {how} at {position}"
    except InputError as error:
        assert error.place in str(error)


@given(data=st.binary(max_size=300))
@FUZZ
def test_garbage_is_refused_by_name(data: bytes) -> None:
    for read in READERS:
        with pytest.raises(InputError):
            read(data)


@given(
    head=st.sampled_from([0, 1, 2, 3]),
    edits=st.lists(st.tuples(POSITION, st.integers(1, 255)), min_size=2, max_size=8),
)
@FUZZ
def test_many_alterations_never_crash(head: int, edits: list[tuple[int, int]]) -> None:
    data = parts("ec")[head]
    for position, octet in edits:
        data = altered(data, position, octet, "change")
    if data == parts("ec")[head]:
        return  # they have undone each other
    pieces = list(parts("ec"))
    pieces[head] = data
    try:
        leaf, ca, crl, ocsp = pieces
        assert not is_valid("ec", leaf, ca, crl, ocsp, head)
    except InputError:
        pass  # what it is for


BITS = making.bit_string(b"x")
NULL = tlv(0x30, making.oid("1.2.3"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not begin with the tag 0x30"),
        (b"\x30", "cut short"),
        (b"\x30\x05\x00", "cut short"),
        (b"\x30\x80\x00\x00", "one form"),
        (b"\x30\x81\x01\x05", "one form"),
        (b"\x30\x82\x00\x80" + bytes(128), "one form"),
        (b"\x30\x00\x00", "1 bytes are left over"),
        (b"\x31\x00", "does not begin"),
        (tlv(0x30, b"\x00\x00"), "nothing here has the tag 0x00"),
        (tlv(0x30, b"\x1f\x81\x01\x00"), "nothing here has the tag 0x1f"),
        (tlv(0x30, tlv(2)), "INTEGER is empty"),
        (tlv(0x30, tlv(2, b"\x00\x01")), "superfluous octets"),
        (tlv(0x30, tlv(1, b"\x01")), "neither 00 nor FF"),
        (tlv(0x30, tlv(6, b"\x80\x01")), "superfluous zeros"),
        (tlv(0x30, tlv(6, b"\x81")), "not an object identifier"),
        (tlv(0x30, tlv(3, b"\x08x")), "BIT STRING is malformed"),
        (tlv(0x30, tlv(5, b"x")), "NULL is not empty"),
        (tlv(0x30, tlv(0x24, tlv(4, b"x"))), "in pieces"),
        (tlv(0x30, tlv(0x10)), "has no elements"),
        (tlv(0x30, NULL, BITS, BITS), "signatureAlgorithm"),
        (tlv(0x30, NULL, NULL), "signature"),
        (b"\x30\x83\x01\x11\x70" + bytes(70000), "at most 65536 bytes"),
    ],
)
def test_place_and_fault_are_told(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        Certificate.read(data, "seal.der")
    assert caught.value.place.startswith("seal.der")


def test_deep_nesting_is_refused() -> None:
    data = b""
    for _ in range(200):
        data = tlv(0x30, data)
    with pytest.raises(InputError, match="nests more than 24 deep"):
        Certificate.read(data)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n", "cut short"),
        (b"-----BEGIN CERTIFICATE-----\nM%\n-----END CERTIFICATE-----\n", "something else"),
        (b"-----BEGIN CERTIFICATE-----\nMAA\n-----END CERTIFICATE-----\n", "is not base64"),
        (making.pem(b"\x30\x00", "PRIVATE KEY"), "not BEGIN CERTIFICATE"),
        (making.pem(b"\x30\x00") * 2, "has 2 certificates"),
    ],
)
def test_malformed_pem_is_refused(pem: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Certificate.read(pem)


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        ("2.5.29.15", b"\x04\x00"),
        ("2.5.29.19", b"\x30\x03\x02\x01\xff"),
        ("2.5.29.37", b"\x30\x00"),
        ("2.5.29.14", b""),
        ("2.5.29.35", b"\x30\x02\x05\x00"),
    ],
)
def test_malformed_extension_is_named(oid: str, value: bytes) -> None:
    with pytest.raises(InputError, match=r"extension (key|basic|ext|subject|authority)"):
        Certificate.read(maker("ec").ca.leaf(given=((oid, False, value),), authority_id=OTHER).der)


OTHER = making.alt_name()


@pytest.mark.parametrize("text", [b"260230000000Z", b"2602010000Z", b"260201000000+0800"])
def test_times_that_are_none_are_refused(text: bytes) -> None:
    with pytest.raises(InputError, match="not a time"):
        reading.time(reading.Element(0x17, b"", text), "time")


def test_years_of_two_digits_are_1950_to_2049() -> None:
    years = [reading.time(reading.Element(0x17, b"", each), "").year for each in
             (b"491231235959Z", b"500101000000Z")]  # fmt: skip
    assert years == [2049, 1950]
