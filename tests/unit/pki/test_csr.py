"""Certification requests: accepted by openssl and read by cryptography, which did not make them."""

import ipaddress
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signetd.pki import InputError, algorithms, csr
from tests.unit.pki import holders, making

WANTED = csr.Wanted(
    subject="CN=张三+serialNumber=7,O=示例 Ltd,C=CN",
    alternative_names=(
        "dns:*.example.cn",
        "email:a.b@example.cn",
        "ip:192.0.2.1",
        "ip:2001:db8::1",
        "uri:spiffe://example/seal",
    ),
    key_usages=("digitalSignature", "nonRepudiation"),
    extended_key_usages=("1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.55555.7"),
)
LONG = "2.999999999" + ".999999999999999" * 8
"""An object identifier of 68 octets: openssl and others take at most 63."""
MANY = "1.3.6.1.4.1.311.21.8.1174692.16553431.11233198.1.2"
"""One with many parts, as Windows CAs make them."""
NAMES = {"sm2": "sm2-sm3", "rsa": "rsa-sha256", "ec": "ecdsa-sha256", "ed25519": "ed25519"}


def made(kind: str, wanted: csr.Wanted = WANTED) -> bytes:
    key = holders.key(kind, "csr")
    info = csr.request_info(key.spki, wanted)
    request = csr.assemble(info, csr.signature_algorithm(NAMES[kind]), holders.sign(key, info))
    assert info in request, "what was signed stands in the request byte by byte"
    return request


def openssl_verifies(request: bytes, kind: str, folder: Path) -> tuple[bool, str]:
    """Say whether openssl finds the signature valid, which its exit code does not tell."""
    file = folder / "request.pem"
    file.write_bytes(making.pem(request, "CERTIFICATE REQUEST"))
    option = ["-vfyopt", f"distid:{holders.ID.decode()}"] if kind == "sm2" else []
    shown = ["-noout", "-text", "-nameopt", "utf8"]
    done = subprocess.run(
        ["openssl", "req", "-in", str(file), "-verify", *option, *shown],
        capture_output=True,
        timeout=60,
    )
    return b"self-signature verify OK" in done.stderr, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("kind", holders.KINDS)
def test_openssl_accepts_it(kind: str, tmp_path: Path) -> None:
    verified, shown = openssl_verifies(made(kind), kind, tmp_path)
    assert verified, shown
    for text in ("CN=张三", "Digital Signature, Non Repudiation", "DNS:*.example.cn"):
        assert text in shown, shown


@pytest.mark.parametrize("kind", holders.KINDS)
def test_openssl_refuses_an_altered_one(kind: str, tmp_path: Path) -> None:
    altered = made(kind).replace(b"example", b"exbmple")
    verified, shown = openssl_verifies(altered, kind, tmp_path)
    assert not verified, shown


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519"])
def test_cryptography_reads_what_was_asked_for(kind: str) -> None:
    request = x509.load_der_x509_csr(made(kind))
    assert request.is_signature_valid
    assert request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == "张三"
    assert [len(part) for part in request.subject.rdns] == [1, 1, 2]
    usage = request.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    purposes = request.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each.dotted_string for each in purposes] == list(WANTED.extended_key_usages)
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["*.example.cn"]
    assert names.get_values_for_type(x509.RFC822Name) == ["a.b@example.cn"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("192.0.2.1"),
        ipaddress.ip_address("2001:db8::1"),
    ]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://example/seal"]


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_rsa_pss_is_signed_as_its_parameters_say(name: str, tmp_path: Path) -> None:
    key = holders.key("rsa", "csr")
    private = serialization.load_pem_private_key(key.pem, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    digest: hashes.HashAlgorithm = getattr(hashes, name.upper())()
    info = csr.request_info(key.spki, WANTED)
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    signature = private.sign(info, pss, digest)
    request = csr.assemble(info, csr.signature_algorithm(f"rsa-pss-{name}"), signature)
    verified, shown = openssl_verifies(request, "rsa", tmp_path)
    assert verified, shown
    assert x509.load_der_x509_csr(request).is_signature_valid


def test_sm2_and_ecdsa_have_no_parameters_and_rsa_has_null() -> None:
    assert csr.signature_algorithm("sm2-sm3").hex() == "300a06082a811ccf55018375"
    assert csr.signature_algorithm("ecdsa-sha384").hex() == "300a06082a8648ce3d040303"
    assert csr.signature_algorithm("rsa-sha256").hex().endswith("010b0500")
    for name in sorted(algorithms.NAMES - algorithms.BROKEN):
        if "sha224" not in name and name != "rsa-sm3":
            assert algorithms.scheme(csr.signature_algorithm(name)).name == name


def test_an_identifier_with_many_parts_is_taken() -> None:
    wanted = csr.Wanted(subject=f"CN=x,{MANY}=y", extended_key_usages=(MANY,))
    request = x509.load_der_x509_csr(made("ec", wanted))
    purposes = request.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each.dotted_string for each in purposes] == [MANY]
    assert MANY in [each.oid.dotted_string for each in request.subject]


def test_without_extensions_the_attributes_are_there_and_empty() -> None:
    """RFC 2986, 4.1: the field is not optional."""
    info = csr.request_info(holders.key("ec", "csr").spki, csr.Wanted(subject="CN=x"))
    assert info.endswith(b"\xa0\x00")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"subject": "no name"}, "subject"),
        ({"alternative_names": ("example.cn",)}, "alternative_names"),
        ({"alternative_names": ("dns:",)}, "alternative_names"),
        ({"alternative_names": ("dns:a b",)}, "alternative_names"),
        ({"alternative_names": ("dns:示例.cn",)}, "alternative_names"),
        ({"alternative_names": ("dns:-a.cn",)}, "alternative_names"),
        ({"alternative_names": ("dns:a\nb",)}, "alternative_names"),
        ({"alternative_names": ("DNS:a.cn",)}, "alternative_names"),
        ({"alternative_names": ("ip:1.2.3",)}, "alternative_names"),
        ({"alternative_names": ("ip:10.0.0.0/8",)}, "alternative_names"),
        ({"alternative_names": ("email:a",)}, "alternative_names"),
        ({"alternative_names": ("email:甲@b.cn",)}, "alternative_names"),
        ({"alternative_names": ("uri:relative",)}, "alternative_names"),
        ({"alternative_names": ("uri:http://a b",)}, "alternative_names"),
        ({"alternative_names": ("dns:" + "a." * 200 + "a",)}, "alternative_names"),
        ({"alternative_names": tuple(f"dns:a{i}.cn" for i in range(65))}, "alternative_names"),
        ({"key_usages": ("signing",)}, "key_usages"),
        ({"key_usages": ("encipherOnly",)}, "key_usages"),
        ({"extended_key_usages": ("clientAuth",)}, "extended_key_usages"),
        ({"extended_key_usages": ("3.1",)}, "extended_key_usages"),
        ({"extended_key_usages": (LONG,)}, "extended_key_usages"),
        ({"subject": f"{LONG}=x"}, "subject"),
        ({"extended_key_usages": tuple(f"1.2.{i}" for i in range(33))}, "extended_key_usages"),
    ],
)
def test_refused_naming_the_field(changes: dict[str, str], place: str) -> None:
    wanted = csr.Wanted(**({"subject": "CN=x"} | changes))  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        csr.request_info(holders.key("ec", "csr").spki, wanted)
    assert caught.value.place == place
