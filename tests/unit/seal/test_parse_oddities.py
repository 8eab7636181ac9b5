"""What makers of seals write beside the standards, and what must be read all the same."""

from datetime import UTC, datetime

import pytest

from signetd.seal import CertificateDigest, Format, parse_seal, parse_stamp
from tests.unit.seal import shapes
from tests.unit.seal.shapes import bits, gtime, ia5, num, octets, seq, tagged, tlv, utf8, utime


def test_critical_false_is_written_out() -> None:
    """X.690, 11.5, forbids it; what is signed keeps the three bytes."""
    false = b"\x01\x01\x00"
    inner = shapes.info(extensions=seq(shapes.extension(critical=false)))
    seal = parse_seal(shapes.seal(inner))
    assert not seal.info.extensions[0].critical
    assert false + octets(b"value") in seal.signed
    assert seal.signed == inner


@pytest.mark.parametrize("octet", [0x01, 0x80, 0xFF])
def test_critical_true_is_whatever_is_not_zero(octet: int) -> None:
    extensions = seq(shapes.extension(critical=bytes([1, 1, octet])))
    seal = parse_seal(shapes.seal(shapes.info(extensions=extensions)))
    assert seal.info.extensions[0].critical


@pytest.mark.parametrize("layout", ["v4", "v1"])
@pytest.mark.parametrize("wrap", [seq, lambda *each: tagged(seq(*each))], ids=["bare", "tagged"])
def test_extensions_of_a_seal_are_bare_or_tagged(layout: str, wrap: object) -> None:
    assert callable(wrap)
    extensions = wrap(shapes.extension(b"one"), shapes.extension(b"two"))
    if layout == "v4":
        seal = parse_seal(shapes.seal(shapes.info(extensions=extensions)))
    else:
        seal = parse_seal(shapes.seal_v1(shapes.info_v1(extensions=extensions)))
    assert [each.value for each in seal.info.extensions] == [b"one", b"two"]


def test_extensions_of_a_stamp_may_be_bare() -> None:
    stamp = parse_stamp(shapes.stamp(shapes.to_sign(more=seq(shapes.extension()))))
    assert len(stamp.extensions) == 1


def test_empty_list_of_extensions() -> None:
    assert parse_seal(shapes.seal(shapes.info(extensions=seq()))).info.extensions == ()


def test_chinese_in_an_ia5string() -> None:
    head = shapes.header(vendor="云南某公司")
    seal = parse_seal(shapes.seal(shapes.info(head=head, seal_id=ia5("印章-1"))))
    assert (seal.info.vendor, seal.info.seal_id) == ("云南某公司", "印章-1")


@pytest.mark.parametrize("kind", ["ofd", "png", "PNG", "JPG", "gif", ""])
def test_picture_types_as_they_are(kind: str) -> None:
    image = shapes.picture(kind=ia5(kind), data=octets(b"whatever"))
    picture = parse_seal(shapes.seal(shapes.info(image=image))).info.picture
    assert (picture.kind, picture.data) == (kind, b"whatever")


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 15, 2**31 - 1])
def test_types_of_seals_as_they_are(kind: int) -> None:
    props = shapes.properties(kind=num(kind))
    assert parse_seal(shapes.seal(shapes.info(props=props))).info.properties.kind == kind


def test_numbers_below_zero() -> None:
    image = shapes.picture(width=tlv(2, b"\xff"), height=tlv(2, b"\x80\x00\x00\x00"))
    picture = parse_seal(shapes.seal(shapes.info(image=image))).info.picture
    assert (picture.width, picture.height) == (-1, -(2**31))


def test_digests_in_place_of_certificates() -> None:
    owners = seq(
        seq(tlv(0x13, b"SM3"), octets(b"d" * 32)),
        seq(tlv(0x13, b"1.2.156.10197.1.401"), octets(b"e" * 32)),
    )
    props = shapes.properties(list_type=num(2), owners=owners)
    found = parse_seal(shapes.seal(shapes.info(props=props))).info.properties
    assert found.certificates == ()
    assert found.digests == (
        CertificateDigest("SM3", b"d" * 32),
        CertificateDigest("1.2.156.10197.1.401", b"e" * 32),
    )


def test_no_owner_at_all() -> None:
    """Nobody can apply such a seal, which is for the verification to say."""
    props = shapes.properties(owners=seq())
    assert parse_seal(shapes.seal(shapes.info(props=props))).info.properties.certificates == ()


def test_certificates_are_not_looked_into() -> None:
    data = shapes.seal(certificate=octets(b"no certificate at all"))
    assert parse_seal(data).certificate == b"no certificate at all"


@pytest.mark.parametrize("parameters", [b"", b"\x05\x00", seq(num(1))], ids=["none", "NULL", "seq"])
def test_algorithm_identifier_in_place_of_an_identifier(parameters: bytes) -> None:
    algorithm = seq(shapes.SM2_WITH_SM3, parameters)
    for seal in (shapes.seal(algorithm=algorithm), shapes.seal_v1(algorithm=algorithm)):
        assert parse_seal(seal).algorithm == "1.2.156.10197.1.501"
    v1 = parse_seal(shapes.seal_v1(algorithm=algorithm))
    assert v1.signed == seq(shapes.info_v1(), octets(shapes.CERTIFICATE), algorithm)
    v1_stamp = parse_stamp(shapes.stamp_v1(shapes.to_sign_v1(algorithm=algorithm)))
    assert v1_stamp.algorithm == "1.2.156.10197.1.501"
    assert parse_stamp(shapes.stamp(algorithm=algorithm)).algorithm == "1.2.156.10197.1.501"


