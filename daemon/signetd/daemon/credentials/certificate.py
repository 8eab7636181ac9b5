"""Callers with a certificate: who each is, and whether its certificate still counts.

TLS verifies chain, dates and purpose (clientAuth, or none given) when a connection is made; a
connection can stay open for longer than its certificate is good for.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from signetd.daemon.credentials.authorities import Link
from signetd.daemon.credentials.crl_file import CrlFile
from signetd.daemon.credentials.names import name_in
from signetd.daemon.credentials.presented import AuthContext, Presented
from signetd.daemon.credentials.times import Clock, utc_now, written
from signetd.drivers.errors import Reason, SignetError

_PEER: Final = "x509_pem_cert"
_KEPT: Final = 4096  # certificates that have been read, of about 2 KiB each
_MALFORMED: Final = (
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class _Certificate(msgspec.Struct, frozen=True):
    """What a call needs to know of a certificate; it never changes."""

    presented: Presented
    not_before: datetime
    not_after: datetime
    links: tuple[Link, ...]

    def check_dates(self, now: datetime) -> None:
        """Raise CERTIFICATE_EXPIRED before its first moment and after its last."""
        if now < self.not_before:
            raise SignetError(
                Reason.CERTIFICATE_EXPIRED,
                f"The client certificate counts from {written(self.not_before)} on, and here it is "
                f"{written(now)}; wait, or have the clocks of the daemon and of the CA compared.",
            )
        if now > self.not_after:
            raise SignetError(
                Reason.CERTIFICATE_EXPIRED,
                f"The client certificate has expired: it counted until {written(self.not_after)}. "
                "Get a new one, and connect anew with it.",
            )


class CertificateIdentity:
    """A caller is whom its certificate names; *crl* knows which certificates are revoked."""

    def __init__(self, crl: CrlFile | None = None, clock: Clock = utc_now) -> None:
        self._crl = crl
        self._clock = clock
        # A call is to cost no more than to find its certificate here, and to compare.
        self._known = lru_cache(maxsize=_KEPT)(self._read)

    def present(self, auth_context: AuthContext) -> Presented:
        """Tell who is calling, by the certificate that the TLS handshake has verified."""
        pem = next(iter(auth_context.get(_PEER, ())), b"")
        if not pem:
            raise SignetError(
                Reason.IDENTITY_MISSING, "No client certificate was presented; connect with one."
            )
        certificate = self._known(pem)
        try:
            self._check(certificate, self._clock())
        except SignetError as error:
            error.metadata["presented"] = certificate.presented.name
            raise
        return certificate.presented

    def _check(self, certificate: _Certificate, now: datetime) -> None:
        certificate.check_dates(now)
        if self._crl is not None:
            self._crl.check(certificate.links, now)

    def _read(self, pem: bytes) -> _Certificate:
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            name, credential = name_in(certificate)
            digest = certificate.fingerprint(hashes.SHA256()).hex()
            return _Certificate(
                Presented(name=name, credential=credential, certificate_sha256=digest),
                certificate.not_valid_before_utc,
                certificate.not_valid_after_utc,
                () if self._crl is None else self._crl.authorities.links(certificate),
            )
        except _MALFORMED:
            raise SignetError(
                Reason.IDENTITY_MISSING,
                "The client certificate cannot be read; get a valid one.",
            ) from None
