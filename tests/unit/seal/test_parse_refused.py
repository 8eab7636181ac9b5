"""What is no seal and no stamp: refused with the field and the byte, never read some other way."""

import pytest

from signetd.seal import SealError, parse_seal, parse_stamp
from signetd.seal.limits import SEAL_BYTES
from tests.unit.seal import shapes
from tests.unit.seal.shapes import bits, gtime, ia5, num, octets, seq, tagged, tlv, utf8, utime

MIB = 1024 * 1024
EXTENSION = shapes.extension()


def of_info(**parts: bytes) -> bytes:
    return shapes.seal(shapes.info(**parts))


def of_properties(**parts: bytes) -> bytes:
    return of_info(props=shapes.properties(**parts))


def of_picture(**parts: bytes) -> bytes:
    return of_info(image=shapes.picture(**parts))


def of_extension(part: bytes) -> bytes:
    return of_info(extensions=seq(part))


# What is malformed, the seal that it is in, the field, and a word of what is said.
SEALS = {
    "header is no SEQUENCE": (b := octets(b"header"), of_info(head=b), "eSealInfo.header", "SEQ"),
    "mark": (b := ia5("EX"), of_info(head=seq(b, num(4), ia5("M"))), "eSealInfo.header.ID", "ES"),
    "version is text": (
        b := utf8("vier"),
        of_info(head=shapes.header(version=b)),
        "eSealInfo.header.version",
        "INTEGER is expected here, not UTF8String",
    ),
    "version has five octets": (
        b := tlv(2, b"\x01\x00\x00\x00\x00"),
        of_info(head=shapes.header(version=b)),
        "eSealInfo.header.version",
        "5 bytes",
    ),
    "version is empty": (
        b := tlv(2, b""),
        of_info(head=shapes.header(version=b)),
        "eSealInfo.header.version",
        "0 bytes",
    ),
    "version has superfluous octets": (
        b := tlv(2, b"\x00\x04"),
        of_info(head=shapes.header(version=b)),
        "eSealInfo.header.version",
        "superfluous",
    ),
    "vendor is too long": (
        b := ia5("v" * 1025),
        of_info(head=seq(ia5("ES"), num(4), b)),
        "eSealInfo.header.Vid",
        "1024",
    ),
    "esID is no IA5String": (b := utf8("33010620269"), of_info(seal_id=b), "eSealInfo.esID", "IA5"),
    "esID is not UTF-8": (
        b := tlv(0x16, b"\xd3\xa1\xd5\xc2"),
        of_info(seal_id=b),
        "eSealInfo.esID",
        "UTF-8",
    ),
    "name is an IA5String": (
        b := ia5("Some name"),
        of_properties(name=b),
        "eSealInfo.property.name",
        "UTF8String",
    ),
    "name is too long": (
        b := utf8("名" * 1400),
        of_properties(name=b),
        "eSealInfo.property.name",
        "4096",
    ),
    "name is cut in a character": (
        b := tlv(0x0C, "测试".encode()[:-1]),
        of_properties(name=b),
        "eSealInfo.property.name",
        "byte 3",
    ),
    "list of a third type": (
        b := num(33),
        of_properties(list_type=b),
        "eSealInfo.property.certListType",
        "33 is neither",
    ),
    "digests where certificates are said to be": (
        b := seq(tlv(0x13, b"SM3"), octets(b"d" * 32)),
        of_properties(owners=seq(b)),
        "eSealInfo.property.certList[0]",
        "OCTET STRING is expected",
    ),
    "certificates where digests are said to be": (
        b := octets(b"certificate"),
        of_properties(list_type=num(2), owners=seq(b)),
        "eSealInfo.property.certList[0]",
        "SEQUENCE is expected",
    ),
    "digest's name is no PrintableString": (
        b := ia5("SM3 "),
        of_properties(list_type=num(2), owners=seq(seq(b, octets(b"d" * 32)))),
        "eSealInfo.property.certList[0].type",
        "PrintableString",
    ),
    "digest is longer than any": (
        b := octets(b"d" * 65),
        of_properties(list_type=num(2), owners=seq(seq(tlv(0x13, b"SM3"), b))),
        "eSealInfo.property.certList[0].value",
        "64",
    ),
    "certificate is too long": (
        b := octets(b"c" * 65537),
        of_properties(owners=seq(octets(b"first"), b)),
        "eSealInfo.property.certList[1]",
        "65536",
    ),
    "too many certificates": (
        b := seq(octets(b"c") * 1001),
        of_properties(owners=b),
        "eSealInfo.property.certList",
        "1000",
    ),
    "no such day": (
        b := gtime("20260230000000Z"),
        of_properties(created=b),
        "eSealInfo.property.createDate",
        "not a time",
    ),
    "no such second": (
        b := gtime("20260228000060Z"),
        of_properties(start=b),
        "eSealInfo.property.validStart",
        "not a time",
    ),
    "no such zone": (
        b := gtime("20260228000000+9900"),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "not a time",
    ),
    "year 0": (
        b := gtime("00000101000000Z"),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "not a time",
    ),
    "time before the first": (
        b := gtime("00010101000000+0800"),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "not a time",
    ),
    "time is too long": (
        b := gtime("20260228000000." + "0" * 40),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "40",
    ),
    "time with digits of another script": (
        b := gtime("２０２６0228000000Z"),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "not a time",
    ),
    "time is text": (
        b := utf8("20260228000000Z"),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "GeneralizedTime or UTCTime",
    ),
    "UTCTime with four digits of a year": (
        b := utime("20260228000000Z"),
        of_properties(until=b),
        "eSealInfo.property.validEnd",
        "not a time",
    ),
    "more behind the properties": (
        b := num(77),
        of_properties(more=b),
        "eSealInfo.property",
        "INTEGER does not belong here",
    ),
    "picture's data is a BIT STRING": (
        b := bits(b"data"),
        of_picture(data=b),
        "eSealInfo.picture.data",
        "OCTET STRING",
    ),
    "picture's width is missing": (
        b := b"",
        of_info(image=seq(ia5("PNG"), octets(b"data"))),
        "eSealInfo.picture.width",
        "missing",
    ),
    "picture's type is too long": (
        b := ia5("p" * 65),
        of_picture(kind=b),
        "eSealInfo.picture.type",
        "64",
    ),
    "too many extensions": (
        b := seq(EXTENSION * 101),
        of_info(extensions=b),
        "eSealInfo.extDatas",
        "100",
    ),
    "extension without a value": (
        b := b"",
        of_extension(seq(tlv(6, b"\x2a\x03"))),
        "eSealInfo.extDatas[0].extnValue",
        "missing",
    ),
    "extension's identifier is cut": (
        b := tlv(6, b"\x2a\x83"),
        of_extension(seq(b, octets(b""))),
        "eSealInfo.extDatas[0].extnID",
        "object identifier",
    ),
    "extension's identifier is empty": (
        b := tlv(6, b""),
        of_extension(seq(b, octets(b""))),
        "eSealInfo.extDatas[0].extnID",
        "object identifier",
    ),
    "extension's identifier is too long": (
        b := tlv(6, b"\x2a" + b"\xff" * 63 + b"\x01"),
        of_extension(seq(b, octets(b""))),
        "eSealInfo.extDatas[0].extnID",
        "64",
    ),
    "critical has two octets": (
        b := tlv(1, b"\x00\x00"),
        of_extension(shapes.extension(critical=b)),
        "eSealInfo.extDatas[0].critical",
        "2 bytes",
    ),
    "two lists of extensions": (
        b := seq(),
        of_info(extensions=seq(EXTENSION) + b),
        "eSealInfo",
        "SEQUENCE does not belong here",
    ),
    "two elements in the tag": (
        b := num(55),
        of_info(extensions=tagged(seq(EXTENSION), b)),
        "eSealInfo.extDatas",
        "INTEGER does not belong here",
    ),
    "nothing in the tag": (
        b := b"",
        of_info(extensions=tagged()),
        "eSealInfo.extDatas",
        "missing",
    ),
    "maker's certificate is bare": (
        b := tlv(0x31, b""),
        shapes.seal(certificate=b),
        "cert",
        "OCTET STRING is expected here, not the tag 0x31",
    ),
    "algorithm is text": (b := utf8("SM2"), shapes.seal(algorithm=b), "signAlgID", "OBJECT"),
    "algorithm's SEQUENCE is empty": (
        b := b"",
        shapes.seal(algorithm=seq()),
        "signAlgID.algorithm",
        "missing",
    ),
    "algorithm has two parameters": (
        b := num(9),
        shapes.seal(algorithm=seq(shapes.SM2_WITH_SM3, tlv(5), b)),
        "signAlgID",
        "does not belong",
    ),
    "signature's bits are no octets": (
        b := tlv(3, b"\x01\x80"),
        shapes.seal(signature=b),
        "signedValue",
        "whole octets",
    ),
    "signature has not even their number": (
        b := tlv(3, b""),
        shapes.seal(signature=b),
        "signedValue",
        "whole octets",
    ),
    "signature is an OCTET STRING": (
        b := octets(b"signature"),
        shapes.seal(signature=b),
        "signedValue",
        "BIT STRING",
    ),
    "signature is too long": (
        b := bits(b"s" * 4097),
        shapes.seal(signature=b),
        "signedValue",
        "4096",
    ),
    "time stamp is not tagged": (
        b := bits(b"stamp"),
        shapes.seal(token=b),
        "SESeal",
        "BIT STRING does not belong here",
    ),
    "time stamp is tagged IMPLICIT": (
        b := tlv(0x80, b"\x00stamp"),
        shapes.seal(token=b),
        "SESeal",
        "0x80 does not belong here",
    ),
    "time stamp is too long": (
        b := bits(b"t" * (256 * 1024 + 1)),
        shapes.seal(token=tagged(b)),
        "timeStamp",
        "262144",
    ),
    "maker's signature is missing in version 1": (
        b := b"",
        seq(shapes.info_v1(), seq(octets(b"c"), shapes.SM2_WITH_SM3)),
        "signInfo.signData",
        "missing",
    ),
    "type of the list in version 1": (
        b := num(77),
        shapes.seal_v1(shapes.info_v1(props=shapes.properties_v1(list_type=b))),
        "eSealInfo.property.certList",
        "SEQUENCE is expected",
    ),
    "nothing behind the information": (b := b"", seq(shapes.info()), "cert", "missing"),
    "more behind version 1": (
        b := num(6),
        seq(shapes.info_v1(), seq(octets(b"c"), shapes.SM2_WITH_SM3, bits(b"s")), b),
        "SESeal",
        "INTEGER does not belong here",
    ),
}
del b


