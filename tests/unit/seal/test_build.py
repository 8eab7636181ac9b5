"""What is built is, byte for byte, what is put together by hand, and is read with its values."""

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.seal import (
    CertificateDigest,
    Extension,
    Format,
    Properties,
    parse_seal,
    parse_stamp,
)
from tests.unit.seal import parts, samples, shapes
from tests.unit.seal.parts import SIGNATURE, TOKEN, certificates
from tests.unit.seal.shapes import bits, gtime, ia5, num, octets, seq, tagged, tlv, utf8

OWNER, MAKER = certificates()
BOTH = pytest.mark.parametrize("version", [Format.V4, Format.V5])


def by_hand(version: int, extensions: bytes) -> bytes:
    props = seq(
        num(1),
        utf8("杭州某某公司合同专用章（1）"),
        num(1),
        seq(octets(OWNER)),
        gtime("20260701000000Z"),
        gtime("20260702000000Z"),
        gtime("20310702000000Z"),
    )
    image = seq(ia5("PNG"), octets(samples.PNG), num(42), num(43))
    head = seq(ia5("ES"), num(version), ia5("Example Seals"))
    return seq(head, ia5("33010620260701"), props, image, extensions)


EXTENSIONS = seq(
    seq(
        tlv(6, bytes.fromhex("2a811ccf55018767")),
        b"\x01\x01\xff",
        octets(b"\x0c\x03abc"),
    ),
    seq(tlv(6, b"\x88\x37" + b"\x83" + b"\xff" * 17 + b"\x7f"), octets(b"")),
)
"""The critical one says so, and the other one, by DEFAULT, says nothing."""


@BOTH
def test_information_of_a_seal(version: Format) -> None:
    assert parts.info(format=version) == by_hand(version, EXTENSIONS)
    assert parts.info(format=version, extensions=()) == by_hand(version, b"")


def test_digests_of_owners() -> None:
    built = parts.info(properties=parts.digests("SM3", "1.2.156.10197.1.401"))
    expected = seq(
        seq(tlv(0x13, b"SM3"), octets(b"\0" * 32)),
        seq(tlv(0x13, b"1.2.156.10197.1.401"), octets(b"\1" * 32)),
    )
    assert num(2) + expected in built


@BOTH
def test_seal(version: Format) -> None:
    info = parts.info(format=version)
    built = parts.made_seal(format=version)
    token = tagged(bits(TOKEN)) if version is Format.V5 else b""
    assert built == seq(info, octets(MAKER), shapes.SM2_WITH_SM3, bits(SIGNATURE), token)
    found = parse_seal(built)
    assert (found.format, found.signed, found.signature) == (version, info, SIGNATURE)
    assert found.time_token == (TOKEN if version is Format.V5 else None)


def test_seal_of_version_5_without_a_time_stamp() -> None:
    found = parse_seal(parts.made_seal(time_token=None))
    assert (found.format, found.time_token) == (Format.V5, None)


@BOTH
@pytest.mark.parametrize("token", [TOKEN, None], ids=["stamped", "not stamped"])
def test_stamp(version: Format, token: bytes | None) -> None:
    eseal = parts.made_seal(format=version)
    inner = parts.to_be_signed(seal_der=eseal)
    assert inner == seq(
        num(version),
        eseal,
        gtime("20260801020304Z"),
        bits(shapes.HASH),
        ia5("/Doc_0/Signs/Sign_0/Signature.xml"),
        tagged(EXTENSIONS),
    )
    built = parts.made_stamp(to_sign_der=inner, time_token=token)
    tail = b"" if token is None else tagged(bits(token))
    assert built == seq(inner, octets(OWNER), shapes.SM2_WITH_SM3, bits(SIGNATURE), tail)
    found = parse_stamp(built)
    assert (found.format, found.version, found.signed) == (version, version, inner)
    assert (found.seal.der, found.time_token, found.time) == (eseal, token, parts.TIME)
    assert found.extensions == parts.EXTENSIONS


def test_stamp_without_extensions() -> None:
    inner = parts.to_be_signed(extensions=())
    assert inner.endswith(ia5("/Doc_0/Signs/Sign_0/Signature.xml"))
    assert parse_stamp(parts.made_stamp(to_sign_der=inner)).extensions == ()


def test_a_seal_with_oddities_is_embedded_unaltered() -> None:
    """Another maker's encoder is not ours to mend: its signature would not hold any more."""
    odd = seq(shapes.extension(critical=b"\x01\x01\x00"))
    eseal = shapes.seal(
        shapes.info(extensions=odd, props=shapes.properties(created=gtime("2026070100+08"))),
        algorithm=seq(shapes.SM2_WITH_SM3, b"\x05\x00"),
    )
    inner = parts.to_be_signed(seal_der=eseal)
    assert eseal in inner
    assert parse_stamp(parts.made_stamp(to_sign_der=inner)).seal.der == eseal


