"""Electronic seals and stamps as values: what a file says, with the bytes that it says it in.

Nothing here is encoded anew to be verified: ``signed`` and ``der`` are slices of what was read.
"""

from datetime import datetime
from enum import IntEnum

import msgspec


class Format(IntEnum):
    """The layout of a seal or a stamp; the number is the one that its header has."""

    V1 = 1
    """GM/T 0031-2014. Read and verified; not made any more."""
    V4 = 4
    """GB/T 38540-2020."""
    V5 = 5
    """GM/T 0031-2025."""


class Extension(msgspec.Struct, frozen=True):
    """ExtData: an object identifier in dotted form, and the octets of extnValue."""

    oid: str
    critical: bool
    value: bytes


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """SES_ESPictureInfo: ``kind`` as it is written (PNG, png, ofd, …); the sizes are in mm."""

    kind: str
    data: bytes
    width: int
    height: int


class CertificateDigest(msgspec.Struct, frozen=True):
    """CertDigestObj: ``algorithm`` as it is written: a name (SM3) or a dotted identifier."""

    algorithm: str
    value: bytes


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    """SES_ESPropertyInfo. The owners' certificates are there in DER, or as digests of them.

    ``kind`` is the type: 1 is an organisation's seal, 2 a person's; real files have others too.
    The times are in UTC; where a file has no zone, it is taken as China's.
    """

    kind: int
    name: str
    certificates: tuple[bytes, ...] = ()
    digests: tuple[CertificateDigest, ...] = ()
    create_time: datetime
    valid_from: datetime
    valid_until: datetime


class SealInfo(msgspec.Struct, frozen=True, kw_only=True):
    """SES_SealInfo: what the maker signs. ``version`` is the header's, ``vendor`` its Vid."""

    der: bytes
    version: int
    vendor: str
    seal_id: str
    properties: Properties
    picture: Picture
    extensions: tuple[Extension, ...] = ()


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """SESeal: an electronic seal, signed by its maker.

    ``format`` is by the structure; a time stamp makes it version 5 whatever ``info.version`` says.
    ``certificate`` is the maker's, in DER; ``algorithm`` a dotted identifier; ``signature`` the
    octets of the BIT STRING (SM2: SEQUENCE { r, s }); ``signed`` the bytes that it is over;
    ``time_token`` a TimeStampToken in DER (version 5).
    """

    der: bytes
    format: Format
    info: SealInfo
    certificate: bytes
    algorithm: str
    signature: bytes
    signed: bytes
    time_token: bytes | None = None


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """SES_Signature: a seal applied to a document.

    ``format`` is the seal's, ``version`` what the stamp itself says, which may be another one.
    ``time`` is timeInfo; None in version 1 where that is a time stamp, which is ``time_token``
    then. In the other versions ``time_token`` is the optional one, over the signature's octets.
    ``data_hash`` is of the protected original, ``property_info`` says which that is.
    ``certificate`` is the signer's, in DER; ``signed`` are the bytes that ``signature`` is over.
    """

    der: bytes
    format: Format
    version: int
    seal: Seal
    time: datetime | None
    data_hash: bytes
    property_info: str
    extensions: tuple[Extension, ...] = ()
    certificate: bytes
    algorithm: str
    signature: bytes
    signed: bytes
    time_token: bytes | None = None
