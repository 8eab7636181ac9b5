"""Stamps are put together, and verified as everybody else reads them; pure."""

from datetime import datetime

from cryptography.exceptions import InvalidSignature

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.seals.stamp_types import StampInput
from signetd.daemon.signing.types import Encoding
from signetd.daemon.signing.validate import Checked
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Input
from signetd.gm import sm2
from signetd.gm.encoding import der_to_raw
from signetd.pki import Certificate
from signetd.seal import BuildError, Result, Seal, parse_stamp, to_sign
from signetd.seal import stamp as build_stamp
from signetd.seal.verify_signer import check_in_seal


def order(key: RegisteredKey, seal: Seal, request: StampInput, time: datetime) -> Checked:
    """Return what the key is to sign: TBS_Sign (GB/T 38540-2020, 7.1). Raises SEAL_INVALID."""
    try:
        data = to_sign(
            seal.der,
            time=time,
            data_hash=request.document_digest,
            property_info=request.property_info,
            extensions=request.extensions,
        )
    except BuildError as error:
        raise SignetError(
            Reason.SEAL_INVALID, f"The seal {request.seal!r} cannot stamp: {error}."
        ) from None
    # A whole seal is in it, so that it is larger than the messages that signers may give.
    return Checked(
        key=key,
        algorithm=Algorithm.SM2_SM3,
        encoding=Encoding.DER,
        input=Input.MESSAGE,
        data=data,
        signer_id=sm2.DEFAULT_SIGNER_ID,
    )


def stamp(
    ordered: Checked, certificate: Certificate, signature: bytes, time_token: bytes | None
) -> bytes:
    """Return SES_Signature in DER. Raises TIMESTAMP_FAILED, and SIGNATURE_FAULTY.

    It is read again, and verified: its signature, its signer, and what it is for.
    """
    try:
        built = build_stamp(ordered.data, certificate.der, signature, time_token=time_token)
    except BuildError as error:
        reason = Reason.SIGNATURE_FAULTY if time_token is None else Reason.TIMESTAMP_FAILED
        raise SignetError(reason, f"The stamp cannot be put together: {error}.") from None
    _verify(built, ordered.data, certificate)
    return built


def _verify(built: bytes, signed: bytes, certificate: Certificate) -> None:
    found = parse_stamp(built)
    listed = check_in_seal(found.seal.info.properties, found.certificate)
    try:
        if (found.signed, found.certificate) != (signed, certificate.der):
            raise ValueError("another content")
        if listed.result is not Result.PASSED:
            raise ValueError("another signer")
        public = sm2.Sm2PublicKey.from_spki(certificate.spki)
        sm2.verify(public, found.signed, der_to_raw(found.signature, 32))
    except (ValueError, InvalidSignature):
        raise SignetError(
            Reason.SIGNATURE_FAULTY,
            "The stamp that was made does not verify, and is not given out; look at the token of "
            "the seal's key.",
        ) from None
