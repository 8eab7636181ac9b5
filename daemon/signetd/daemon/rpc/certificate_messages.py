"""Between the messages of the API and certificates of keys."""

from datetime import datetime

from signetd.api.v1 import key_service_pb2 as messages
from signetd.api.v1.resources_pb2 import Key
from signetd.daemon.certificates import KeptCertificate, expiry
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.rpc import convert
from signetd.pki import Certificate, csr, names


def describe(message: Key, key: RegisteredKey, now: datetime) -> None:
    """Write into the message of a key until when its certificate is valid, and what is amiss."""
    own = expiry.own(key)
    if own is not None:
        message.certificate_expire_time.CopyFrom(convert.timestamp(own.not_after))
    message.warnings.extend(expiry.warnings(key, now))


def wanted(request: messages.CreateCsrRequest) -> csr.Wanted:
    """Read what a certificate is asked for."""
    return csr.Wanted(
        subject=request.subject,
        alternative_names=tuple(request.alternative_names),
        key_usages=tuple(request.key_usages),
        extended_key_usages=tuple(request.extended_key_usages),
    )


def csr_message(der: bytes) -> messages.Csr:
    """Write a request for a certificate."""
    return messages.Csr(der=der, pem=convert.pem(der, "CERTIFICATE REQUEST"))


def certificate_message(kept: KeptCertificate) -> messages.KeyCertificate:
    """Write the certificate of a key."""
    own = Certificate.read(kept.certificates[0])
    return messages.KeyCertificate(
        name=f"keys/{kept.key_id}/versions/{kept.version}",
        pem="".join(convert.pem(each, "CERTIFICATE") for each in kept.certificates),
        der=kept.certificates,
        subject=own.name,
        issuer=names.text(own.issuer),
        not_before=convert.timestamp(own.not_before),
        not_after=convert.timestamp(own.not_after),
        fingerprint=own.fingerprint,
        on_token=kept.on_token,
        token_note=kept.token_note,
    )
