"""SM2 verification by the gmssl package, behind guards for its known defects.

gmssl 3.2.2 strips leading zeros and fours off a key that is given with its 04, checks neither the
curve nor the range of r and s (signetd.gm.sm2 has done both), and raises on malformed input.
"""

from typing import Any, cast


def verify(spki: bytes, digest: bytes, signature: bytes) -> bool:
    """Verify r‖s of e; see backend.Verifier."""
    from gmssl import sm2 as gmssl_sm2  # type: ignore[import-untyped]

    crypt = cast(Any, gmssl_sm2.CryptSM2(private_key="", public_key="00" * 64))
    crypt.public_key = spki[-64:].hex()  # set here, the constructor would mangle it
    try:
        return bool(crypt.verify(signature.hex(), digest))
    except (ValueError, TypeError, AttributeError, IndexError):
        return False
