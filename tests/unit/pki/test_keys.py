"""Public keys that are the same, however their SubjectPublicKeyInfo is written."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signetd.pki import keys
from tests.unit.pki import holders, making


def test_the_same_key_written_otherwise() -> None:
    """Some Chinese CAs write the SM2 OID as the algorithm, with and without a curve."""
    sm2 = holders.key("sm2", "same")
    point = making.bit_string(sm2.bits)
    curve = making.oid("1.2.156.10197.1.301")
    for algorithm in (making.tlv(0x30, curve), making.tlv(0x30, curve, curve)):
        assert keys.same(sm2.spki, making.tlv(0x30, algorithm, point))
        assert keys.plain(making.tlv(0x30, algorithm, point)) == sm2.spki
    rsa = holders.key("rsa", "same")
    without_null = rsa.spki.replace(bytes.fromhex("300d06092a864886f70d0101010500"), b"", 1)
    assert keys.same(rsa.spki, rsa.spki)
    assert not keys.same(rsa.spki, without_null)


def test_other_keys_and_what_is_none() -> None:
    found = [holders.key(kind, label).spki for kind in holders.KINDS for label in ("a", "b")]
    for place, one in enumerate(found):
        for other in (*found[:place], *found[place + 1 :], one[:-1]):
            assert not keys.same(one, other)


def test_the_usual_writing_stays() -> None:
    for kind in holders.KINDS:
        spki = holders.key(kind, "plain").spki
        assert keys.plain(spki) == spki


def test_a_compressed_point_is_written_out() -> None:
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    short = made.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    algorithm = making.tlv(0x30, making.oid("1.2.840.10045.2.1"), making.oid("1.2.840.10045.3.1.7"))
    usual = made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert keys.plain(making.tlv(0x30, algorithm, making.bit_string(short))) == usual
