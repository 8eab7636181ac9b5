"""Which program verifies SM2 signatures: libcrypto of the host, else the gmssl package."""

from collections.abc import Callable
from functools import cache

from signetd.gm import _gmssl, _libcrypto

Verifier = Callable[[bytes, bytes, bytes], bool]
"""(SubjectPublicKeyInfo in DER, e of 32 bytes, r‖s of 64 bytes) → valid."""


def available() -> dict[str, Verifier]:
    """Name the backends of this host, the fastest first."""
    found: dict[str, Verifier] = {}
    if (native := _libcrypto.load()) is not None:
        found["libcrypto"] = native.verify
    found["gmssl"] = _gmssl.verify
    return found


@cache
def current() -> Verifier:
    """Return the fastest backend of this host."""
    return next(iter(available().values()))
