"""Seals as they are applied for, documents as they are stamped, and stamps as they come back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import google_crc32c

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.client import errors
from signetd.client.grants import timestamp
from signetd.client.hashing import document_digest
from signetd.client.messages import approval_name, enum_number, key_name, seal_name
from signetd.gm.sm3 import sm3

DIGEST_BYTES: Final = 32
"""Bytes of an SM3."""
MAX_PICTURE_BYTES: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class SealItem:
    """A seal as it is applied for.

    ``name`` is new; ``kind`` "legal-name", "department", "business" or "personal-name"; ``owner``
    and ``code`` the owner's name and unified social credit code (GB 32100). ``picture`` is a GIF,
    BMP, JPG, PNG, SVG or OFD of at most 1 MiB, as bytes or as the path of its file, ``width`` and
    ``height`` are in millimetres; ``picture_kind`` is found by the content if it is "". Times must
    have a zone. ``key`` will stamp with it: an SM2 key for sealing, with a certificate. ``format``
    is "v4" (GB/T 38540-2020, also if None) or "v5" (GM/T 0031-2025). ``other_certificates``, in
    DER, may stamp with it as well.
    """

    name: str
    kind: str
    title: str
    owner: str
    code: str
    picture: bytes | Path
    width: int
    height: int
    valid_from: datetime
    valid_until: datetime
    key: str
    format: str | None = None
    picture_kind: str = ""
    other_certificates: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StampExtensionItem:
    """Extension data of a stamp: ``oid`` in dotted form, ``value`` the octets of extnValue."""

    oid: str
    value: bytes
    critical: bool = False


@dataclass(frozen=True, kw_only=True)
class StampItem:
    """What to stamp, and with which seal.

    ``document_digest`` is SM3 of the protected original, 32 bytes; ``property_info`` says what of
    the document is protected, in OFD the path of its Signature.xml. ``approval`` is the name of an
    approval for exactly this. ``timestamp`` asks for a time stamp (RFC 3161).
    """

    seal: str
    document_digest: bytes
    property_info: str
    extensions: tuple[StampExtensionItem, ...] = ()
    approval: str = ""
    timestamp: bool = False

    @classmethod
    def of_file(
        cls,
        seal: str,
        path: Path,
        *,
        property_info: str,
        approval: str = "",
        timestamp: bool = False,
    ) -> Self:
        """Hash the file at *path* here, whatever its size; raises InvalidRequest."""
        return cls(
            seal=seal,
            document_digest=document_digest(path),
            property_info=property_info,
            approval=approval,
            timestamp=timestamp,
        )


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A stamp: ``stamp`` is SES_Signature in DER, the content of an OFD's SignedValue.dat.

    ``time`` is in it; ``key_version`` has signed it; ``timestamp_failure`` says why there is no
    time stamp although one was asked for; ``audit_number`` is that of its record in the audit.
    """

    stamp: bytes
    time: datetime
    key_version: str
    timestamped: bool = False
    timestamp_failure: str = ""
    audit_number: int = 0


def kind_number(name: str) -> messages.SealKind.ValueType:
    """Number of a kind of seals by its name, such as "legal-name". Raises InvalidRequest."""
    number = enum_number("SEAL_KIND", name, messages.SealKind.keys())
    return messages.SealKind.ValueType(number)


def state_number(name: str) -> messages.SealState.ValueType:
    """Number of a state by its name, such as "in-use". Raises InvalidRequest."""
    number = enum_number("SEAL_STATE", name, messages.SealState.keys())
    return messages.SealState.ValueType(number)


def application(item: SealItem) -> messages.ApplyForSealRequest:
    """Write an application. Raises InvalidRequest."""
    return messages.ApplyForSealRequest(
        seal=item.name.removeprefix("seals/"),
        kind=kind_number(item.kind),
        title=item.title,
        owner=messages.SealOwner(name=item.owner, unified_social_credit_code=item.code),
        picture=_picture(item),
        valid_from=timestamp(item.valid_from),
        valid_until=timestamp(item.valid_until),
        signing_key=key_name(item.key),
        format=_format_number(item.format),
        other_certificates=item.other_certificates,
    )