@pytest.mark.parametrize("version", [0, 1, 2, 11])
def test_headers_of_version_1(version: int) -> None:
    """GM/T 0031-2014's own example has 11, and makers have 1: the structure says which it is."""
    inner = shapes.info_v1(head=shapes.header(version=num(version)))
    seal = parse_seal(shapes.seal_v1(inner))
    assert (seal.format, seal.info.version) == (Format.V1, version)


def test_time_stamp_tells_version_5_from_4() -> None:
    seal = parse_seal(shapes.seal(token=tagged(bits(shapes.TOKEN))))
    assert (seal.format, seal.info.version) == (Format.V5, 4)


def test_hash_as_an_octet_string() -> None:
    data_hash = octets(shapes.HASH)
    assert parse_stamp(shapes.stamp(shapes.to_sign(data_hash=data_hash))).data_hash == shapes.HASH
    v1 = parse_stamp(shapes.stamp_v1(shapes.to_sign_v1(data_hash=data_hash)))
    assert v1.data_hash == shapes.HASH


def test_empty_property_info() -> None:
    assert parse_stamp(shapes.stamp(shapes.to_sign(property_info=ia5("")))).property_info == ""


NOON = datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC)
TIMES = {
    gtime("20260701123015Z"): NOON,
    gtime("20260701203015"): NOON,
    gtime("20260701203015+0800"): NOON,
    gtime("20260701203015+08"): NOON,
    gtime("20260701203015+08:00"): NOON,
    gtime("20260701023015-1000"): NOON,
    gtime("20260701180015+0530"): NOON,
    gtime("20260701123015.5Z"): NOON.replace(microsecond=500000),
    gtime("20260701123015.123456789Z"): NOON.replace(microsecond=123456),
    gtime("20260701123015,25Z"): NOON.replace(microsecond=250000),
    gtime("20260701203015.377"): NOON.replace(microsecond=377000),
    gtime("202607011230Z"): NOON.replace(second=0),
    gtime("2026070112Z"): NOON.replace(minute=0, second=0),
    gtime("19000101000000Z"): datetime(1900, 1, 1, tzinfo=UTC),
    gtime("99991231235959Z"): datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    utime("260701123015Z"): NOON,
    utime("2607011230Z"): NOON.replace(second=0),
    utime("260701203015+0800"): NOON,
    utime("260701203015"): NOON,
    utime("500101000000Z"): datetime(1950, 1, 1, tzinfo=UTC),
    utime("491231235959Z"): datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
}


@pytest.mark.parametrize("written", TIMES, ids=lambda each: each.decode())
def test_times_as_they_are_written(written: bytes) -> None:
    """Where there is no zone, it is China's (X.680, 46.2: local time)."""
    props = shapes.properties(created=written, start=written, until=written)
    found = parse_seal(shapes.seal(shapes.info(props=props))).info.properties
    times = {found.create_time, found.valid_from, found.valid_until}
    assert times == {TIMES[written]}
    assert found.create_time.tzinfo is UTC
    assert parse_stamp(shapes.stamp(shapes.to_sign(time=written))).time == TIMES[written]
    v1 = parse_stamp(shapes.stamp_v1(shapes.to_sign_v1(time=written)))
    assert (v1.time, v1.time_token) == (TIMES[written], None)


TEXTS = {
    b"2026-07-01T12:30:15.377Z": NOON.replace(microsecond=377000),
    b"2026-07-01T12:30:15Z": NOON,
    b"2026-07-01 20:30:15": NOON,
    b"2026-07-01T20:30:15+08:00": NOON,
    b"2026-07-01T20:30": NOON.replace(second=0),
    b"260701123015Z": NOON,
    b"20260701123015Z": NOON,
    b"20260701203015": NOON,
    b"090101000000Z": datetime(2009, 1, 1, tzinfo=UTC),
    utime("260701123015Z"): NOON,
    gtime("20260701123015Z"): NOON,
}


@pytest.mark.parametrize("content", TEXTS, ids=lambda each: each.decode())
@pytest.mark.parametrize("wrap", [bits, octets], ids=["BIT STRING", "OCTET STRING"])
def test_time_of_version_1_in_a_string(content: bytes, wrap: object) -> None:
    assert callable(wrap)
    stamp = parse_stamp(shapes.stamp_v1(shapes.to_sign_v1(time=wrap(content))))
    assert (stamp.time, stamp.time_token) == (TEXTS[content], None)


def test_names_with_every_kind_of_character() -> None:
    name = "章\u0000\n\u202e🀄"
    props = shapes.properties(name=utf8(name))
    assert parse_seal(shapes.seal(shapes.info(props=props))).info.properties.name == name
