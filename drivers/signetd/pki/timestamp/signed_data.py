"""SignedData of a token (RFC 5652, 5; GB/T 35275), as the bytes that it came in."""

from dataclasses import dataclass, field
from typing import Final

from signetd.pki import der, names
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError
from signetd.pki.timestamp import hashes

SIGNED_DATA: Final = frozenset({"1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.2"})
"""PKCS #7 and CMS; GB/T 35275."""
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_VERSIONS: Final = (1, 3, 4, 5)
_MAX_CERTIFICATES: Final = 16
_MAX_LISTS: Final = 16
_MAX_ATTRIBUTES: Final = 32
_SIGNER_BY_KEY: Final = 0x80


@dataclass(frozen=True)
class SignerInfo:
    """Who has signed, and how. Algorithms are DER; attributes by identifier, values in DER."""

    issuer: bytes | None = field(repr=False)
    serial: int | None
    key_id: bytes | None
    """In place of issuer and serial."""
    digest_algorithm: str
    """By hashes.OIDS."""
    attributes: dict[str, tuple[bytes, ...]] = field(repr=False)
    signed_attributes: bytes | None = field(repr=False)
    """What the signature is over: the attributes, with the tag of a SET (RFC 5652, 5.4)."""
    algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def is_of(self, certificate: Certificate) -> bool:
        """Say whether this names *certificate* as the signer's."""
        if self.key_id is not None:
            return certificate.subject_key_id == self.key_id
        if self.serial != certificate.serial or self.issuer is None:
            return False
        return names.key(self.issuer) == certificate.issuer_key


@dataclass(frozen=True)
class SignedData:
    """The outer part of a token. ``content`` is TSTInfo, DER, for content of that type."""

    kind: str
    """The identifier of SignedData, one of SIGNED_DATA."""
    content_type: str
    content: bytes = field(repr=False)
    digested: bytes = field(repr=False)
    """What the message digest is of."""
    certificates: tuple[Certificate, ...] = field(repr=False)
    lists: tuple[bytes, ...] = field(repr=False)
    """Revocation lists, DER."""
    signer: SignerInfo = field(repr=False)


def read(data: bytes, place: str) -> SignedData:
    """Read a ContentInfo in DER. Raises InputError."""
    whole = der.single(data, der.SEQUENCE, place)
    der.check(whole, place)
    fields = der.Fields(whole, place)
    kind = der.oid(fields.take(der.OID, "contentType"), place)
    if kind not in SIGNED_DATA:
        raise InputError(place, f"it is of the type {kind}, not SignedData")
    tagged = fields.take(0xA0, "content")
    fields.end()
    return _signed_data(kind, der.single(tagged.value, der.SEQUENCE, place), place)


def _signed_data(kind: str, element: der.Element, place: str) -> SignedData:
    fields = der.Fields(element, place)
    version = der.integer(fields.take(der.INTEGER, "version"))
    if version not in _VERSIONS:
        raise InputError(f"{place}, version", f"there is no SignedData of version {version}")
    fields.take(der.SET, "digestAlgorithms")  # a hint for reading in one go (RFC 5652, 5.1)
    content = _content(fields.take(der.SEQUENCE, "encapContentInfo"), f"{place}, content")
    certificates, lists = fields.take_if(0xA0), fields.take_if(0xA1)
    signers = der.elements(fields.take(der.SET, "signerInfos").value, place)
    fields.end()
    if len(signers) != 1:
        raise InputError(place, f"it has {len(signers)} signatures; a token has one")
    return SignedData(
        kind,
        *content,
        () if certificates is None else _certificates(certificates, place),
        () if lists is None else _lists(lists, place),
        _signer(signers[0], f"{place}, signerInfo"),
    )


