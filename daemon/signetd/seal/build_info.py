"""Builds SES_SealInfo in DER: what a maker of seals signs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from signetd.seal import checks, encode, limits, parse_info, pictures
from signetd.seal.errors import BuildError
from signetd.seal.model import CertificateDigest, Extension, Format, Picture, Properties

BUILT: Final = (Format.V4, Format.V5)


def seal_info(
    *,
    format: Format,
    vendor: str,
    seal_id: str,
    properties: Properties,
    picture: Picture,
    extensions: Sequence[Extension] = (),
) -> bytes:
    """Return SES_SealInfo in DER (GB/T 38540-2020; GM/T 0031-2025).

    *vendor* and *seal_id* are printable ASCII. The owners' certificates are in DER; or digests
    of them by SM3 are given instead. Times have a zone, and are written in whole seconds of UTC.
    The picture's data must be what its kind says (PNG, JPG, GIF, BMP, SVG, OFD); width and height
    are in mm.

    Raises BuildError naming the field and the limit.
    """
    if format not in BUILT:
        raise BuildError("format", "seals are made in version 4 or 5; give one of these")
    checks.ascii_text(vendor, "vendor", limits.BUILT_TEXT)
    checks.ascii_text(seal_id, "seal_id", limits.BUILT_TEXT, spaces=False)
    checks.extensions(extensions, "extensions")
    parts = [
        encode.sequence(
            encode.ia5(parse_info.SEAL_MARK), encode.integer(format), encode.ia5(vendor)
        ),
        encode.ia5(seal_id),
        _properties(properties),
        _picture(picture),
    ]
    if extensions:
        parts.append(extension_datas(extensions))
    return encode.sequence(*parts)


def extension_datas(extensions: Sequence[Extension]) -> bytes:
    """Return ExtensionDatas; FALSE is left out, for it is critical's DEFAULT (X.690, 11.5)."""
    return encode.sequence(
        *(
            encode.sequence(
                encode.oid(each.oid),
                encode.boolean(True) if each.critical else b"",
                encode.octets(each.value),
            )
            for each in extensions
        )
    )


def _properties(properties: Properties) -> bytes:
    created, start, until = _times(properties)
    list_type, owners = _owners(properties)
    kind = checks.number(properties.kind, "properties.kind", limits.BUILT_KIND)
    return encode.sequence(
        encode.integer(kind),
        encode.utf8(checks.name(properties.name, "properties.name")),
        encode.integer(list_type),
        owners,
        encode.time(created),
        encode.time(start),
        encode.time(until),
    )


def _times(properties: Properties) -> tuple[datetime, datetime, datetime]:
    created = checks.time(properties.create_time, "properties.create_time")
    start = checks.time(properties.valid_from, "properties.valid_from")
    until = checks.time(properties.valid_until, "properties.valid_until")
    if start >= until:
        raise BuildError("properties.valid_until", "it must be later than valid_from")
    if created >= until:
        raise BuildError("properties.valid_until", "it must be later than create_time")
    return created, start, until


def _owners(properties: Properties) -> tuple[int, bytes]:
    """Return certListType and certList."""
    certificates, digests = properties.certificates, properties.digests
    field = "properties.digests" if digests else "properties.certificates"
    if bool(certificates) == bool(digests):
        raise BuildError(field, "give the owners' certificates, or digests of them, not both")
    given: Sequence[object] = certificates or digests
    if len(given) > limits.CERTIFICATES:
        raise BuildError(field, f"there are {len(given)}; {limits.CERTIFICATES} are the most")
    if len(set(given)) != len(given):
        raise BuildError(field, "one of them is there twice")
    if digests:
        items = [_digest(each, field) for each in digests]
        return parse_info.DIGESTS, encode.sequence(*items)
    ders = [checks.certificate(each, f"{field}[{i}]") for i, each in enumerate(certificates)]
    return parse_info.CERTIFICATES, encode.sequence(*map(encode.octets, ders))


def _digest(value: CertificateDigest, field: str) -> bytes:
    checks.digest(value, field)
    return encode.sequence(encode.printable(value.algorithm), encode.octets(value.value))


def _picture(picture: Picture) -> bytes:
    kind = pictures.check(picture.kind, picture.data)
    width = checks.number(picture.width, "picture.width", limits.PICTURE_MM, " mm")
    height = checks.number(picture.height, "picture.height", limits.PICTURE_MM, " mm")
    return encode.sequence(
        encode.ia5(kind),
        encode.octets(picture.data),
        encode.integer(width),
        encode.integer(height),
    )
