"""Signatures that are pairs of integers: r‖s, canonical DER, and what tokens make of it."""

from typing import Literal

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)


def raw_to_der(raw: bytes) -> bytes:
    """Write r‖s (equal halves, big-endian) as SEQUENCE { r, s } in canonical DER.

    Raises ValueError for unequal halves and for r or s of 0.
    """
    if not raw or len(raw) % 2:
        raise ValueError(f"a signature r‖s has two equal halves, not {len(raw)} bytes")
    half = len(raw) // 2
    r, s = int.from_bytes(raw[:half]), int.from_bytes(raw[half:])
    _joined(r, s, half)  # refuses 0
    return encode_dss_signature(r, s)


def der_to_raw(der: bytes, size: int) -> bytes:
    """Read canonical DER strictly; return r‖s, each of *size* bytes. Raises ValueError."""
    r, s = decode_dss_signature(der)
    raw = _joined(r, s, size)
    if encode_dss_signature(r, s) != der:
        raise ValueError("the signature is not canonical DER")
    return raw


def normalise(
    signature: bytes,
    size: int,
    expected: Literal["raw", "der"] | None = None,
    order: int | None = None,
) -> bytes:
    """Read what a token returned; return r‖s, each of *size* bytes.

    DER is read leniently, its integers as unsigned: vendors return superfluous zeros and drop
    needed ones. With *expected* nothing is guessed; without it, 2 × *size* bytes are r‖s.
    Raises ValueError for what cannot be read, for r or s of 0, for one that is too long and, where
    *order* (of the curve's base point) is given, for one that is not below it.
    """
    if expected is None:
        expected = "raw" if len(signature) == 2 * size else "der"
    if expected == "der":
        return _joined(*_lenient(signature), size, order)
    if len(signature) != 2 * size:
        raise ValueError(f"a signature r‖s has {2 * size} bytes here, not {len(signature)}")
    return _joined(int.from_bytes(signature[:size]), int.from_bytes(signature[size:]), size, order)


def _joined(r: int, s: int, size: int, order: int | None = None) -> bytes:
    if r <= 0 or s <= 0 or max(r, s).bit_length() > 8 * size:
        raise ValueError(f"r and s must be between 1 and what {size} bytes hold")
    if order is not None and max(r, s) >= order:
        raise ValueError("r and s must be below the order of the curve's base point")
    return r.to_bytes(size) + s.to_bytes(size)


def _lenient(der: bytes) -> tuple[int, int]:
    body, rest = _element(der, 0x30)
    r, body = _element(body, 0x02)
    s, body = _element(body, 0x02)
    if rest or body:
        raise ValueError("bytes are left over behind the signature's DER")
    return int.from_bytes(r), int.from_bytes(s)


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Cut one element off: its value, and what follows."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError(f"the signature's DER lacks an element with the tag 0x{tag:02x}")
    length, start = data[1], 2
    if length == 0x81 and len(data) > 2:
        length, start = data[2], 3
    elif length >= 0x80:
        raise ValueError("the signature's DER has a length that no signature has")
    if len(data) < start + length:
        raise ValueError("the signature's DER is cut short")
    return data[start : start + length], data[start + length :]
