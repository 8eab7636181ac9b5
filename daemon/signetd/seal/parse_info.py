"""Reads SES_SealInfo: what a seal says, and what its maker signs."""

from typing import Final

from signetd.seal import limits, scalars, times, tlv
from signetd.seal.model import (
    CertificateDigest,
    Extension,
    Format,
    Picture,
    Properties,
    SealInfo,
)
from signetd.seal.tlv import Fields, Node

SEAL_MARK: Final = "ES"
CERTIFICATES: Final = 1
DIGESTS: Final = 2


def read(node: Node, layout: Format) -> SealInfo:
    """Read SES_SealInfo; of *layout* only matters whether it is version 1. Raises SealError."""
    fields = Fields(node)
    version, vendor = _header(fields.take("header", tlv.SEQUENCE))
    info = SealInfo(
        der=node.raw,
        version=version,
        vendor=vendor,
        seal_id=scalars.text(fields.take("esID", tlv.IA5_STRING), limits.SEAL_ID_BYTES),
        properties=_properties(fields.take("property", tlv.SEQUENCE), layout),
        picture=_picture(fields.take("picture", tlv.SEQUENCE)),
        extensions=extensions(fields),
    )
    fields.end()
    return info


def extensions(fields: Fields) -> tuple[Extension, ...]:
    """Read the optional extDatas, with or without [0] around it. Raises SealError.

    The syntax has it bare in seals of GB/T 38540, and tagged elsewhere. Makers differ.
    """
    node = fields.take_if("extDatas", tlv.SEQUENCE, tlv.TAGGED_0)
    if node is None:
        return ()
    if node.tag == tlv.TAGGED_0:
        node = tlv.inside(node, tlv.SEQUENCE)
    return tuple(_extension(each) for each in tlv.items(node, limits.EXTENSIONS, tlv.SEQUENCE))


def _header(node: Node) -> tuple[int, str]:
    fields = Fields(node)
    mark = fields.take("ID", tlv.IA5_STRING)
    if mark.value != SEAL_MARK.encode():
        mark.fail(f"it is not {SEAL_MARK}, so that this is no electronic seal")
    version = scalars.integer(fields.take("version", tlv.INTEGER))
    vendor = scalars.text(fields.take("Vid", tlv.IA5_STRING), limits.VENDOR_BYTES)
    fields.end()
    return version, vendor


def _properties(node: Node, layout: Format) -> Properties:
    fields = Fields(node)
    kind = scalars.integer(fields.take("type", tlv.INTEGER))
    name = scalars.text(fields.take("name", tlv.UTF8_STRING), limits.NAME_BYTES)
    certificates, digests = _owners(fields, layout)
    properties = Properties(
        kind=kind,
        name=name,
        certificates=certificates,
        digests=digests,
        create_time=times.read(fields.take("createDate", *times.TAGS)),
        valid_from=times.read(fields.take("validStart", *times.TAGS)),
        valid_until=times.read(fields.take("validEnd", *times.TAGS)),
    )
    fields.end()
    return properties


def _owners(
    fields: Fields, layout: Format
) -> tuple[tuple[bytes, ...], tuple[CertificateDigest, ...]]:
    """Return the owners' certificates, or the digests of them."""
    list_type = CERTIFICATES
    if layout is not Format.V1:
        which = fields.take("certListType", tlv.INTEGER)
        list_type = scalars.integer(which)
        if list_type not in (CERTIFICATES, DIGESTS):
            which.fail(
                f"{list_type} is neither {CERTIFICATES} (certificates) nor {DIGESTS} (digests)"
            )
    node = fields.take("certList", tlv.SEQUENCE)
    if list_type == DIGESTS:
        found = tlv.items(node, limits.CERTIFICATES, tlv.SEQUENCE)
        return (), tuple(_digest(each) for each in found)
    found = tlv.items(node, limits.CERTIFICATES, tlv.OCTET_STRING)
    return tuple(scalars.octets(each, limits.CERTIFICATE_BYTES) for each in found), ()


def _digest(node: Node) -> CertificateDigest:
    fields = Fields(node)
    algorithm = scalars.text(fields.take("type", tlv.PRINTABLE_STRING), limits.DIGEST_NAME_BYTES)
    value = scalars.octets(fields.take("value", tlv.OCTET_STRING), limits.DIGEST_BYTES)
    fields.end()
    return CertificateDigest(algorithm, value)


def _picture(node: Node) -> Picture:
    fields = Fields(node)
    picture = Picture(
        kind=scalars.text(fields.take("type", tlv.IA5_STRING), limits.PICTURE_KIND_BYTES),
        data=scalars.octets(fields.take("data", tlv.OCTET_STRING), limits.SEAL_BYTES),
        width=scalars.integer(fields.take("width", tlv.INTEGER)),
        height=scalars.integer(fields.take("height", tlv.INTEGER)),
    )
    fields.end()
    return picture


def _extension(node: Node) -> Extension:
    fields = Fields(node)
    oid = scalars.oid(fields.take("extnID", tlv.OID))
    critical = fields.take_if("critical", tlv.BOOLEAN)
    value = scalars.octets(fields.take("extnValue", tlv.OCTET_STRING), limits.SEAL_BYTES)
    fields.end()
    return Extension(oid, critical is not None and scalars.boolean(critical), value)
