"""Seals and stamps altered at random: read, or refused by name; never anything else."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.seal import SealError, parse_seal, parse_stamp
from tests.unit.seal import parts, shapes

TOKENS = shapes.tagged(shapes.bits(shapes.TOKEN))
EXTENSIONS = shapes.seq(shapes.extension(critical=b"\x01\x01\x00"))
SEALS = [
    shapes.seal(shapes.info(extensions=EXTENSIONS)),
    shapes.seal(shapes.info_v5(), token=TOKENS),
    shapes.seal_v1(shapes.info_v1(extensions=shapes.tagged(EXTENSIONS))),
    parts.made_seal(),
]
STAMPS = [
    shapes.stamp(shapes.to_sign(more=shapes.tagged(EXTENSIONS)), token=TOKENS),
    shapes.stamp_v1(),
    shapes.stamp_v1(shapes.to_sign_v1(time=shapes.bits(shapes.TOKEN))),
    parts.made_stamp(),
]
SIDES: dict[str, tuple[Callable[[bytes], Any], list[bytes]]] = {
    "seal": (parse_seal, SEALS),
    "stamp": (parse_stamp, STAMPS),
}
SIDE = pytest.mark.parametrize("side", SIDES)


def read(parse: Callable[[bytes], Any], data: bytes) -> Any:
    """Return what is read, or None; the only exception is SealError, with a place in the data."""
    try:
        found = parse(data)
    except SealError as error:
        assert error.place
        assert error.offset is None or 0 <= error.offset <= len(data)
        assert len(str(error)) < 400
        return None
    assert found.der == data, "all bytes belong to what was read"
    assert found.format.value in (1, 4, 5)
    return found


@SIDE
def test_every_shortening_is_refused(side: str) -> None:
    parse, samples = SIDES[side]
    for data in samples:
        assert read(parse, data)
        for size in range(len(data)):
            assert read(parse, data[:size]) is None


@SIDE
def test_every_octet_in_turn(side: str) -> None:
    """Each octet becomes one that frames and values treat apart."""
    parse, samples = SIDES[side]
    for data in samples[:3]:
        for place in range(len(data)):
            for octet in (0x00, 0x01, 0x30, 0x7F, 0x80, 0x84, 0xA0, 0xFF, data[place] ^ 0x20):
                read(parse, data[:place] + bytes([octet]) + data[place + 1 :])


@SIDE
def test_every_element_left_out_and_doubled(side: str) -> None:
    """Lengths are made to fit again, so that it is the fields that are wrong."""
    parse, samples = SIDES[side]
    for data in samples[:3]:
        for altered in structural(data):
            if altered != data:
                read(parse, altered)


def structural(data: bytes) -> list[bytes]:
    """Return *data* with one element removed, doubled, emptied or replaced, in every place."""
    tag, content = data[0], data[2 + (data[1] & 0x7F if data[1] & 0x80 else 0) :]
    if not tag & 0x20:
        return [b"", data + data, shapes.tlv(tag), b"\x05\x00", shapes.tlv(tag, content * 50)]
    children, position = [], 0
    while position < len(content):
        size, body = content[position + 1], position + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(content[position + 2 : body])
        children.append(content[position : body + size])
        position = body + size
    found = [b"", data + data, shapes.tlv(tag), shapes.tlv(0x31, content)]
    found.append(shapes.tlv(tag, *reversed(children)))
    for i, child in enumerate(children):
        before, after = children[:i], children[i + 1 :]
        found += [shapes.tlv(tag, *before, each, *after) for each in structural(child)]
    return found


@SIDE
@settings(max_examples=400, deadline=None)
@given(which=st.integers(0, 3), seed=st.integers(0, 2**32))
def test_many_changes_at_once(side: str, which: int, seed: int) -> None:
    parse, samples = SIDES[side]
    chance = random.Random(seed)
    data = bytearray(samples[which])
    for _ in range(chance.randint(1, 8)):
        place, size = chance.randrange(len(data)), chance.randrange(20)
        piece = bytes(chance.randrange(256) for _ in range(size))
        other = chance.choice(samples)
        start = chance.randrange(len(other))
        how = chance.randrange(4)
        if how == 0:
            data[place : place + 1] = piece[:1]
        elif how == 1:
            del data[place : place + size]
        elif how == 2:
            data[place:place] = piece
        else:
            data[place : place + size] = other[start : start + size]
        if not data:
            break
    read(parse, bytes(data))


@SIDE
@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_bytes_of_any_kind(side: str, data: bytes) -> None:
    assert read(SIDES[side][0], data) is None


# What follows a well-formed frame at random: hypothesis draws the elements themselves.
TAG = st.sampled_from([1, 2, 3, 4, 5, 6, 0x0C, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0x80, 0xA0])
ELEMENTS = st.recursive(
    st.builds(shapes.tlv, TAG, st.binary(max_size=12)),
    lambda inner: st.lists(inner, max_size=7).map(lambda each: shapes.seq(*each)),
    max_leaves=25,
)


@SIDE
@settings(max_examples=80, deadline=None)
@given(elements=st.lists(ELEMENTS, max_size=6))
def test_elements_of_any_kind(side: str, elements: list[bytes]) -> None:
    assert read(SIDES[side][0], shapes.seq(*elements)) is None
