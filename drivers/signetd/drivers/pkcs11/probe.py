"""The proof of a token's SM2 convention, before its first signature is believed.

A profile says what a mechanism takes; vendors' tokens have been seen to do otherwise. So a known
value is signed, and the result is tried against every convention.
"""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.profile import Sm2Mechanism, Takes
from signetd.gm import encoding, sm2, sm3

KNOWN_VALUE: Final = sm3.sm3(b"signetd: known value for the proof of a token's SM2 convention")

_SAID: Final[dict[Takes, str]] = {
    "digest": "signs the value it is given as e",
    "z-and-message": "signs SM3 of what it is given, without Z",
    "message": "signs SM3(Z ‖ M) of what it is given",
}


def convention(key: sm2.Sm2PublicKey, signature: bytes) -> Takes | None:
    """Find by which convention *signature* (r‖s) is one of KNOWN_VALUE; None if by none."""
    digests: dict[Takes, bytes] = {
        "digest": KNOWN_VALUE,
        "z-and-message": sm3.sm3(KNOWN_VALUE),
        "message": sm2.message_digest(key, KNOWN_VALUE),
    }
    for takes, e in digests.items():
        try:
            sm2.verify_digest(key, e, signature)
        except InvalidSignature:
            continue
        return takes
    return None


def prove(mechanism: Sm2Mechanism, key: sm2.Sm2PublicKey, sign: Callable[[bytes], bytes]) -> None:
    """Sign a known value with *mechanism* and refuse it unless the profile tells the truth.

    *sign* hands its argument to the token and returns what the token answers.
    Raises SignetError(CONVENTION_WRONG).
    """
    answer = sign(KNOWN_VALUE)
    try:
        raw = encoding.normalise(answer, 32, expected=mechanism.returns)
    except ValueError as error:
        raise _wrong(
            mechanism,
            f"it does not return {mechanism.returns}, as its profile says, "
            f"but {len(answer)} bytes that cannot be read so ({error})",
        ) from error
    found = convention(key, raw)
    if found is None:
        raise _wrong(mechanism, "its signature of a known value is valid by no known convention")
    if found != mechanism.takes:
        raise _wrong(mechanism, f'it {_SAID[found]}: the profile must say takes = "{found}"')


def _wrong(mechanism: Sm2Mechanism, found: str) -> SignetError:
    return SignetError(
        Reason.CONVENTION_WRONG,
        f"SM2 mechanism 0x{mechanism.mechanism:08X} is not used: {found}",
    )