@pytest.mark.parametrize("label", SEALS)
def test_seal_is_refused(label: str) -> None:
    bad, data, place, what = SEALS[label]
    with pytest.raises(SealError) as caught:
        parse_seal(data)
    error = caught.value
    assert error.place == place, error
    assert what in error.what, error
    assert error.offset is not None
    if bad:
        assert data.count(bad) == 1, "the table's own: the bad part must be told from the others"
        assert error.offset == data.index(bad), f"the byte that it names is another one: {error}"
    assert f"{place} (byte {error.offset})" in str(error)


# The field, as it is in the stamp, and a word of what is said.
STAMPS = {
    "seal is not read": (
        shapes.stamp(shapes.to_sign(eseal=of_properties(list_type=num(9)))),
        "toSign.eseal.eSealInfo.property.certListType",
        "9 is neither",
    ),
    "seal of version 1": (
        shapes.stamp(shapes.to_sign(eseal=shapes.seal_v1())),
        "toSign.eseal",
        "a seal of version 1 in a stamp of GB/T 38540",
    ),
    "seal of version 4 in a stamp of version 1": (
        shapes.stamp_v1(shapes.to_sign_v1(eseal=shapes.seal())),
        "toSign.eseal",
        "a seal of version 4 in a stamp of GM/T 0031-2014",
    ),
    "time is a BIT STRING": (
        shapes.stamp(shapes.to_sign(time=bits(b"20260801020304Z"))),
        "toSign.timeInfo",
        "GeneralizedTime or UTCTime is expected here, not BIT STRING",
    ),
    "time of version 1 is no text of one": (
        shapes.stamp_v1(shapes.to_sign_v1(time=bits(b"yesterday"))),
        "toSign.timeInfo",
        "'yesterday' is not a time",
    ),
    "time stamp of version 1 is cut": (
        shapes.stamp_v1(shapes.to_sign_v1(time=bits(shapes.TOKEN[:-1]))),
        "toSign.timeInfo",
        "not a time",
    ),
    "time of version 1 is empty": (
        shapes.stamp_v1(shapes.to_sign_v1(time=bits(b""))),
        "toSign.timeInfo",
        "not a time",
    ),
    "digest is longer than any": (
        shapes.stamp(shapes.to_sign(data_hash=bits(b"h" * 65))),
        "toSign.dataHash",
        "64",
    ),
    "property info is too long": (
        shapes.stamp(shapes.to_sign(property_info=ia5("p" * 65537))),
        "toSign.propertyInfo",
        "65536",
    ),
    "more behind the signed": (
        shapes.stamp(shapes.to_sign(more=num(1))),
        "toSign",
        "INTEGER does not belong here",
    ),
    "algorithm of version 1 is missing": (
        shapes.stamp_v1(shapes.to_sign_v1(algorithm=b"")),
        "toSign.signatureAlgorithm",
        "missing",
    ),
    "certificate in version 4's signed part": (
        shapes.stamp(shapes.to_sign(more=octets(b"c"))),
        "toSign",
        "OCTET STRING does not belong here",
    ),
    "nothing behind the signed": (seq(shapes.to_sign()), "cert", "missing"),
    "more behind the signature": (
        shapes.stamp(token=tagged(bits(b"t")) + num(1)),
        "SES_Signature",
        "INTEGER does not belong here",
    ),
    "more behind version 1": (
        seq(shapes.to_sign_v1(), bits(b"s"), num(1)),
        "SES_Signature",
        "INTEGER does not belong here",
    ),
    "a seal": (shapes.seal(), "toSign.version", "INTEGER is expected here, not SEQUENCE"),
}


