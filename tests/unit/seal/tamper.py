"""Copies of a file with a fault in them, for tests that no fault goes unnoticed."""

from collections.abc import Iterator
from typing import NamedTuple


class Tampered(NamedTuple):
    """A copy, and the octet where it differs first."""

    offset: int
    data: bytes


def flipped(data: bytes, step: int = 1) -> Iterator[Tampered]:
    """Yield a copy for every *step*-th octet, with one of its bits flipped.

    Which bit goes round with the octets, so that every bit's turn comes, and is always the same.
    """
    for offset in range(0, len(data), step):
        copy = bytearray(data)
        copy[offset] ^= 1 << (offset // step) % 8
        yield Tampered(offset, bytes(copy))


def truncated(data: bytes, step: int = 1) -> Iterator[Tampered]:
    """Yield the first octets of it, from none to all but one."""
    for size in range(0, len(data), step):
        yield Tampered(size, data[:size])


def lengthened(data: bytes) -> Iterator[Tampered]:
    """Yield copies with one octet more at the end: zero, end-of-contents, and others."""
    for octet in (0x00, 0x05, 0x30, 0x80, 0xFF):
        yield Tampered(len(data), data + bytes([octet]))
