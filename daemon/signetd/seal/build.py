"""Builds seals (SESeal) and stamps (SES_Signature) in DER, around signatures made elsewhere.

For each there are two steps: one gives the bytes that are to be signed, with SM2 and SM3; the
other puts the signature to them. What comes out is read again, so that no seal leaves that
the parser would refuse.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from signetd.seal import checks, encode, limits
from signetd.seal.build_info import BUILT, extension_datas
from signetd.seal.errors import BuildError, SealError
from signetd.seal.model import Extension, Format, Seal, Stamp
from signetd.seal.parse import parse_seal, parse_stamp

SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
"""GM/T 0006: the only algorithm that seals are signed with here."""


def seal(
    info_der: bytes,
    certificate: bytes,
    signature: bytes,
    *,
    format: Format,
    time_token: bytes | None = None,
) -> bytes:
    """Return SESeal in DER: *info_der*, from seal_info(), with its maker's signature over it.

    *certificate* is the maker's, in DER; *signature* SM2's SEQUENCE { r, s } in DER; *time_token*
    a TimeStampToken in DER over the signature's bytes, in version 5 only.

    Raises BuildError naming the field and the limit.
    """
    if format not in BUILT:
        raise BuildError("format", "seals are made in version 4 or 5; give one of these")
    if time_token is not None and format is not Format.V5:
        raise BuildError("time_token", "only a seal of version 5 has one; leave it out")
    data = encode.sequence(info_der, *_signed_by(certificate, signature, time_token))
    _check_size(data, limits.SEAL_BYTES, "info_der")
    _check_seal(data, info_der, format)
    return data


def to_sign(
    seal_der: bytes,
    *,
    time: datetime,
    data_hash: bytes,
    property_info: str,
    extensions: Sequence[Extension] = (),
) -> bytes:
    """Return TBS_Sign in DER: what a signer signs to apply the seal, which is in it unaltered.

    *time* has a zone, and is written in whole seconds of UTC. *data_hash* is SM3 of the
    protected original, and *property_info* says in printable ASCII which that is (in an OFD
    document: the path of its Signature.xml).

    Raises BuildError naming the field and the limit.
    """
    version = _version_of(seal_der)
    checks.extensions(extensions, "extensions")
    info = checks.ascii_text(property_info, "property_info", limits.BUILT_PROPERTY_INFO)
    parts = [
        encode.integer(version),
        seal_der,
        encode.time(checks.time(time, "time")),
        encode.bits(checks.sm3(data_hash, "data_hash")),
        encode.ia5(info),
    ]
    if extensions:
        parts.append(encode.tagged_0(extension_datas(extensions)))
    return encode.sequence(*parts)


def stamp(
    to_sign_der: bytes,
    certificate: bytes,
    signature: bytes,
    *,
    time_token: bytes | None = None,
) -> bytes:
    """Return SES_Signature in DER: *to_sign_der*, from to_sign(), with the signature over it.

    *certificate* is the signer's, in DER; *signature* SM2's SEQUENCE { r, s } in DER; *time_token*
    a TimeStampToken in DER over the signature's bytes.

    Raises BuildError naming the field and the limit.
    """
    data = encode.sequence(to_sign_der, *_signed_by(certificate, signature, time_token))
    _check_size(data, limits.STAMP_BYTES, "to_sign_der")
    _check_stamp(data, to_sign_der)
    return data


def _signed_by(certificate: bytes, signature: bytes, time_token: bytes | None) -> list[bytes]:
    parts = [
        encode.octets(checks.certificate(certificate, "certificate")),
        encode.oid(SM2_WITH_SM3),
        encode.bits(checks.signature(signature, "signature")),
    ]
    if time_token is not None:
        token = checks.time_token(time_token, "time_token")
        parts.append(encode.tagged_0(encode.bits(token)))
    return parts


def _check_size(data: bytes, limit: int, field: str) -> None:
    if len(data) > limit:
        raise BuildError(field, f"all together has {len(data)} bytes; {limit} are the most")


def _check_seal(data: bytes, info_der: bytes, format: Format) -> None:
    try:
        found: Seal = parse_seal(data)
    except SealError as error:
        raise BuildError("info_der", f"it is not as seal_info() makes it ({error})") from None
    if found.info.version != format or found.signed != info_der:
        what = f"it is of version {found.info.version}, and the seal is to be of {format}"
        raise BuildError("info_der", what)


def _check_stamp(data: bytes, to_sign_der: bytes) -> None:
    try:
        found: Stamp = parse_stamp(data)
    except SealError as error:
        raise BuildError("to_sign_der", f"it is not as to_sign() makes it ({error})") from None
    if found.signed != to_sign_der or found.format not in BUILT:
        raise BuildError("to_sign_der", "it is not as to_sign() makes it")


def _version_of(seal_der: bytes) -> int:
    try:
        found = parse_seal(seal_der)
    except SealError as error:
        raise BuildError("seal_der", f"it is no electronic seal ({error})") from None
    if found.format not in BUILT:
        raise BuildError("seal_der", "seals of version 1 are not applied any more; have it re-made")
    if found.info.version != found.format:
        what = f"its header has version {found.info.version}, and it is laid out as {found.format}"
        raise BuildError("seal_der", what)
    return found.format
