"""Identity in a certificate, and the service manager's socket."""

import datetime
import socket
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signetd.daemon.identity import CertificateIdentity, name_in_certificate
from signetd.daemon.notify import notify
from signetd.drivers.errors import Reason, SignetError

NOW = datetime.datetime.now(datetime.UTC)


def _certificate(common_name: str, *names: x509.GeneralName) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    subject = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + datetime.timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


URI = x509.UniformResourceIdentifier("spiffe://a/b")
DNS = x509.DNSName("app.example")


@pytest.mark.parametrize(
    ("pem", "name"),
    [
        (_certificate("cn", DNS, URI), "spiffe://a/b"),
        (_certificate("cn", DNS), "app.example"),
        (_certificate("cn", x509.RFC822Name("a@example")), "cn"),
        (_certificate("cn"), "cn"),
    ],
)
def test_certificate_names_its_holder(pem: bytes, name: str) -> None:
    assert CertificateIdentity().name({"x509_pem_cert": [pem]}) == name


@pytest.mark.parametrize(
    "pem",
    [
        _certificate(""),
        _certificate("cn", URI, x509.UniformResourceIdentifier("spiffe://c/d")),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"",
    ],
)
def test_unclear_certificate_gives_no_identity(pem: bytes) -> None:
    with pytest.raises(SignetError) as caught:
        name_in_certificate(pem)
    assert caught.value.reason is Reason.IDENTITY_MISSING


def test_connection_without_a_certificate_has_no_identity() -> None:
    with pytest.raises(SignetError) as caught:
        CertificateIdentity().name({})
    assert caught.value.reason is Reason.IDENTITY_MISSING


def test_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0signetd-test-{tmp_path}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@signetd-test-{tmp_path}")
        assert notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
