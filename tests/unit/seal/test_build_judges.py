"""What is built, before judges that are not ours: the openssl command, asn1crypto, cryptography."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from signetd.seal import Format, parse_seal, parse_stamp, seal, stamp, to_sign
from tests.unit.pki import holders
from tests.unit.pki.forest import maker
from tests.unit.seal import parts, samples, shapes
from tests.unit.seal.judges import SESeal, SESSignature, kinds, lines, loaded

BOTH = pytest.mark.parametrize("version", [Format.V4, Format.V5])


@BOTH
def test_asn1crypto_reads_a_seal(version: Format) -> None:
    found = loaded(SESeal, parts.made_seal(format=version))
    info = found["eSealInfo"]
    assert dict(info["header"]) == {"ID": "ES", "version": version, "Vid": "Example Seals"}
    assert (info["esID"], info["picture"]["type"]) == ("33010620260701", "PNG")
    assert (info["picture"]["data"], info["picture"]["width"]) == (samples.PNG, 42)
    assert info["property"]["name"] == "杭州某某公司合同专用章（1）"
    assert info["property"]["createDate"] == parts.CREATED
    assert info["property"]["validStart"] == parts.START
    assert info["property"]["validEnd"] == parts.UNTIL
    assert info["property"]["certList"] == [parts.certificates()[0]]
    seen = [(each["extnID"], each["critical"], each["extnValue"]) for each in info["extDatas"]]
    assert seen == [(each.oid, each.critical, each.value) for each in parts.EXTENSIONS]
    assert (found["signAlgID"], found["signedValue"]) == ("1.2.156.10197.1.501", parts.SIGNATURE)
    assert found["timeStamp"] == (parts.TOKEN if version is Format.V5 else None)
    x509.load_der_x509_certificate(found["cert"])


@BOTH
def test_asn1crypto_reads_a_stamp(version: Format) -> None:
    eseal = parts.made_seal(format=version)
    inner = parts.to_be_signed(seal_der=eseal)
    found = loaded(SESSignature, parts.made_stamp(to_sign_der=inner))
    signed = found["toSign"]
    assert (signed["version"], signed["timeInfo"]) == (version, parts.TIME)
    assert signed["dataHash"] == shapes.HASH
    assert signed["propertyInfo"] == "/Doc_0/Signs/Sign_0/Signature.xml"
    assert signed["eseal"]["eSealInfo"]["esID"] == "33010620260701"
    assert [each["critical"] for each in signed["extDatas"]] == [True, False]
    assert (found["signature"], found["timeStamp"]) == (parts.SIGNATURE, parts.TOKEN)
    assert "leaf" in x509.load_der_x509_certificate(found["cert"]).subject.rfc4514_string()


@BOTH
def test_openssl_sees_the_shape_of_a_seal(version: Format) -> None:
    data = parts.made_seal(format=version)
    found = lines(data)
    tail = ["cont [ 0 ]"] if version is Format.V5 else []
    assert kinds(found, 0) == ["SEQUENCE"]
    assert kinds(found, 1) == ["SEQUENCE", "OCTET STRING", "OBJECT", "BIT STRING", *tail]
    info = [each for each in found if each.depth == 2 and each.at < len(parts.info())]
    assert [each.kind for each in info] == [
        *("SEQUENCE", "IA5STRING", "SEQUENCE", "SEQUENCE", "SEQUENCE")
    ]
    head = [each.content for each in found if each.depth == 3][:3]
    assert head == ["ES", f"{version:02X}", "Example Seals"]
    times = [each.content for each in found if each.kind == "GENERALIZEDTIME"]
    assert times == ["20260701000000Z", "20260702000000Z", "20310702000000Z"]
    assert [each.content for each in found if each.kind == "BOOLEAN"] == ["255"]
    signed = next(each for each in found if each.depth == 1)
    assert parse_seal(data).signed == data[signed.at : signed.end]


@BOTH
def test_openssl_sees_the_shape_of_a_stamp(version: Format) -> None:
    eseal = parts.made_seal(format=version)
    inner = parts.to_be_signed(seal_der=eseal)
    data = parts.made_stamp(to_sign_der=inner)
    found = lines(data)
    outer = ["SEQUENCE", "OCTET STRING", "OBJECT", "BIT STRING", "cont [ 0 ]"]
    assert kinds(found, 1) == outer
    signed = next(each for each in found if each.depth == 1)
    assert parse_stamp(data).signed == data[signed.at : signed.end] == inner
    fields = [each for each in found if each.depth == 2 and each.at < signed.end]
    assert [each.kind for each in fields] == [
        *("INTEGER", "SEQUENCE", "GENERALIZEDTIME", "BIT STRING", "IA5STRING", "cont [ 0 ]")
    ]
    assert data[fields[1].at : fields[1].end] == eseal


def verified(folder: Path, spki: bytes, signed: bytes, signature: bytes) -> bool:
    """Let the openssl command verify SM2 with SM3 under the default identifier."""
    key, message, value = folder / "key", folder / "message", folder / "signature"
    key.write_bytes(spki)
    message.write_bytes(signed)
    value.write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", str(key)]
    more = ["-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{holders.ID.decode()}"]
    files = ["-in", str(message), "-sigfile", str(value)]
    done = subprocess.run([*command, *more, *files], capture_output=True, timeout=60)
    return done.returncode == 0


def cut_out(data: bytes, depth: int, kind: str, number: int = 0) -> bytes:
    """Return an element that openssl has found."""
    line = [each for each in lines(data) if (each.depth, each.kind) == (depth, kind)][number]
    return data[line.at : line.end]


@BOTH
def test_signatures_hold_for_what_openssl_cuts_out(version: Format, tmp_path: Path) -> None:
    """A seal and a stamp from real SM2 keys, taken apart and verified without our code."""
    forest = maker("sm2")
    owner, seal_maker = forest.leaf, forest.ca.leaf("maker of seals")
    properties = parts.properties(certificates=(owner.der,))
    info = parts.info(format=version, properties=properties)
    eseal = seal(info, seal_maker.der, holders.sign(seal_maker.key, info), format=version)
    signed = cut_out(eseal, 1, "SEQUENCE")
    value = cut_out(eseal, 1, "BIT STRING")
    assert value[2:3] == b"\x00"
    assert verified(tmp_path, seal_maker.key.spki, signed, value[3:])
    altered = signed.replace(b"33010620260701", b"33010620260702")
    assert not verified(tmp_path, seal_maker.key.spki, altered, value[3:])

    inner = to_sign(eseal, time=parts.TIME, data_hash=shapes.HASH, property_info="/Doc_0/x.xml")
    applied = stamp(inner, owner.der, holders.sign(owner.key, inner))
    signed = cut_out(applied, 1, "SEQUENCE")
    value = cut_out(applied, 1, "BIT STRING")
    assert verified(tmp_path, owner.key.spki, signed, value[3:])
    altered = signed.replace(b"20260801020304Z", b"20260801020305Z")
    assert not verified(tmp_path, owner.key.spki, altered, value[3:])
    assert parse_stamp(applied).signature == value[3:]
    assert x509.load_der_x509_certificate(parse_stamp(applied).certificate).subject
