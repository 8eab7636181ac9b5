"""A CA for tests: certificates and revocation lists of every kind, also of those that are wrong."""

import datetime
import functools
from collections.abc import Iterable
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
CLIENT = x509.UniformResourceIdentifier("spiffe://dev/client")
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
_PEM = serialization.Encoding.PEM

Extensions = Iterable[tuple[x509.ExtensionType, bool]]


class Holder(NamedTuple):
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(_PEM)

    @property
    def key_pem(self) -> bytes:
        encryption = serialization.NoEncryption()
        return self.key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, encryption)


class Authority(Holder):
    """A CA that issues what it is told to."""

    def issue(
        self,
        *names: x509.GeneralName,
        common_name: str | Iterable[str] = "client",
        usages: Iterable[x509.ObjectIdentifier] = (CLIENT_AUTH,),
        life: tuple[datetime.datetime, datetime.datetime] = (NOW - DAY, NOW + DAY),
    ) -> Holder:
        key = _key()
        common_names = [common_name] if isinstance(common_name, str) else common_name
        builder = _builder(_name(*common_names), self.certificate.subject, key, life)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return Holder(builder.sign(self.key, hashes.SHA256()), key)

    def self_signed(self, *names: x509.GeneralName) -> Holder:
        """Return a client's certificate that its own key has signed, under this CA's name."""
        key = _key()
        subject = self.certificate.subject
        builder = _builder(subject, subject, key, (NOW - DAY, NOW + DAY)).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        return Holder(builder.sign(key, hashes.SHA256()), key)

    def issue_authority(self, name: str, *, crl_sign: bool = True) -> "Authority":
        return _authority(name, self, crl_sign=crl_sign)

    def renew(self, authority: "Authority") -> "Authority":
        """Return a CA with another certificate for the same key."""
        return _authority(_common_name(authority), self, authority.key)

    def crl(
        self,
        *revoked: x509.Certificate,
        life: tuple[datetime.datetime, datetime.datetime] = (NOW - DAY, NOW + DAY),
        reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise,
        extensions: Extensions = (),
        entry_extensions: Extensions = (),
    ) -> x509.CertificateRevocationList:
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, life[0], life[1])
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, NOW - DAY)
            for value, critical in ((x509.CRLReason(reason), False), *entry_extensions):
                entry = entry.add_extension(value, critical)
            builder = builder.add_revoked_certificate(entry.build())
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        return builder.sign(self.key, hashes.SHA256())


@functools.cache
def root(name: str = "test CA") -> Authority:
    """Return a CA; the same one for the same name within a process."""
    return _authority(name, None)


@functools.cache
def forger() -> Authority:
    """Return another CA of the same name."""
    return _authority("test CA", None)


def pem(*lists: x509.CertificateRevocationList) -> bytes:
    """Write lists one after the other."""
    return b"".join(each.public_bytes(_PEM) for each in lists)


def _authority(
    name: str,
    issuer: Holder | None,
    key: ec.EllipticCurvePrivateKey | None = None,
    *,
    crl_sign: bool = True,
) -> Authority:
    key = key or _key()
    subject = _name(name)
    above = issuer.certificate.subject if issuer else subject
    builder = _builder(subject, above, key, (NOW - 10 * DAY, NOW + 10 * DAY)).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(crl_sign), critical=True)
    return Authority(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _usage(crl_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(holder: Holder) -> str:
    [attribute] = holder.certificate.subject
    return str(attribute.value)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(*common_names: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in common_names])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    life: tuple[datetime.datetime, datetime.datetime],
) -> x509.CertificateBuilder:
    public = key.public_key()
    serial = x509.random_serial_number()
    return x509.CertificateBuilder(issuer, subject, public, serial, life[0], life[1])
