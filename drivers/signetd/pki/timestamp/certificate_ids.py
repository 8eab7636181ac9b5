"""Which certificate a signer says is its own: ESSCertID (RFC 5035, 5; RFC 5816, 2.2.1)."""

from typing import Final, NamedTuple

from signetd.pki import der, links, names
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError
from signetd.pki.timestamp import hashes

V1: Final = "1.2.840.113549.1.9.16.2.12"
V2: Final = "1.2.840.113549.1.9.16.2.47"
_PLACE: Final = "signingCertificate"
_BY_SIZE: Final = {20: ("sha1",), 32: ("sm3", "sha256")}
"""The first version has no field for the hash; SHA-1 is meant, others are written."""


class CertificateId(NamedTuple):
    """The hash of a certificate by one of *algorithms*; *issuer* is content of GeneralNames."""

    algorithms: tuple[str, ...]
    digest: bytes
    issuer: bytes | None
    serial: int | None

    def problem(self, certificate: Certificate) -> str:
        """Say why this is not of *certificate*; "" if it is."""
        if not self.algorithms:
            return "it names its certificate by a hash that is not known here"
        known = (hashes.digest(each, certificate.der) for each in self.algorithms)
        if self.digest not in known:
            return "the signer's certificate is another than the one that the signature names"
        if self.serial not in (None, certificate.serial):
            return "the serial number that the signature names is another than the certificate's"
        if self.issuer is not None and not _is_issued_by(certificate, self.issuer):
            return "the issuer that the signature names is another than the certificate's"
        return ""


def read_v1(value: bytes) -> CertificateId:
    """Read a SigningCertificate: the first one is the signer's. Raises InputError."""
    fields = _first(value)
    digest = fields.take(der.OCTET_STRING, "certHash").value
    return CertificateId(_BY_SIZE.get(len(digest), ()), digest, *_issuer_serial(fields))


def read_v2(value: bytes) -> CertificateId:
    """Read a SigningCertificateV2. Raises InputError."""
    fields = _first(value)
    named = fields.take_if(der.SEQUENCE)
    algorithm = hashes.SHA256 if named is None else hashes.read(named, _PLACE)
    digest = fields.take(der.OCTET_STRING, "certHash").value
    known = (algorithm,) if algorithm in hashes.OIDS else ()
    return CertificateId(known, digest, *_issuer_serial(fields))


def _first(value: bytes) -> der.Fields:
    whole = der.Fields(der.single(value, der.SEQUENCE, _PLACE), _PLACE)
    listed = der.elements(whole.take(der.SEQUENCE, "certs").value, _PLACE)
    whole.take_if(der.SEQUENCE)  # policies, which are for looking up only
    whole.end()
    if not listed or any(each.tag != der.SEQUENCE for each in listed):
        raise InputError(_PLACE, "it names no certificate")
    return der.Fields(listed[0], _PLACE)


def _issuer_serial(fields: der.Fields) -> tuple[bytes | None, int | None]:
    both = fields.take_if(der.SEQUENCE)
    fields.end()
    if both is None:
        return None, None
    inside = der.Fields(both, f"{_PLACE}, issuerSerial")
    issuer = inside.take(der.SEQUENCE, "issuer").value
    serial = der.integer(inside.take(der.INTEGER, "serialNumber"))
    inside.end()
    for each in links.directory_names(issuer):
        names.check(each, inside.place)
    return issuer, serial


def _is_issued_by(certificate: Certificate, general_names: bytes) -> bool:
    found = links.directory_names(general_names)
    return certificate.issuer_key in {names.key(each) for each in found}
