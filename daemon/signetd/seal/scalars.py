"""Single values out of elements: numbers, text, identifiers, octets. All raise SealError."""

from typing import Final

from signetd.pki import der
from signetd.pki.errors import InputError
from signetd.seal import limits, tlv
from signetd.seal.errors import SealError
from signetd.seal.tlv import Fields, Node

WHOLE_OCTETS: Final = (tlv.BIT_STRING, tlv.OCTET_STRING)
"""The dataHash of some makers is an OCTET STRING, where the syntax has a BIT STRING."""


def integer(node: Node) -> int:
    """Return an INTEGER from -2³¹ to 2³¹-1."""
    value = node.value
    if not value or len(value) > limits.INTEGER_BYTES:
        node.fail(f"an INTEGER of {len(value)} bytes; 1 to {limits.INTEGER_BYTES} are read")
    if len(value) > 1 and value[0] in (0x00, 0xFF) and value[0] >> 7 == value[1] >> 7:
        node.fail("an INTEGER with superfluous octets")
    return int.from_bytes(value, signed=True)


def boolean(node: Node) -> bool:
    """Return a BOOLEAN; whatever is not zero is TRUE (X.690, 8.2)."""
    if node.length != 1:
        node.fail(f"a BOOLEAN of {node.length} bytes instead of one")
    return node.value != b"\x00"


def text(node: Node, limit: int) -> str:
    """Return a string of at most *limit* bytes.

    It is read as UTF-8 whatever its tag says: makers write Chinese into an IA5String.
    """
    check_length(node, limit)
    try:
        return node.value.decode()
    except UnicodeDecodeError as error:
        raise _malformed(node, f"byte {error.start} of the text is not UTF-8") from None


def oid(node: Node) -> str:
    """Return an OBJECT IDENTIFIER as digits with dots."""
    check_length(node, limits.OID_BYTES)
    try:
        return der.oid(der.Element(node.tag, node.raw, node.value), node.place)
    except InputError:
        raise _malformed(node, "it is not an object identifier") from None


def algorithm(node: Node) -> str:
    """Return an algorithm's identifier in dotted form.

    The syntax has an OBJECT IDENTIFIER; some makers write an AlgorithmIdentifier, a SEQUENCE of
    that and of parameters, usually NULL, which say nothing here.
    """
    if node.tag != tlv.SEQUENCE:
        return oid(node)
    fields = Fields(node)
    found = oid(fields.take("algorithm", tlv.OID))
    if not fields.is_done:
        fields.take("parameters")
    fields.end()
    return found


def octets(node: Node, limit: int) -> bytes:
    """Return the content of an OCTET STRING, or of a BIT STRING of whole octets."""
    value = node.value
    if node.tag == tlv.BIT_STRING:
        if value[:1] != b"\x00":
            node.fail("a BIT STRING whose bits are not whole octets")
        value = value[1:]
    if len(value) > limit:
        node.fail(f"{len(value)} bytes are more than the {limit} that are read")
    return value


def check_length(node: Node, limit: int) -> None:
    """Raise SealError if the content has more than *limit* bytes."""
    if node.length > limit:
        node.fail(f"{node.length} bytes are more than the {limit} that are read")


def _malformed(node: Node, what: str) -> SealError:
    return SealError(node.place, what, node.start)
