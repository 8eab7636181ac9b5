"""DER, walked in place: every element knows its field and the byte of the file that it begins at.

Seals are signed as the bytes that a maker once wrote, with the oddities of that maker's encoder
(`critical FALSE` written out, for one). So nothing is decoded into objects and encoded again, as
asn1crypto does for a part that it is asked for anew; its errors also name no field and no byte,
and it takes lengths of indefinite form. `signetd.pki.der` keeps the bytes, but not their places,
and is as strict about contents as certificates deserve, which real seals do not stand.

The frame is strict: tags of one octet, and lengths in the one form that DER has (X.690, 10.1).
Elements are entered only where the syntax says what is in them, so that depth is bounded by it.
"""

from typing import Final, NamedTuple, NoReturn

from signetd.seal.errors import SealError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
TAGGED_0: Final = 0xA0
"""[0] EXPLICIT."""

_NAMES: Final = {
    BOOLEAN: "BOOLEAN",
    INTEGER: "INTEGER",
    BIT_STRING: "BIT STRING",
    OCTET_STRING: "OCTET STRING",
    OID: "OBJECT IDENTIFIER",
    UTF8_STRING: "UTF8String",
    PRINTABLE_STRING: "PrintableString",
    IA5_STRING: "IA5String",
    UTC_TIME: "UTCTime",
    GENERALIZED_TIME: "GeneralizedTime",
    SEQUENCE: "SEQUENCE",
    TAGGED_0: "[0]",
}
_LENGTH_OCTETS: Final = 4


class Node(NamedTuple):
    """One element of *data*: ``data[start:end]``, with its content from ``body`` on."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int
    place: str

    @property
    def raw(self) -> bytes:
        """All of its bytes, as they are in the file."""
        return self.data[self.start : self.end]

    @property
    def value(self) -> bytes:
        """The bytes of its content."""
        return self.data[self.body : self.end]

    @property
    def length(self) -> int:
        """How many bytes its content has."""
        return self.end - self.body

    def fail(self, what: str) -> NoReturn:
        """Raise SealError about this element."""
        raise SealError(self.place, what, self.start)


def root(data: bytes, name: str, limit: int) -> Node:
    """Return the SEQUENCE that all of *data* is. Raises SealError."""
    if len(data) > limit:
        raise SealError(name, f"{len(data)} bytes are more than the {limit} that are read")
    node = _node_at(data, 0, len(data), name, SEQUENCE)
    if node.end != len(data):
        what = f"{len(data) - node.end} bytes are left over behind it"
        raise SealError(name, what, node.end)
    return node


class Fields:
    """Takes the fields of a SEQUENCE (or of a tagged element) one after the other.

    *prefix* stands before their names; it is the parent's place with a dot unless given.
    """

    def __init__(self, parent: Node, prefix: str | None = None) -> None:
        self._parent = parent
        self._position = parent.body
        self._prefix = f"{parent.place}." if prefix is None else prefix

    @property
    def is_done(self) -> bool:
        """Whether there are no more."""
        return self._position == self._parent.end

    def take(self, name: str, *tags: int) -> Node:
        """Return the next field, which must have one of the tags, if any are given.

        Raises SealError naming it.
        """
        place = self._prefix + name
        if self.is_done:
            what = f"it is missing; {_either(tags)} is expected here"
            raise SealError(place, what, self._position)
        node = _node_at(self._parent.data, self._position, self._parent.end, place, *tags)
        self._position = node.end
        return node

    def take_if(self, name: str, *tags: int) -> Node | None:
        """Return the next field if it has one of the tags. Raises SealError if it is malformed."""
        return self.take(name, *tags) if self.is_next(*tags) else None

    def is_next(self, *tags: int) -> bool:
        """Say whether the next field has one of the tags."""
        return not self.is_done and self._parent.data[self._position] in tags

    def end(self) -> None:
        """Raise SealError if there is anything more."""
        if not self.is_done:
            tag = tag_name(self._parent.data[self._position])
            raise SealError(self._parent.place, f"{tag} does not belong here", self._position)


def items(parent: Node, limit: int, *tags: int) -> list[Node]:
    """Return the elements of a SEQUENCE OF, at most *limit*. Raises SealError."""
    fields = Fields(parent, prefix=parent.place)
    found: list[Node] = []
    while not fields.is_done:
        if len(found) == limit:
            parent.fail(f"it has more than the {limit} elements that are read")
        found.append(fields.take(f"[{len(found)}]", *tags))
    return found


def inside(tagged: Node, *tags: int) -> Node:
    """Return the one element that is in an EXPLICIT tag. Raises SealError."""
    fields = Fields(tagged, prefix=tagged.place)
    found = fields.take("", *tags)
    fields.end()
    return found


def tag_name(tag: int) -> str:
    """Return what people call a tag."""
    return _NAMES.get(tag, f"the tag 0x{tag:02x}")


def is_whole(data: bytes) -> bool:
    """Say whether *data* is exactly one element."""
    try:
        return _node_at(data, 0, len(data), "").end == len(data)
    except SealError:
        return False


def _either(tags: tuple[int, ...]) -> str:
    return " or ".join(tag_name(tag) for tag in tags)


def _node_at(data: bytes, start: int, end: int, place: str, *tags: int) -> Node:
    """Read tag and length of the element at *start*, which must not go beyond *end*."""
    if end - start < 2:
        raise SealError(place, "it is cut short", start)
    if data[start] & 0x1F == 0x1F or data[start] == 0:
        raise SealError(place, f"nothing here has the tag 0x{data[start]:02x}", start)
    if tags and data[start] not in tags:
        what = f"{_either(tags)} is expected here, not {tag_name(data[start])}"
        raise SealError(place, what, start)
    length, body = data[start + 1], start + 2
    if length >= 0x80:
        length, body = _long_length(data, start, end, place)
    if length > end - body:
        what = f"it says that it has {length} bytes, but {end - body} are there"
        raise SealError(place, what, start)
    return Node(data, data[start], start, body, body + length, place)


def _long_length(data: bytes, start: int, end: int, place: str) -> tuple[int, int]:
    """Return a length of more than one octet, and where the content begins."""
    count = data[start + 1] & 0x7F
    if count == 0:
        raise SealError(place, "its length is indefinite, which DER forbids", start)
    if count > _LENGTH_OCTETS:
        raise SealError(place, f"its length is written in {count} octets", start)
    body = start + 2 + count
    if body > end:
        raise SealError(place, "it is cut short", start)
    length = int.from_bytes(data[start + 2 : body])
    if length < 0x80 or data[start + 2] == 0:
        raise SealError(place, "its length is not in the shortest form, as DER wants it", start)
    return length, body
