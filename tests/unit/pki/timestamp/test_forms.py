"""The forms in which tokens come: two standards, several spellings, optional fields."""

import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signetd.pki import InputError, Status
from signetd.pki import timestamp as ts
from tests import tsa
from tests.unit.pki import holders, making
from tests.unit.pki.making import tlv
from tests.unit.pki.timestamp import stamps

SM2_SPELLINGS = {
    "sm2-with-sm3": "300a06082a811ccf55018375",
    "sm2-with-sm3 and NULL": "300c06082a811ccf550183750500",
    "the SM2 curve": "300a06082a811ccf5501822d",
    "SM2 signing": "300b06092a811ccf5501822d01",
    "id-ecPublicKey": "300906072a8648ce3d0201",
}
PSS = bytes.fromhex(
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)


def good(kind: str = "sm2", **changes: Any) -> ts.TimeStampToken:
    token = stamps.token(kind, **changes)
    report = stamps.verified(token, kind)
    assert report.valid, stamps.told(report)
    assert report.token is not None
    return report.token


@pytest.mark.parametrize("spelling", SM2_SPELLINGS)
def test_spellings_of_sm2(spelling: str) -> None:
    good(algorithm=bytes.fromhex(SM2_SPELLINGS[spelling]))


def test_rsa_named_by_its_key() -> None:
    good("rsa", algorithm=bytes.fromhex("300d06092a864886f70d0101010500"))


def test_ecdsa_named_by_its_key() -> None:
    good("ec", algorithm=bytes.fromhex("300906072a8648ce3d0201"))


def test_rsa_pss() -> None:
    private = serialization.load_pem_private_key(stamps.authority("rsa").signer.key.pem, None)
    assert isinstance(private, rsa.RSAPrivateKey)

    def sign(data: bytes) -> bytes:
        used = hashes.SHA256()
        return private.sign(data, padding.PSS(padding.MGF1(used), 32), used)

    good("rsa", algorithm=PSS, sign=sign)


def test_gb_signed_data_with_content_as_it_is() -> None:
    """GB/T 35275 has its own identifier, and PKCS #7's content without an OCTET STRING."""
    for bare in (False, True):
        token = good(outer=tsa.GB_SIGNED_DATA, bare=bare, version=2)
        assert token.signed.kind == tsa.GB_SIGNED_DATA
        assert token.content.version == 2


def test_signer_named_by_its_key_identifier() -> None:
    assert good(by_key=True).signer.key_id == stamps.authority("sm2").signer.key.identifier


@pytest.mark.parametrize("used", ["sha1", "sha256", "sm3"])
@pytest.mark.parametrize("v1", [True, False])
def test_certificates_named_by_each_hash(used: str, v1: bool) -> None:
    signer = stamps.authority("sm2").signer
    names = tlv(0x30, tlv(0xA4, making.name("tsa ca")))
    for more in (b"", tlv(0x30, names, making.integer(signer.serial))):
        named = tsa.certificate_id(signer.der, used, v1=v1, more=more)
        good(attrs=lambda data, named=named: (*tsa.attributes(data, signer, "sm3")[:2], named))


@pytest.mark.parametrize(
    ("fraction", "microsecond"),
    [(b".5", 500000), (b".000001", 1), (b".123456789", 123456), (b"", 0)],
)
def test_fractions_of_a_second(fraction: bytes, microsecond: int) -> None:
    assert good(at=tsa.now() - tsa.DAY, fraction=fraction).gen_time.microsecond == microsecond


@pytest.mark.parametrize("fraction", [b".50", b".", b".123456789123", b",5", b".5+0800"])
def test_fractions_that_are_no_der(fraction: bytes) -> None:
    with pytest.raises(InputError, match="genTime"):
        ts.TimeStampToken.read(stamps.token(fraction=fraction))


def test_accuracy_ordering_and_name() -> None:
    accuracy = tlv(0x30, making.integer(2), tlv(0x80, b"\x01"), tlv(0x81, b"\x03"))
    name = tlv(0xA4, making.name("tsa"))
    token = good(accuracy=accuracy, ordering=b"\x01\x01\xff", name=name)
    assert token.accuracy is not None
    assert token.accuracy.delta == datetime.timedelta(seconds=2, milliseconds=1, microseconds=3)
    assert token.content.ordering
    assert token.content.authority == name


@pytest.mark.parametrize(
    "accuracy",
    [
        tlv(0x30, making.integer(-1)),
        tlv(0x30, tlv(0x80, b"\x03\xe8")),
        tlv(0x30, tlv(0x81, b"\x03"), tlv(0x80, b"\x03")),
        tlv(0x30, making.integer(1 << 400)),
    ],
    ids=["negative", "1000 ms", "order", "huge"],
)
def test_accuracies_that_make_no_sense(accuracy: bytes) -> None:
    with pytest.raises(InputError, match="accuracy"):
        ts.TimeStampToken.read(stamps.token(accuracy=accuracy))


def test_extensions() -> None:
    def extension(critical: bytes) -> bytes:
        return tlv(0xA1, tlv(0x30, making.oid("1.2.3.4"), critical, tlv(4, b"\x05\x00")))

    good(more=extension(b""))
    report = stamps.verified(stamps.token(more=extension(b"\x01\x01\xff")))
    assert stamps.failed(report) == {"EXTENSIONS"}


def test_certificates_that_come_apart() -> None:
    """With certReq false the token has no certificates; the verifier has them."""
    maker = stamps.authority("sm2")
    token = stamps.token(certificates=[])
    assert stamps.failed(stamps.verified(token)) == {"SIGNER"}
    others = [maker.signer.der, maker.ca.pem]
    report = stamps.verified(token, others=others)
    assert report.valid, stamps.told(report)


def test_two_certificates_of_one_number() -> None:
    """The hash tells which of them is meant, whichever comes first."""
    maker = stamps.authority("sm2")
    given = (making.usage("digital_signature"), tsa.purpose())
    life = (tsa.now() - tsa.DAY, tsa.now() + tsa.DAY)
    twin = maker.ca.leaf("twin", given=given, serial=maker.signer.serial, life=life)
    for order in ([twin.der, maker.signer.der], [maker.signer.der, twin.der]):
        good(certificates=[*order, maker.ca.der])


def test_another_id_than_the_default() -> None:
    key = stamps.authority("sm2").signer.key

    def sign(data: bytes) -> bytes:
        return holders.sign(key, data, signer_id=b"another")

    assert stamps.failed(stamps.verified(stamps.token(sign=sign))) == {"SIGNATURE"}


def test_a_little_late_is_a_warning_and_much_is_not() -> None:
    later = tsa.now() + datetime.timedelta(seconds=30)
    report = stamps.verified(stamps.token(at=later))
    assert stamps.status(report, ts.TokenName.TIME) is Status.WARNING
    assert report.valid, stamps.told(report)
    later = tsa.now() + datetime.timedelta(seconds=300)
    assert stamps.failed(stamps.verified(stamps.token(at=later))) == {"TIME"}
    accuracy = tlv(0x30, making.integer(10**6))
    report = stamps.verified(stamps.token(at=later, accuracy=accuracy))
    assert stamps.failed(report) == {"TIME"}, "an authority's own accuracy excuses a minute at most"
