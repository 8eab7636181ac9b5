"""What is read out of seals and stamps of the three standards, and what is signed in each."""

from datetime import UTC, datetime

from signetd.seal import Format, parse_seal, parse_stamp
from tests.unit.seal import shapes
from tests.unit.seal.shapes import CERTIFICATE, HASH, SIGNATURE, TOKEN, num, octets, seq


def test_seal_of_38540_is_read() -> None:
    extensions = seq(shapes.extension(b"value", critical=b"\x01\x01\xff"))
    inner = shapes.info(extensions=extensions)
    data = shapes.seal(inner)
    seal = parse_seal(data)
    assert (seal.format, seal.der, seal.info.der) == (Format.V4, data, inner)
    assert seal.signed == inner, "GB/T 38540: signed is the seal's information alone"
    assert (seal.certificate, seal.signature) == (CERTIFICATE, SIGNATURE)
    assert (seal.algorithm, seal.time_token) == ("1.2.156.10197.1.501", None)
    info = seal.info
    assert (info.version, info.vendor, info.seal_id) == (4, "Maker", "33010620260701")
    assert (info.properties.kind, info.properties.name) == (1, "测试专用章")
    assert (info.properties.certificates, info.properties.digests) == ((CERTIFICATE,), ())
    assert info.properties.create_time == datetime(2026, 7, 1, tzinfo=UTC)
    assert info.properties.valid_from == datetime(2026, 7, 2, tzinfo=UTC)
    assert info.properties.valid_until == datetime(2031, 7, 2, tzinfo=UTC)
    assert (info.picture.kind, info.picture.data) == ("PNG", shapes.PNG)
    assert (info.picture.width, info.picture.height) == (42, 43)
    (extension,) = info.extensions
    assert (extension.oid, extension.critical, extension.value) == ("1.2.3.4", True, b"value")


def test_seal_of_0031_2025_is_read() -> None:
    inner = shapes.info_v5()
    seal = parse_seal(shapes.seal(inner, token=shapes.tagged(shapes.bits(TOKEN))))
    assert (seal.format, seal.info.version, seal.time_token) == (Format.V5, 5, TOKEN)
    assert seal.signed == inner


def test_version_5_needs_no_time_stamp() -> None:
    seal = parse_seal(shapes.seal(shapes.info_v5()))
    assert (seal.format, seal.time_token) == (Format.V5, None)


def test_seal_of_0031_2014_is_read() -> None:
    inner = shapes.info_v1()
    data = shapes.seal_v1(inner)
    seal = parse_seal(data)
    assert (seal.format, seal.der, seal.info.version) == (Format.V1, data, 1)
    assert seal.info.properties.valid_until == datetime(2029, 1, 2, tzinfo=UTC)
    assert seal.info.properties.certificates == (CERTIFICATE,)
    expected = seq(inner, octets(CERTIFICATE), shapes.SM2_WITH_SM3)
    assert seal.signed == expected, "signed are the information, the certificate, the algorithm"


def test_stamp_of_38540_is_read() -> None:
    extensions = shapes.tagged(seq(shapes.extension()))
    inner = shapes.to_sign(more=extensions)
    data = shapes.stamp(inner, token=shapes.tagged(shapes.bits(TOKEN)))
    stamp = parse_stamp(data)
    assert (stamp.format, stamp.version, stamp.der) == (Format.V4, 4, data)
    assert (stamp.signed, stamp.seal.der) == (inner, shapes.seal())
    assert stamp.time == datetime(2026, 8, 1, 2, 3, 4, tzinfo=UTC)
    assert (stamp.data_hash, stamp.time_token) == (HASH, TOKEN)
    assert stamp.property_info == "/Doc_0/Signs/Sign_0/Signature.xml"
    assert [each.oid for each in stamp.extensions] == ["1.2.3.4"]
    assert (stamp.certificate, stamp.signature) == (CERTIFICATE, SIGNATURE)
    assert stamp.algorithm == "1.2.156.10197.1.501"


def test_the_seal_says_the_format_of_a_stamp() -> None:
    eseal = shapes.seal(shapes.info_v5())
    stamp = parse_stamp(shapes.stamp(shapes.to_sign(eseal=eseal, version=num(4))))
    assert (stamp.format, stamp.version) == (Format.V5, 4)


def test_stamp_of_0031_2014_is_read() -> None:
    inner = shapes.to_sign_v1()
    stamp = parse_stamp(shapes.stamp_v1(inner))
    assert (stamp.format, stamp.version, stamp.seal.format) == (Format.V1, 1, Format.V1)
    assert stamp.signed == inner, "certificate and algorithm are signed as well"
    assert stamp.time == datetime(2020, 1, 25, 7, 31, 56, 377000, tzinfo=UTC)
    assert (stamp.time_token, stamp.extensions) == (None, ())
    assert (stamp.data_hash, stamp.certificate) == (HASH, CERTIFICATE)
    assert (stamp.signature, stamp.algorithm) == (SIGNATURE, "1.2.156.10197.1.501")


def test_time_stamp_of_0031_2014_stands_for_the_time() -> None:
    inner = shapes.to_sign_v1(time=shapes.bits(TOKEN))
    stamp = parse_stamp(shapes.stamp_v1(inner))
    assert (stamp.time, stamp.time_token) == (None, TOKEN)