def test_fractions_of_a_second_are_cut_off() -> None:
    inner = parts.to_be_signed(time=parts.TIME.replace(microsecond=999_999))
    assert gtime("20260801020304Z") in inner


# Values at random: what goes in comes out, and built once more it gives the same bytes.

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64)
WORD = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
NAME = st.text(min_size=1, max_size=200).filter(lambda it: it.isprintable() and it.strip() == it)
ARC = st.integers(0, 2**64)
OID = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39), ARC),
    st.tuples(st.just(2), ARC, ARC, ARC),
).map(lambda arcs: ".".join(map(str, arcs)))
EXTENSION_LISTS = st.lists(
    st.builds(Extension, OID, st.booleans(), st.binary(max_size=300)),
    max_size=5,
    unique_by=lambda each: each.oid,
).map(tuple)
TIMES = st.datetimes(timezones=st.timezones()).filter(lambda it: 2 < it.year < 9998)
DIGESTS = st.lists(
    st.builds(CertificateDigest, st.just("SM3"), st.binary(min_size=32, max_size=32)),
    min_size=1,
    max_size=4,
    unique=True,
)
OWNERS = st.one_of(
    st.sampled_from([(OWNER,), (OWNER, MAKER)]).map(lambda it: {"certificates": it}),
    DIGESTS.map(lambda it: {"certificates": (), "digests": tuple(it)}),
)
NUMBER = st.integers(1, 2**256 - 1)


def utc(properties: Properties) -> tuple[object, ...]:
    return tuple(
        each.astimezone(UTC).replace(microsecond=0)
        for each in (properties.create_time, properties.valid_from, properties.valid_until)
    )


@st.composite
def property_values(draw: st.DrawFn) -> Properties:
    times = sorted(draw(st.lists(TIMES, min_size=3, max_size=3)))
    kind, name, owners = draw(st.integers(1, 255)), draw(NAME), draw(OWNERS)
    made = parts.properties(
        kind=kind,
        name=name,
        create_time=times[0],
        valid_from=times[1],
        valid_until=times[2],
        **owners,
    )
    if len({*utc(made)[1:]}) < 2 or utc(made)[0] == utc(made)[2]:
        return parts.properties(kind=kind, name=name, **owners)
    return made


@settings(max_examples=150, deadline=None)
@given(
    version=st.sampled_from([Format.V4, Format.V5]),
    vendor=PRINTABLE,
    seal_id=WORD,
    properties=property_values(),
    kind=st.sampled_from(sorted(samples.GOOD)),
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    extensions=EXTENSION_LISTS,
    numbers=st.tuples(NUMBER, NUMBER),
)
def test_seal_gives_back_what_was_put_in(
    version: Format,
    vendor: str,
    seal_id: str,
    properties: Properties,
    kind: str,
    size: tuple[int, int],
    extensions: tuple[Extension, ...],
    numbers: tuple[int, int],
) -> None:
    picture = parts.picture(kind=kind, data=samples.GOOD[kind], width=size[0], height=size[1])
    given_values = {
        "format": version,
        "vendor": vendor,
        "seal_id": seal_id,
        "properties": properties,
        "picture": picture,
        "extensions": extensions,
    }
    info_der = parts.info(**given_values)
    signature = seq(*map(num, numbers))
    found = parse_seal(parts.made_seal(info_der=info_der, format=version, signature=signature))
    info = found.info
    assert (info.vendor, info.seal_id, info.picture) == (vendor, seal_id, picture)
    assert info.extensions == extensions
    assert (info.properties.kind, info.properties.name) == (properties.kind, properties.name)
    assert info.properties.certificates == properties.certificates
    assert info.properties.digests == properties.digests
    assert utc(info.properties) == utc(properties)
    assert (found.signed, found.signature, found.certificate) == (info_der, signature, MAKER)
    again = given_values | {"properties": info.properties, "extensions": info.extensions}
    assert parts.info(**again) == info_der


@settings(max_examples=100, deadline=None)
@given(
    time=TIMES,
    data_hash=st.binary(min_size=32, max_size=32),
    property_info=st.text(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=1024
    ),
    extensions=EXTENSION_LISTS,
    token=st.sampled_from([None, TOKEN]),
)
def test_stamp_gives_back_what_was_put_in(
    time: object,
    data_hash: bytes,
    property_info: str,
    extensions: tuple[Extension, ...],
    token: bytes | None,
) -> None:
    inner = parts.to_be_signed(
        time=time, data_hash=data_hash, property_info=property_info, extensions=extensions
    )
    found = parse_stamp(parts.made_stamp(to_sign_der=inner, time_token=token))
    assert (found.data_hash, found.property_info) == (data_hash, property_info)
    assert (found.extensions, found.time_token, found.signed) == (extensions, token, inner)
    again = {"time": found.time, "data_hash": data_hash, "property_info": property_info}
    assert parts.to_be_signed(**again, extensions=extensions) == inner
