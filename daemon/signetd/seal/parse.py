"""Reads electronic seals (SESeal) and stamps (SES_Signature), of three standards.

The layout is told by the structure, not by a number in it: in GM/T 0031-2014 a SEQUENCE with the
signature follows the seal's information, in GB/T 38540-2020 and GM/T 0031-2025 the maker's
certificate does. These two have one layout, and the header's version tells them apart.

What is signed are elements as they were read, never written anew. Nothing is judged here:
certificates, signatures and time stamps are given out as bytes. `tlv` says why no library is used.
"""

from datetime import datetime
from typing import Final

from signetd.seal import encode, limits, parse_info, scalars, times, tlv
from signetd.seal.model import Format, Seal, Stamp
from signetd.seal.tlv import Fields, Node

_ALGORITHM: Final = (tlv.OID, tlv.SEQUENCE)


def parse_seal(data: bytes) -> Seal:
    """Read a seal in DER, as in a .esl file: SESeal and nothing behind it.

    Raises SealError with the field and the byte of what is malformed, or beyond a limit.
    """
    return _seal(tlv.root(data, "SESeal", limits.SEAL_BYTES), prefix="")


def parse_stamp(data: bytes) -> Stamp:
    """Read a stamp in DER, as in a SignedValue.dat: SES_Signature and nothing behind it.

    Raises SealError with the field and the byte of what is malformed, or beyond a limit.
    """
    root = tlv.root(data, "SES_Signature", limits.STAMP_BYTES)
    fields = Fields(root, prefix="")
    to_sign = fields.take("toSign", tlv.SEQUENCE)
    is_v1 = fields.is_next(tlv.BIT_STRING)
    stamp = _stamp_v1(root, to_sign, fields) if is_v1 else _stamp(root, to_sign, fields)
    fields.end()
    return stamp


def _seal(node: Node, prefix: str) -> Seal:
    fields = Fields(node, prefix)
    info = fields.take("eSealInfo", tlv.SEQUENCE)
    is_v1 = fields.is_next(tlv.SEQUENCE)
    seal = _seal_v1(node, info, fields) if is_v1 else _seal_v4(node, info, fields)
    fields.end()
    return seal


def _seal_v1(node: Node, info_node: Node, fields: Fields) -> Seal:
    """Read GM/T 0031-2014's: signed are the information, the certificate and the algorithm."""
    info = parse_info.read(info_node, Format.V1)
    sign_info = Fields(fields.take("signInfo", tlv.SEQUENCE))
    certificate = sign_info.take("cert", tlv.OCTET_STRING)
    algorithm = sign_info.take("signatureAlgorithm", *_ALGORITHM)
    signature = sign_info.take("signData", tlv.BIT_STRING)
    sign_info.end()
    return Seal(
        der=node.raw,
        format=Format.V1,
        info=info,
        certificate=scalars.octets(certificate, limits.CERTIFICATE_BYTES),
        algorithm=scalars.algorithm(algorithm),
        signature=scalars.octets(signature, limits.SIGNATURE_BYTES),
        signed=encode.sequence(info.der, certificate.raw, algorithm.raw),
    )


def _seal_v4(node: Node, info_node: Node, fields: Fields) -> Seal:
    """Read GB/T 38540's, or GM/T 0031-2025's, which may have a time stamp."""
    info = parse_info.read(info_node, Format.V4)
    certificate = fields.take("cert", tlv.OCTET_STRING)
    algorithm = fields.take("signAlgID", *_ALGORITHM)
    signature = fields.take("signedValue", tlv.BIT_STRING)
    time_token = _time_token(fields)
    is_v5 = info.version == Format.V5 or time_token is not None
    return Seal(
        der=node.raw,
        format=Format.V5 if is_v5 else Format.V4,
        info=info,
        certificate=scalars.octets(certificate, limits.CERTIFICATE_BYTES),
        algorithm=scalars.algorithm(algorithm),
        signature=scalars.octets(signature, limits.SIGNATURE_BYTES),
        signed=info.der,
        time_token=time_token,
    )


