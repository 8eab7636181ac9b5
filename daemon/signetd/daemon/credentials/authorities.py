"""The CAs of a listener: who has issued a certificate, and who those are that vouch for that CA.

The handshake has verified a chain, but does not tell which. So it is found again, from the
signatures; a CA that is not in client_ca (an intermediate one, which the client has sent along) is
not known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(eq=False)
class Authority:
    """A CA: a name with a key, and the certificates that say so. Each is equal to itself only."""

    name: str
    certificates: list[x509.Certificate] = field(default_factory=list)


class Link(NamedTuple):
    """A step of a chain: that *issuer*, None for one that is not known, has given this serial."""

    issuer: Authority | None
    issuer_name: str
    serial: int


class Authorities:
    """The CAs in a client_ca file."""

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        found: dict[tuple[x509.Name, bytes], Authority] = {}
        for certificate in certificates:
            place = (certificate.subject, _key_of(certificate))
            authority = found.setdefault(place, Authority(_text(certificate.subject)))
            authority.certificates.append(certificate)
        self._all = list(found.values())

    @classmethod
    def read(cls, pem: bytes) -> "Authorities":
        """Read CA certificates in PEM; raises ValueError if there is none, or a malformed one."""
        return cls(x509.load_pem_x509_certificates(pem))

    def named(self, name: x509.Name) -> list[Authority]:
        """Return the CAs of that name: more than one when a CA has changed its key."""
        return [each for each in self._all if each.certificates[0].subject == name]

    def links(self, certificate: x509.Certificate) -> tuple[Link, ...]:
        """Return all steps from a client's certificate up to the CAs that nobody here vouches for.

        Where several certificates of one CA are known, all of their steps.
        """
        issuer = self._issuer(certificate)
        found = [Link(issuer, _text(certificate.issuer), certificate.serial_number)]
        seen: set[Authority] = set()
        waiting = [issuer]
        while waiting:
            authority = waiting.pop()
            if authority is not None and authority not in seen:
                seen.add(authority)
                above = self._above(authority)
                found += above
                waiting += [link.issuer for link in above]
        return tuple(found)

    def _above(self, authority: Authority) -> list[Link]:
        """Return who vouches for a CA; nobody for a root, which is trusted by being in the file."""
        links = []
        for certificate in authority.certificates:
            issuer = self._issuer(certificate)
            if issuer is authority:
                return []
            if issuer is not None:
                links.append(Link(issuer, issuer.name, certificate.serial_number))
        return links

    def _issuer(self, certificate: x509.Certificate) -> Authority | None:
        # By the signature, not by AuthorityKeyIdentifier: this is only said, and may be missing.
        named = self.named(certificate.issuer)
        return next((each for each in named if _has_issued(each, certificate)), None)


def _has_issued(authority: Authority, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.certificates[0])
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _key_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _text(name: x509.Name) -> str:
    return name.rfc4514_string()
