"""Changes DER as DER: elements are altered, and the lengths around them made to fit again.

Blind changes of bytes mostly break a length, and then nothing behind it is read. Both kinds are
used; this is the one that reaches the fields.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from tests.unit.seal import shapes

MAX_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 12
_TAGS: Final = (1, 2, 3, 4, 5, 6, 0x0C, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0x80, 0xA0, 0xA1)
_VALUES: Final = (
    b"",
    b"\x00",
    b"\xff",
    b"\x80\x00\x00\x00",
    b"\x7f\xff\xff\xff",
    b"\x01\x00\x00\x00\x00",
    b"ES",
    b"\x2a\x81\x1c\xcf\x55\x01\x83\x75",
    b"20260701000000Z",
    b"20260701080000.377+0800",
    b"260701000000Z",
    b"2020-01-25T07:31:56.377Z",
    b"00000101000000Z",
    b"99991231235959-1200",
    b"\x00" + shapes.TOKEN,
    "印章".encode(),
    "印章".encode("gbk"),
    bytes(300),
    b"\xff" * 5000,
)


@dataclass
class Tree:
    """An element: of other ones, or of bytes."""

    tag: int
    content: "list[Tree] | bytes"

    def encoded(self) -> bytes:
        """Return its DER."""
        if isinstance(self.content, bytes):
            return shapes.tlv(self.tag, self.content)
        return shapes.tlv(self.tag, *(each.encoded() for each in self.content))


def parsed(data: bytes, depth: int = 0) -> list[Tree] | None:
    """Return the elements that *data* is, or None when it is something else."""
    found, position = [], 0
    while position < len(data):
        if position + 2 > len(data) or depth > _MAX_DEPTH:
            return None
        tag, size, body = data[position], data[position + 1], position + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(data[position + 2 : body])
        position = body + size
        if position > len(data):
            return None
        content = data[body:position]
        inner = parsed(content, depth + 1) if tag & 0x20 else None
        found.append(Tree(tag, content if inner is None else inner))
    return found


def mutated(data: bytes, chance: Random) -> bytes | None:
    """Return *data* with one to three elements changed, or None when it is not DER."""
    trees = parsed(data)
    if not trees:
        return None
    top = Tree(0x30, trees)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        _change(top, chance)
    assert isinstance(top.content, list)
    return b"".join(each.encoded() for each in top.content)[:MAX_BYTES]


def _change(top: Tree, chance: Random) -> None:
    """Change one element, in the list that it is in."""
    lists = [each.content for each in _all(top) if isinstance(each.content, list) and each.content]
    if not lists:
        return
    among = chance.choice(lists)
    place = chance.randrange(len(among))
    one = among[place]
    how = chance.randrange(8)
    if how == 0:
        del among[place]
    elif how == 1:
        times = min(chance.choice((1, 1, 2, 150)), MAX_BYTES // len(one.encoded()))
        among[place:place] = [_copied(one) for _ in range(times)]
    elif how == 2:
        other = chance.choice(chance.choice(lists))
        among[place] = Tree(other.tag, _copied(other).content)
    elif how == 3:
        among[place] = Tree(chance.choice(_TAGS), one.content)
    elif how == 4:
        among.insert(place, Tree(chance.choice(_TAGS), chance.choice(_VALUES)))
    elif how == 5:
        among[place] = Tree(chance.choice((0x30, 0xA0)), [one])
    else:
        among[place] = Tree(one.tag, _bytes_changed(one, chance))


def _bytes_changed(one: Tree, chance: Random) -> bytes:
    content = one.content if isinstance(one.content, bytes) else b""
    if not content or chance.random() < 0.4:
        return chance.choice(_VALUES)
    place = chance.randrange(len(content))
    piece = bytes([chance.randrange(256)])
    return content[:place] + piece + content[place + chance.randrange(2) :]


def _all(tree: Tree) -> list[Tree]:
    found = [tree]
    if isinstance(tree.content, list):
        for each in tree.content:
            found += _all(each)
    return found


def _copied(tree: Tree) -> Tree:
    if isinstance(tree.content, bytes):
        return tree
    return Tree(tree.tag, [_copied(each) for each in tree.content])
