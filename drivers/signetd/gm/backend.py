"""Which program verifies SM2 signatures: libcrypto of the host, else the gmssl package."""

from collections.abc import Callable
from functools import cache

from signetd.gm import _gmssl, _libcrypto


class NoBackendError(Exception):
    """This host has no program that verifies SM2."""


Verifier = Callable[[bytes, bytes, bytes], bool]
"""(SubjectPublicKeyInfo in DER, e of 32 bytes, r‖s of 64 bytes) → valid."""


def available() -> dict[str, Verifier]:
    """Name the backends of this host, the fastest first."""
    found: dict[str, Verifier] = {}
    if (native := _libcrypto.load()) is not None:
        found["libcrypto"] = native.verify
    if _gmssl.is_installed():
        found["gmssl"] = _gmssl.verify
    return found


@cache
def current() -> Verifier:
    """Return the fastest backend of this host. Raises NoBackendError."""
    for verifier in available().values():
        return verifier
    raise NoBackendError(
        "nothing here verifies SM2: install OpenSSL 3 with SM2, or the Python package gmssl"
    )
