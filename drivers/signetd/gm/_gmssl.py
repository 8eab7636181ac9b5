"""SM2 verification by the gmssl package, behind guards for its known defects.

gmssl 3.2.2 strips leading zeros and fours off a key that is given with its 04, checks neither the
curve nor the range of r and s (signetd.gm.sm2 has done both), and its verify() does not bring the
sum of two equal points back to affine coordinates. So only its scalar multiplication is used.
"""

from importlib.util import find_spec
from typing import Any, Protocol, cast

_HALF = 64
"""Hexadecimal digits of one coordinate."""


class _Crypt(Protocol):
    ecc_table: dict[str, str]

    def _kg(self, k: int, Point: str) -> str: ...
    def _add_point(self, P1: str, P2: str) -> str: ...
    def _double_point(self, Point: str) -> str: ...
    def _convert_jacb_to_nor(self, Point: str) -> str | None: ...


def is_installed() -> bool:
    """Say whether this Python has the gmssl package."""
    try:
        return find_spec("gmssl") is not None
    except ValueError:  # it is barred in sys.modules
        return False


def verify(spki: bytes, digest: bytes, signature: bytes) -> bool:
    """Verify r‖s of e; see backend.Verifier."""
    from gmssl import sm2 as gmssl_sm2  # type: ignore[import-untyped]

    crypt = cast(_Crypt, cast(Any, gmssl_sm2).CryptSM2(private_key="", public_key=""))
    n, generator = int(crypt.ecc_table["n"], 16), crypt.ecc_table["g"]
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    total = _sum(crypt, crypt._kg(s, generator), crypt._kg((r + s) % n, spki[-64:].hex()))
    if total is None:
        return False
    return r == (int.from_bytes(digest) + int(total[:_HALF], 16)) % n


def _sum(crypt: _Crypt, left: str, right: str) -> str | None:
    """Add two affine points; None is infinity."""
    jacobian = left + "1"
    together = crypt._double_point(jacobian) if left == right else crypt._add_point(jacobian, right)
    return crypt._convert_jacb_to_nor(together)
