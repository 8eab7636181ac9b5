"""TimeStampToken: CMS written by hand and signed with SM2, or made by ``openssl ts -reply``."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final

from tests.vectors.seals.generator import der, openssl, times
from tests.vectors.seals.generator.authority import SM2_SM3, Holder, pem

SM3: Final = "1.2.156.10197.1.401"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_GB_SIGNED_DATA: Final = "1.2.156.10197.6.1.4.2.2"
"""SignedData by GB/T 35275."""
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"
_POLICY: Final = "1.2.156.10197.6.99"
_CONFIG: Final = """
[tsa]
default_tsa = own
[own]
serial = serial
default_policy = 1.2.156.10197.6.99
digests = sm3, sha256
signer_digest = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def sm2(
    octets: bytes,
    tsa: Holder,
    moment: datetime = times.STAMPED,
    *,
    version: int = 1,
    gb: bool = False,
) -> bytes:
    """Return a token over *octets* with SM3 and SM2 (GB/T 20520, in the syntax of RFC 3161).

    *version* is that of TSTInfo; with *gb* SignedData is called by the name of GB/T 35275.
    """
    told = _info(octets, moment, version)
    attributes = (
        _attribute(_CONTENT_TYPE, der.oid(_TST_INFO)),
        _attribute(_MESSAGE_DIGEST, der.octets(openssl.sm3(told))),
        _attribute(_SIGNING_CERTIFICATE, _certificate_id(tsa.certificate)),
    )
    listed = der.set_of(*attributes)
    issuer, serial = _issuer_and_serial(tsa.certificate)
    signer = der.sequence(
        der.integer(1),
        der.sequence(issuer, serial),
        der.sequence(der.oid(SM3)),
        # Signed as a SET OF, written with the tag [0] in its place (RFC 5652, 5.4).
        b"\xa0" + listed[1:],
        der.sequence(der.oid(SM2_SM3)),
        der.octets(tsa.key.sign(listed)),
    )
    data = der.sequence(
        der.integer(3),
        der.set_of(der.sequence(der.oid(SM3))),
        der.sequence(der.oid(_TST_INFO), der.explicit(0, der.octets(told))),
        der.explicit(0, tsa.certificate),
        der.set_of(signer),
    )
    kind = _GB_SIGNED_DATA if gb else _SIGNED_DATA
    return der.sequence(der.oid(kind), der.explicit(0, data))


def _info(octets: bytes, moment: datetime, version: int) -> bytes:
    imprint = der.sequence(der.sequence(der.oid(SM3)), der.octets(openssl.sm3(octets)))
    accuracy = der.sequence(der.integer(1))
    told = (der.integer(version), der.oid(_POLICY), imprint, der.integer(2026))
    return der.sequence(*told, der.generalized_time(moment), accuracy)


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.set_of(value))


def _certificate_id(certificate: bytes) -> bytes:
    """Return SigningCertificateV2 (RFC 5816)."""
    digest = der.octets(openssl.sm3(certificate))
    return der.sequence(der.sequence(der.sequence(der.sequence(der.oid(SM3)), digest)))


def _issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    fields = der.parts(der.parts(certificate)[0])
    return fields[3], fields[1]


def rsa(octets: bytes, tsa: Holder) -> bytes:
    """Return a token over *octets* by ``openssl ts -reply``; its time is that of the host."""
    with tempfile.TemporaryDirectory(dir=tsa.key.path.parent) as made:
        folder = Path(made)
        (folder / "config").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        (folder / "data").write_bytes(octets)
        (folder / "tsa.pem").write_bytes(pem(tsa.certificate))
        about = ("-data", "data", "-sm3", "-cert", "-no_nonce", "-out", "query")
        openssl.run("ts", "-query", *about, folder=folder)
        by = ("-signer", "tsa.pem", "-inkey", str(tsa.key.path), "-config", "config")
        to = ("-queryfile", "query", "-token_out", "-out", "token")
        openssl.run("ts", "-reply", *by, *to, folder=folder)
        return (folder / "token").read_bytes()
