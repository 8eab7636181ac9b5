"""Who has applied a seal: one of its owners, with a certificate that was good at the time."""

import hashlib
from collections.abc import Callable
from typing import Final

from signetd.gm import oids, sm3
from signetd.seal.model import CertificateDigest, Properties
from signetd.seal.verify_findings import Finding, failed, passed

_HASHES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "SM3": sm3.sm3,
    oids.SM3: sm3.sm3,
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "2.16.840.1.101.3.4.2.1": lambda data: hashlib.sha256(data).digest(),
}
"""By the names that are written, without hyphens and in capitals. None with known collisions."""


def check_in_seal(properties: Properties, certificate: bytes) -> Finding:
    """Look for the signer's certificate, DER, among the owners', byte by byte or by digest."""
    if certificate in properties.certificates:
        return passed(
            "the signer's certificate is one of those in the seal", "签章者证书在印章的证书列表中"
        )
    own = {name: function(certificate) for name, function in _HASHES.items()}
    if any(own.get(_name(each)) == each.value for each in properties.digests):
        return passed(
            "the digest of the signer's certificate is one of those in the seal",
            "签章者证书的杂凑值在印章的证书列表中",
        )
    unknown = {each.algorithm for each in properties.digests if _name(each) not in _HASHES}
    other = f"; digests by {', '.join(sorted(unknown))} are not accepted" if unknown else ""
    return failed(
        "the signer's certificate is none of those in the seal: another's, or issued anew since "
        f"the seal was made{other}",
        "签章者证书不在印章的证书列表中：不是印章所有者，或换发证书后没有重新制章",
    )


def _name(digest: CertificateDigest) -> str:
    return digest.algorithm.upper().replace("-", "")