@pytest.mark.parametrize("label", STAMPS)
def test_stamp_is_refused(label: str) -> None:
    data, place, what = STAMPS[label]
    with pytest.raises(SealError) as caught:
        parse_stamp(data)
    assert caught.value.place == place, caught.value
    assert what in caught.value.what, caught.value
    assert caught.value.offset is not None


def test_a_stamp_is_no_seal() -> None:
    with pytest.raises(SealError, match=r"^eSealInfo\.header \(byte"):
        parse_seal(shapes.stamp())


SEAL = shapes.seal()
# Frames that X.690, 10.1, does not allow, or that promise what is not there.
FRAMES = {
    "empty": (b"", "cut short"),
    "one byte": (b"\x30", "cut short"),
    "text": (b"<?xml version='1.0'?>", "SEQUENCE is expected here, not the tag"),
    "PEM": (b"-----BEGIN SEAL-----", "SEQUENCE is expected here, not the tag"),
    "zeros": (b"\x00" * 20, "nothing here has the tag 0x00"),
    "tag of two octets": (b"\x3f\x81\x01\x00", "nothing here has the tag 0x3f"),
    "indefinite length": (b"\x30\x80" + SEAL + b"\x00\x00", "indefinite"),
    "length of 127 octets": (b"\x30\xff" + b"\x01" * 200, "written in 127 octets"),
    "length of five octets": (b"\x30\x85\x00\x00\x00\x00\x05" + SEAL, "written in 5 octets"),
    "length is cut": (b"\x30\x84\x00\x01", "cut short"),
    "four gigabytes": (b"\x30\x84\xff\xff\xff\xff\x00", "4294967295 bytes, but 1 are there"),
    "long form of a short length": (b"\x30\x81\x05\x02\x03\x01\x02\x03", "shortest form"),
    "length with a zero before it": (b"\x30\x82\x00\x90" + b"\x00" * 144, "shortest form"),
    "cut in the middle": (SEAL[: len(SEAL) // 2], "are there"),
    "cut at the end": (SEAL[:-1], "are there"),
    "a byte too many": (SEAL + b"\x00", "1 bytes are left over behind it"),
    "twice": (SEAL + SEAL, "left over"),
}


@pytest.mark.parametrize("label", FRAMES)
def test_frame_is_refused(label: str) -> None:
    data, what = FRAMES[label]
    for parse, name in ((parse_seal, "SESeal"), (parse_stamp, "SES_Signature")):
        with pytest.raises(SealError) as caught:
            parse(data)
        assert what in caught.value.what, caught.value
        assert caught.value.place == name


def test_inner_length_may_not_reach_beyond_its_parent() -> None:
    """The bytes are there, but they belong to what follows."""
    inner = shapes.info()
    short = inner[:1] + inner[1:].replace(ia5("Maker"), b"\x16\x7fMaker")
    with pytest.raises(SealError) as caught:
        parse_seal(shapes.seal(short))
    assert caught.value.place == "eSealInfo.header.Vid"
    assert "says that it has 127 bytes, but 5 are there" in caught.value.what


def test_left_over_bytes_are_named_where_they_begin() -> None:
    with pytest.raises(SealError) as caught:
        parse_seal(SEAL + b"tail")
    assert caught.value.offset == len(SEAL)


def test_seal_that_is_too_large() -> None:
    big = of_picture(data=octets(b"\x00" * SEAL_BYTES))
    with pytest.raises(SealError, match=f"more than the {8 * MIB} that are read"):
        parse_seal(big)
    with pytest.raises(SealError, match=f"toSign.eseal .* more than the {8 * MIB} of a seal"):
        parse_stamp(shapes.stamp(shapes.to_sign(eseal=big)))


def test_stamp_that_is_too_large() -> None:
    with pytest.raises(SealError, match=f"more than the {16 * MIB} that are read"):
        parse_stamp(seq(b"\x00" * 16 * MIB))


def test_nesting_costs_nothing() -> None:
    """What the syntax does not name is never entered, however deep it is."""
    deep = b""
    for _ in range(5000):
        deep = seq(deep)
    for data in (deep, shapes.seal(algorithm=seq(shapes.SM2_WITH_SM3, deep)), seq(deep, deep)):
        try:
            parse_seal(data)
        except SealError as error:
            assert len(str(error)) < 300
