"""Path validation for chains of SM2, RSA, EC and Ed25519: see docs/pki.md.

Nothing here reads a clock or the network, and nothing is remembered from one call to the next.
"""

from signetd.pki.certificate import Certificate
from signetd.pki.crl import RevocationList
from signetd.pki.errors import InputError
from signetd.pki.folders import certificates, revocation_lists
from signetd.pki.ocsp import OcspResponse
from signetd.pki.policy import Policy, Revocation
from signetd.pki.report import Check, Name, Report, Status
from signetd.pki.truststore import TrustStore
from signetd.pki.validation import validate

__all__ = [
    "Certificate",
    "Check",
    "InputError",
    "Name",
    "OcspResponse",
    "Policy",
    "Report",
    "Revocation",
    "RevocationList",
    "Status",
    "TrustStore",
    "certificates",
    "revocation_lists",
    "validate",
]
