"""Makes a small certificate authority, a server's and a client's certificate for one folder."""

import datetime
import ipaddress
import os
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT_URI: Final = "spiffe://dev/client"
"""The name in the client's certificate."""

_LIFE: Final = datetime.timedelta(days=365)
_RENEW_BEFORE: Final = datetime.timedelta(days=1)
_FILES: Final = (
    "client/ca.pem",
    "client/client.pem",
    "client/client.key",
    "server/server.pem",
    "server/server.key",
)


def ensure_certificates(folder: Path) -> None:
    """Write the certificates and keys (PEM, mode 0600) under *folder* unless valid ones are there.

    The key of the authority is thrown away, so that nobody can make another certificate.
    Raises OSError when the files cannot be written.
    """
    if _are_valid(folder):
        return
    authority_key, authority = _authority()
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
    ]
    holders: dict[str, tuple[list[x509.GeneralName], x509.ObjectIdentifier]] = {
        "server": (names, ExtendedKeyUsageOID.SERVER_AUTH),
        "client": ([x509.UniformResourceIdentifier(CLIENT_URI)], ExtendedKeyUsageOID.CLIENT_AUTH),
    }
    for holder, (alternative, usage) in holders.items():
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _issue(key, holder, alternative, usage, authority_key, authority)
        (folder / holder).mkdir(mode=0o700, exist_ok=True)
        write_private(folder / holder / f"{holder}.key", _key_pem(key))
        write_private(folder / holder / f"{holder}.pem", _pem(certificate))
    write_private(folder / "client" / "ca.pem", _pem(authority))


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)


def _are_valid(folder: Path) -> bool:
    if not all((folder / name).is_file() for name in _FILES):
        return False
    moment = datetime.datetime.now(datetime.UTC) + _RENEW_BEFORE
    certificates = [(folder / name).read_bytes() for name in _FILES if name.endswith(".pem")]
    try:
        return all(
            x509.load_pem_x509_certificate(pem).not_valid_after_utc > moment for pem in certificates
        )
    except ValueError:
        return False


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    name = _name("signetd dev CA")
    builder = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return key, builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _issue(
    key: ec.EllipticCurvePrivateKey,
    common_name: str,
    names: list[x509.GeneralName],
    usage: x509.ObjectIdentifier,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
) -> x509.Certificate:
    return (
        _builder(_name(f"signetd dev {common_name}"), authority.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
