"""What makes no seal and no stamp: refused with the field, the limit, and nothing made."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from signetd.seal import BuildError, CertificateDigest, Extension, Format, seal
from tests.unit.pki import making
from tests.unit.seal import parts, shapes
from tests.unit.seal.parts import SIGNATURE, certificates
from tests.unit.seal.shapes import num, octets, seq

OWNER, MAKER = certificates()
NAIVE = datetime(2026, 7, 1)
FIRST = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
LAST = datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))


def owned(count: int) -> dict[str, Any]:
    digests = [CertificateDigest("SM3", i.to_bytes(32)) for i in range(count)]
    return {"certificates": (), "digests": tuple(digests)}


# What is given to seal_info, to its properties or its picture; the field; a word of what is said.
INFOS: dict[str, tuple[dict[str, Any], str, str]] = {
    "version 1": ({"format": Format.V1}, "format", "version 4 or 5"),
    "no vendor": ({"vendor": ""}, "vendor", "0 characters; 1 to 64"),
    "a long vendor": ({"vendor": "v" * 65}, "vendor", "65 characters; 1 to 64"),
    "a Chinese vendor": ({"vendor": "某公司"}, "vendor", "printable ASCII"),
    "a vendor of two lines": ({"vendor": "a\nb"}, "vendor", "printable ASCII"),
    "no id": ({"seal_id": ""}, "seal_id", "0 characters; 1 to 64"),
    "a long id": ({"seal_id": "1" * 65}, "seal_id", "65 characters; 1 to 64"),
    "an id with a space": ({"seal_id": "330 106"}, "seal_id", "without spaces"),
    "an id with DEL": ({"seal_id": "330\x7f"}, "seal_id", "printable ASCII"),
}
PROPERTIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "type 0": ({"kind": 0}, "kind", "0 is not from 1 to 255"),
    "type 256": ({"kind": 256}, "kind", "256 is not from 1 to 255"),
    "no name": ({"name": ""}, "name", "0 characters; 1 to 200"),
    "a long name": ({"name": "章" * 201}, "name", "201 characters; 1 to 200"),
    "a name of two lines": ({"name": "合同\n专用章"}, "name", "control characters"),
    "a name with a blank": ({"name": "合同专用章 "}, "name", "blanks at an end"),
    "a name turned round": ({"name": "合同\u202e专用章"}, "name", "control characters"),
    "half a character": ({"name": "合同\ud83d"}, "name", "control characters"),
    "no owner": ({"certificates": ()}, "certificates", "give the owners' certificates"),
    "certificates and digests": (
        owned(1) | {"certificates": (OWNER,)},
        "digests",
        "not both",
    ),
    "1001 owners": (owned(1001), "digests", "there are 1001; 1000 are the most"),
    "an owner twice": ({"certificates": (OWNER, OWNER)}, "certificates", "twice"),
    "no certificate": ({"certificates": (OWNER, b"x")}, "certificates[1]", "no certificate"),
    "an empty certificate": ({"certificates": (b"",)}, "certificates[0]", "no certificate"),
    "a certificate cut": ({"certificates": (OWNER[:-1],)}, "certificates[0]", "no certificate"),
    "a certificate and more": (
        {"certificates": (OWNER + b"\0",)},
        "certificates[0]",
        "no certificate",
    ),
    "a certificate in PEM": ({"certificates": (making.pem(OWNER),)}, "certificates[0]", "in DER"),
    "a digest by MD5": (
        {"certificates": (), "digests": (CertificateDigest("MD5", b"d" * 16),)},
        "digests",
        "must be SM3 or 1.2.156.10197.1.401",
    ),
    "a digest of 31 bytes": (
        {"certificates": (), "digests": (CertificateDigest("SM3", b"d" * 31),)},
        "digests",
        "SM3 gives 32 bytes, not 31",
    ),
    "made in no zone": ({"create_time": NAIVE}, "create_time", "no zone"),
    "valid from in no zone": ({"valid_from": NAIVE}, "valid_from", "no zone"),
    "valid until in no zone": ({"valid_until": NAIVE}, "valid_until", "no zone"),
    "before the year 1": ({"create_time": FIRST}, "create_time", "before the year 1"),
    "after the year 9999": ({"valid_until": LAST}, "valid_until", "after 9999"),
    "never valid": ({"valid_from": parts.UNTIL}, "valid_until", "later than valid_from"),
    "valid for no second": (
        {"valid_from": parts.START, "valid_until": parts.START.replace(microsecond=1)},
        "valid_until",
        "later than valid_from",
    ),
    "made after it ends": ({"create_time": parts.UNTIL}, "valid_until", "later than create_time"),
}
PICTURES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no width": ({"width": 0}, "width", "0 is not from 1 to 300 mm"),
    "negative height": ({"height": -1}, "height", "-1 is not from 1 to 300 mm"),
    "too wide": ({"width": 301}, "width", "301 is not from 1 to 300 mm"),
    "too high": ({"height": 301}, "height", "301 is not from 1 to 300 mm"),
    "another kind": ({"kind": "WEBP"}, "kind", "none of PNG, JPG"),
    "another picture": ({"kind": "JPG"}, "data", "it is PNG, and picture.kind says JPG"),
}
OID = "1.2.156.10197.1.999"
EXTENSIONS: dict[str, tuple[list[Extension], str]] = {
    "twice": ([Extension(OID, True, b""), Extension(OID, False, b"x")], f"{OID} is there twice"),
    "too many": ([Extension(f"1.2.{i}", False, b"") for i in range(101)], "101; 100 are the most"),
    "too large": ([Extension(OID, False, bytes(65537))], "65537 bytes of value; 65536"),
    **{
        f"identifier {shown!a}": ([Extension(shown, False, b"")], "no object identifier")
        for shown in (
            *("", "1", "1.", ".1", "1.2.", "3.1", "0.40", "1.40.1", "1.2.x", "1.2.-1", "1.02.3"),
            *("1.2.03", "1 .2", "1.2\n", "1.２.3", "+1.2.3", "1.2.1_0", "1." + "2" * 300),
            *("1.2" + ".3" * 64, "1.2" + ".99999999" * 16, "2.5." + "9" * 40),
        )
    },
}


def refused(field: str, what: str, make: Any, **given: Any) -> None:
    with pytest.raises(BuildError) as caught:
        make(**given)
    assert caught.value.field == field, caught.value
    assert what in caught.value.what, caught.value
    assert str(caught.value).startswith(f"{field}: ")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("label", INFOS)
def test_information_is_refused(label: str) -> None:
    given, field, what = INFOS[label]
    refused(field, what, parts.info, **given)


@pytest.mark.parametrize("label", PROPERTIES)
def test_properties_are_refused(label: str) -> None:
    given, field, what = PROPERTIES[label]
    refused(f"properties.{field}", what, parts.info, properties=parts.properties(**given))


@pytest.mark.parametrize("label", PICTURES)
def test_picture_is_refused(label: str) -> None:
    given, field, what = PICTURES[label]
    refused(f"picture.{field}", what, parts.info, picture=parts.picture(**given))


@pytest.mark.parametrize("label", EXTENSIONS)
def test_extensions_are_refused(label: str) -> None:
    extensions, what = EXTENSIONS[label]
    refused("extensions", what, parts.info, extensions=extensions)
    refused("extensions", what, parts.to_be_signed, extensions=extensions)


def test_limits_themselves_are_allowed() -> None:
    extensions = [Extension(f"1.2.{i}", False, b"") for i in range(99)]
    extensions.append(Extension("2.5." + "9" * 38, True, bytes(65536)))
    properties = parts.properties(kind=255, name="章" * 200, **owned(1000))
    picture = parts.picture(width=300, height=1)
    inner = parts.info(
        vendor="v" * 64,
        seal_id="1" * 64,
        properties=properties,
        picture=picture,
        extensions=extensions,
    )
    assert parts.made_seal(info_der=inner)
    assert parts.to_be_signed(property_info="p" * 1024, extensions=extensions)


RAW = bytes(range(1, 65))
SIGNATURES = {
    "empty": b"",
    "r and s side by side": RAW,
    "r is 0": seq(num(0), num(5)),
    "s is 0": seq(num(5), num(0)),
    "r is negative": seq(b"\x02\x01\xff", num(5)),
    "s is too large": seq(num(5), num(2**256)),
    "three numbers": seq(num(5), num(5), num(5)),
    "superfluous zeros": seq(b"\x02\x02\x00\x05", num(5)),
    "a byte too many": SIGNATURE + b"\0",
    "cut": SIGNATURE[:-1],
    "indefinite length": b"\x30\x80" + num(5) + num(5) + b"\0\0",
}


@pytest.mark.parametrize("label", SIGNATURES)
def test_signature_is_refused(label: str) -> None:
    what = "encode r and s" if label == "r and s side by side" else "it is not SM2's SEQUENCE"
    for make in (parts.made_seal, parts.made_stamp):
        refused("signature", what, make, signature=SIGNATURES[label])


@pytest.mark.parametrize("make", [parts.made_seal, parts.made_stamp])
def test_certificate_is_refused(make: Any) -> None:
    refused("certificate", "it is no certificate", make, certificate=b"")
    refused("certificate", "it is no certificate", make, certificate=SIGNATURE)
    refused("certificate", "give the certificate in DER", make, certificate=making.pem(MAKER))


@pytest.mark.parametrize("make", [parts.made_seal, parts.made_stamp])
def test_time_token_is_refused(make: Any) -> None:
    for token in (b"", b"text", octets(b"x"), parts.TOKEN + b"\0", parts.TOKEN[:-1]):
        refused("time_token", "give the TimeStampToken alone", make, time_token=token)
    big = seq(bytes(256 * 1024))
    refused("time_token", "262144 are the most", make, time_token=big)


def test_no_time_token_in_version_4() -> None:
    with pytest.raises(BuildError, match="time_token: only a seal of version 5"):
        seal(
            parts.info(format=Format.V4),
            MAKER,
            SIGNATURE,
            format=Format.V4,
            time_token=parts.TOKEN,
        )


def test_no_seal_of_version_1() -> None:
    refused("format", "version 4 or 5", parts.made_seal, info_der=b"x", format=Format.V1)


def test_information_of_another_version() -> None:
    for one, other in ((Format.V4, Format.V5), (Format.V5, Format.V4)):
        what = f"it is of version {one}, and the seal is to be of {other}"
        inner = parts.info(format=one)
        refused("info_der", what, parts.made_seal, info_der=inner, format=other)


INNERS = {
    "nothing": b"\x00",
    "text": b"not DER",
    "cut": parts.info()[:-1],
    "twice": parts.info() * 2,
    "a whole seal": parts.made_seal(),
    "with more behind": parts.info() + num(1),
}


@pytest.mark.parametrize("label", INNERS)
def test_what_is_no_information(label: str) -> None:
    what = "it is not as seal_info() makes it"
    refused("info_der", what, parts.made_seal, info_der=INNERS[label])
    what = "it is not as to_sign() makes it"
    refused("to_sign_der", what, parts.made_stamp, to_sign_der=INNERS[label])


def test_a_stamp_of_version_1_is_not_made() -> None:
    what = "it is not as to_sign() makes it"
    refused("to_sign_der", what, parts.made_stamp, to_sign_der=shapes.to_sign_v1())


def test_seal_that_is_none_or_too_old() -> None:
    what = "it is no electronic seal"
    for data in (b"x", parts.made_seal() + b"\0", parts.info(), parts.made_stamp()):
        refused("seal_der", what, parts.to_be_signed, seal_der=data)
    old = shapes.seal_v1()
    refused("seal_der", "version 1 are not applied", parts.to_be_signed, seal_der=old)


def test_seal_whose_version_is_not_that_of_its_layout() -> None:
    later = shapes.seal(shapes.info(head=shapes.header(version=num(6))))
    refused("seal_der", "version 6, and it is laid out as 4", parts.to_be_signed, seal_der=later)
    stamped = shapes.seal(token=shapes.tagged(shapes.bits(parts.TOKEN)))
    refused("seal_der", "version 4, and it is laid out as 5", parts.to_be_signed, seal_der=stamped)


STAMPS: dict[str, tuple[dict[str, Any], str, str]] = {
    "in no zone": ({"time": NAIVE}, "time", "no zone"),
    "before the year 1": ({"time": FIRST}, "time", "before the year 1"),
    "31 bytes": ({"data_hash": bytes(31)}, "data_hash", "32 bytes, not 31"),
    "33 bytes": ({"data_hash": bytes(33)}, "data_hash", "32 bytes, not 33"),
    "no digest": ({"data_hash": b""}, "data_hash", "32 bytes, not 0"),
    "in hex": ({"data_hash": b"a" * 64}, "data_hash", "32 bytes, not 64"),
    "no info": ({"property_info": ""}, "property_info", "0 characters; 1 to 1024"),
    "long info": ({"property_info": "p" * 1025}, "property_info", "1025 characters; 1 to 1024"),
    "Chinese info": ({"property_info": "文档"}, "property_info", "printable ASCII"),
    "info of two lines": ({"property_info": "a\r\nb"}, "property_info", "printable ASCII"),
}


@pytest.mark.parametrize("label", STAMPS)
def test_what_is_to_be_signed_is_refused(label: str) -> None:
    given, field, what = STAMPS[label]
    refused(field, what, parts.to_be_signed, **given)


def test_seal_that_is_too_large_all_together() -> None:
    """Each part is within its limit, and the parser would refuse the sum of them."""
    extensions = [Extension(f"1.2.{i}", False, bytes(65536)) for i in range(100)]
    image = b"\x89PNG" + bytes(2_000_000)
    inner = shapes.info_v5(
        extensions=seq(*(shapes.extension(each.value) for each in extensions)),
        image=shapes.picture(data=octets(image)),
    )
    refused("info_der", "8388608 are the most", parts.made_seal, info_der=inner)


def test_years_are_written_with_four_digits() -> None:
    early = parts.properties(create_time=datetime(33, 4, 3, tzinfo=UTC))
    assert shapes.gtime("00330403000000Z") in parts.info(properties=early)