def _stamp_v1(root: Node, to_sign: Node, outer: Fields) -> Stamp:
    """Read GM/T 0031-2014's: certificate and algorithm are in what is signed."""
    fields = Fields(to_sign)
    version = scalars.integer(fields.take("version", tlv.INTEGER))
    seal = _embedded(fields, is_v1=True)
    time, time_token = _time_v1(fields.take("timeInfo", *scalars.WHOLE_OCTETS, *times.TAGS))
    stamp = Stamp(
        der=root.raw,
        format=Format.V1,
        version=version,
        seal=seal,
        time=time,
        data_hash=_data_hash(fields),
        property_info=_property_info(fields),
        certificate=_certificate(fields),
        algorithm=scalars.algorithm(fields.take("signatureAlgorithm", *_ALGORITHM)),
        signature=_signature(outer),
        signed=to_sign.raw,
        time_token=time_token,
    )
    fields.end()
    return stamp


def _stamp(root: Node, to_sign: Node, outer: Fields) -> Stamp:
    """Read GB/T 38540's or GM/T 0031-2025's; which of them, the seal in it says."""
    fields = Fields(to_sign)
    version = scalars.integer(fields.take("version", tlv.INTEGER))
    seal = _embedded(fields, is_v1=False)
    stamp = Stamp(
        der=root.raw,
        format=seal.format,
        version=version,
        seal=seal,
        time=times.read(fields.take("timeInfo", *times.TAGS)),
        data_hash=_data_hash(fields),
        property_info=_property_info(fields),
        extensions=parse_info.extensions(fields),
        certificate=_certificate(outer),
        algorithm=scalars.algorithm(outer.take("signatureAlgID", *_ALGORITHM)),
        signature=_signature(outer),
        signed=to_sign.raw,
        time_token=_time_token(outer),
    )
    fields.end()
    return stamp


def _embedded(fields: Fields, *, is_v1: bool) -> Seal:
    """Read the seal in a stamp, which must be of the stamp's layout."""
    node = fields.take("eseal", tlv.SEQUENCE)
    seal = _seal(node, f"{node.place}.")
    if (seal.format is Format.V1) is not is_v1:
        stamp = "GM/T 0031-2014" if is_v1 else "GB/T 38540 or GM/T 0031-2025"
        node.fail(f"a seal of version {seal.format} in a stamp of {stamp}")
    if len(seal.der) > limits.SEAL_BYTES:
        node.fail(f"{len(seal.der)} bytes are more than the {limits.SEAL_BYTES} of a seal")
    return seal


def _time_v1(node: Node) -> tuple[datetime | None, bytes | None]:
    """Return the time, or the time stamp that is there instead of it."""
    if node.tag in times.TAGS:
        return times.read(node), None
    content = scalars.octets(node, limits.TIME_TOKEN_BYTES)
    if content[:1] == bytes([tlv.SEQUENCE]) and tlv.is_whole(content):
        return None, content
    return times.read_text(node, content), None


def _data_hash(fields: Fields) -> bytes:
    node = fields.take("dataHash", *scalars.WHOLE_OCTETS)
    return scalars.octets(node, limits.DIGEST_BYTES)


def _property_info(fields: Fields) -> str:
    return scalars.text(fields.take("propertyInfo", tlv.IA5_STRING), limits.PROPERTY_INFO_BYTES)


def _certificate(fields: Fields) -> bytes:
    return scalars.octets(fields.take("cert", tlv.OCTET_STRING), limits.CERTIFICATE_BYTES)


def _signature(fields: Fields) -> bytes:
    return scalars.octets(fields.take("signature", tlv.BIT_STRING), limits.SIGNATURE_BYTES)


def _time_token(fields: Fields) -> bytes | None:
    """Read the optional timeStamp: a BIT STRING with a TimeStampToken."""
    node = fields.take_if("timeStamp", tlv.TAGGED_0)
    if node is None:
        return None
    return scalars.octets(tlv.inside(node, tlv.BIT_STRING), limits.TIME_TOKEN_BYTES)