def _content(element: der.Element, place: str) -> tuple[str, bytes, bytes]:
    """Return type, content, and what is digested of it.

    PKCS #7 and GB/T 35275 also have the content as it is, without an OCTET STRING around it; then
    the digest is of what is inside its tag and length (RFC 2315, 9.3; RFC 5652, 5.2.1).
    """
    fields = der.Fields(element, place)
    kind = der.oid(fields.take(der.OID, "eContentType"), place)
    inside = der.elements(fields.take(0xA0, "eContent").value, place)
    fields.end()
    if len(inside) != 1 or inside[0].tag not in (der.OCTET_STRING, der.SEQUENCE):
        raise InputError(place, "it is neither an OCTET STRING nor a SEQUENCE")
    content = inside[0].value if inside[0].tag == der.OCTET_STRING else inside[0].raw
    return kind, content, inside[0].value


def _certificates(tagged: der.Element, place: str) -> tuple[Certificate, ...]:
    """Read the X.509 ones; attribute certificates and others are left alone."""
    inside = _few(tagged, _MAX_CERTIFICATES, f"{place}, certificates")
    return tuple(
        Certificate.read(each.raw, f"{place}, certificate {i}")
        for i, each in enumerate(inside, 1)
        if each.tag == der.SEQUENCE
    )


def _lists(tagged: der.Element, place: str) -> tuple[bytes, ...]:
    inside = _few(tagged, _MAX_LISTS, f"{place}, crls")
    return tuple(each.raw for each in inside if each.tag == der.SEQUENCE)


def _few(tagged: der.Element, most: int, place: str) -> list[der.Element]:
    inside = der.elements(tagged.value, place)
    if len(inside) > most:
        raise InputError(place, f"there are more than {most}")
    return inside


def _signer(element: der.Element, place: str) -> SignerInfo:
    if element.tag != der.SEQUENCE:
        raise InputError(place, "it is not a SEQUENCE")
    fields = der.Fields(element, place)
    version = der.integer(fields.take(der.INTEGER, "version"))
    issuer, serial, key_id = _identifier(fields)
    if version != (1 if key_id is None else 3):
        raise InputError(place, f"version {version} does not fit to how it names its signer")
    digest = hashes.read(fields.take(der.SEQUENCE, "digestAlgorithm"), place)
    signed = fields.take_if(0xA0)
    algorithm = fields.take(der.SEQUENCE, "signatureAlgorithm").raw
    signature = fields.take(der.OCTET_STRING, "signature").value
    fields.take_if(0xA1)  # unsigned: nobody vouches for them
    fields.end()
    return SignerInfo(
        issuer, serial, key_id, digest,
        {} if signed is None else _attributes(signed, f"{place}, signedAttrs"),
        None if signed is None else bytes([der.SET]) + signed.raw[1:],
        algorithm, signature,
    )  # fmt: skip


def _identifier(fields: der.Fields) -> tuple[bytes | None, int | None, bytes | None]:
    tagged = fields.take_if(_SIGNER_BY_KEY)
    if tagged is not None:
        return None, None, tagged.value
    both = der.Fields(fields.take(der.SEQUENCE, "sid"), f"{fields.place}, sid")
    issuer = both.take(der.SEQUENCE, "issuer").raw
    names.check(issuer, both.place)
    serial = der.integer(both.take(der.INTEGER, "serialNumber"))
    both.end()
    return issuer, serial, None


def _attributes(tagged: der.Element, place: str) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, tuple[bytes, ...]] = {}
    for each in _few(tagged, _MAX_ATTRIBUTES, place):
        if each.tag != der.SEQUENCE:
            raise InputError(place, "an attribute is not a SEQUENCE")
        fields = der.Fields(each, place)
        kind = der.oid(fields.take(der.OID, "attrType"), place)
        values = der.elements(fields.take(der.SET, "attrValues").value, place)
        fields.end()
        if kind in found:
            raise InputError(place, f"the attribute {kind} is there twice (RFC 5652, 11)")
        found[kind] = tuple(value.raw for value in values)
    return found
