"""What fuzzing begins with: a seal and a stamp of every layout, and the test vectors."""

from pathlib import Path
from typing import Final

from tests.unit.seal import shapes
from tests.unit.seal.shapes import bits, gtime, num, octets, seq, tagged, tlv, utime

VECTORS: Final = Path(__file__).parent.parent / "vectors" / "seals"
_SUFFIXES: Final = {"seal": ".esl", "stamp": ".dat"}
_MAX_BYTES: Final = 16 * 1024
_TOKEN: Final = tagged(bits(shapes.TOKEN))
_CRITICAL: Final = seq(shapes.extension(critical=b"\x01\x01\x00"), shapes.extension(oid="2a0305"))
_DIGESTS: Final = shapes.properties(
    list_type=num(2), owners=seq(seq(tlv(0x13, b"SM3"), octets(bytes(32))))
)
_ALGORITHM: Final = seq(shapes.SM2_WITH_SM3, b"\x05\x00")
_TIMES: Final = (
    bits(b"2020-01-25T07:31:56.377Z"),
    bits(b"200125073156Z"),
    bits(shapes.TOKEN),
    octets(gtime("20200125073156Z")),
    utime("200125073156Z"),
)


def of(kind: str) -> list[bytes]:
    """Return the seeds for `seal` or `stamp`."""
    own = _seals() if kind == "seal" else _stamps()
    return own + vectors(kind)


def _seals() -> list[bytes]:
    return [
        shapes.seal(),
        shapes.seal(shapes.info(extensions=_CRITICAL, props=_DIGESTS), algorithm=_ALGORITHM),
        shapes.seal(shapes.info_v5(), token=_TOKEN),
        shapes.seal_v1(),
        shapes.seal_v1(shapes.info_v1(extensions=tagged(_CRITICAL))),
    ]


def _stamps() -> list[bytes]:
    later = shapes.to_sign(version=num(5), eseal=shapes.seal(shapes.info_v5(), token=_TOKEN))
    return [
        shapes.stamp(token=_TOKEN),
        shapes.stamp(shapes.to_sign(more=tagged(_CRITICAL)), algorithm=_ALGORITHM),
        shapes.stamp(later),
        *(shapes.stamp_v1(shapes.to_sign_v1(time=each)) for each in _TIMES),
    ]


def vectors(kind: str) -> list[bytes]:
    """Return the good ones of tests/vectors/seals: seals in .esl, stamps in .dat."""
    files = sorted(VECTORS.glob(f"good/*{_SUFFIXES[kind]}"))
    return [data for each in files if len(data := each.read_bytes()) <= _MAX_BYTES]