def stamp_request(item: StampItem) -> messages.StampRequest:
    """Write what to stamp. Raises InvalidRequest."""
    if len(item.document_digest) != DIGEST_BYTES:
        raise errors.InvalidRequest(
            f"document_digest has {len(item.document_digest)} bytes; an SM3 has {DIGEST_BYTES}: "
            "give the digest, not the document",
            reason="DIGEST_LENGTH_WRONG",
        )
    return messages.StampRequest(
        seal=seal_name(item.seal),
        document_digest=item.document_digest,
        property_info=item.property_info,
        extensions=[
            messages.StampExtension(oid=each.oid, critical=each.critical, value=each.value)
            for each in item.extensions
        ],
        approval=approval_name(item.approval),
        timestamp=item.timestamp,
    )


def read_seal(reply: messages.Seal) -> messages.Seal:
    """Check that a seal's data is what its SM3 says. Raises CorruptReply."""
    if reply.der and sm3(reply.der).hex() != reply.sm3:
        raise errors.CorruptReply(f"the data of {reply.name} is not what its SM3 says")
    return reply


def read_stamp(reply: messages.StampResponse) -> Stamp:
    """Read a stamp. Raises CorruptReply when its checksum does not match."""
    if google_crc32c.value(reply.stamp) != reply.stamp_crc32c:
        raise errors.CorruptReply("the stamp's checksum does not match: it was altered")
    return Stamp(
        stamp=reply.stamp,
        time=reply.time.ToDatetime(tzinfo=UTC),
        key_version=reply.key_version,
        timestamped=reply.timestamped,
        timestamp_failure=reply.timestamp_failure,
        audit_number=reply.audit_number,
    )


def read_stamps(
    reply: messages.BatchStampResponse, items: int
) -> list[Stamp | errors.SignetdError]:
    """Read the results of a batch of *items*, in order; a corrupt one spoils only itself.

    Raises CorruptReply when there are more or fewer results than items.
    """
    if len(reply.results) != items:
        raise errors.CorruptReply(f"{len(reply.results)} results came for {items} items")
    return [_read_result(result) for result in reply.results]


def _read_result(result: messages.BatchStampResult) -> Stamp | errors.SignetdError:
    if result.WhichOneof("outcome") != "response":
        return errors.from_status(result.error)
    try:
        return read_stamp(result.response)
    except errors.CorruptReply as error:
        return error


def _format_number(name: str | None) -> messages.SealFormat.ValueType:
    # Their numbers are not without gaps, so that a place in the list of names is none of them.
    place = enum_number("SEAL_FORMAT", name, messages.SealFormat.keys())
    return messages.SealFormat.ValueType(messages.SealFormat.values()[place])


def _picture(item: SealItem) -> messages.SealPicture:
    data = item.picture if isinstance(item.picture, bytes) else _read_picture(item.picture)
    kind = item.picture_kind or _kind_of(data, item.picture)
    return messages.SealPicture(kind=kind, data=data, width=item.width, height=item.height)


def _read_picture(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PICTURE_BYTES + 1)
    except OSError as error:
        raise errors.InvalidRequest(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_PICTURE_BYTES:
        raise errors.InvalidRequest(
            f"{path} has more than {MAX_PICTURE_BYTES} bytes (1 MiB), which a seal's picture may "
            "have; use fewer pixels, or a better compression",
            reason="PICTURE_UNSUITABLE",
        )
    return data


def _kind_of(data: bytes, picture: bytes | Path) -> str:
    from signetd.seal import pictures

    kind = pictures.kind_of(data)
    if kind is None:
        what = "the picture" if isinstance(picture, bytes) else str(picture)
        known = ", ".join(pictures.KINDS)
        raise errors.InvalidRequest(
            f"{what} is none of {known}; give one of those", reason="PICTURE_UNSUITABLE"
        )
    return kind
