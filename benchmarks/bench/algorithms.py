"""What is signed with: the keys, and what the token is asked for, which is the same for everybody.

The raw loop and the reference server hand the token the very bytes that signetd's plan hands it:
a digest, a DigestInfo around one (RSA), or a message (Ed25519).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signetd.client import SignItem

_DIGEST: Final = bytes(range(32))
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2


@dataclass(frozen=True)
class Algorithm:
    """A kind of key; ``mechanism`` is the token's number for what is done with ``data``."""

    name: str
    key: str
    key_type: str
    algorithm: str
    mechanism: int
    prefix: bytes = b""
    takes_digest: bool = True

    @property
    def data(self) -> bytes:
        """What the token is handed for each signature."""
        return self.prefix + _DIGEST

    def key_name(self, *, verified: bool) -> str:
        """The name of its key whose signatures are verified before they are given out, or not."""
        return self.key if verified else f"{self.key}-unverified"

    def item(self, key: str = "") -> SignItem:
        """What a client asks signetd for, so that the token is handed ``data``.

        With the key of that name in place of its own.
        """
        key = key or self.key
        if self.takes_digest:
            return SignItem(key=key, digest=_DIGEST, algorithm=self.algorithm)
        return SignItem(key=key, message=_DIGEST, algorithm=self.algorithm)


ALGORITHMS: Final = (
    Algorithm("SM2", "sm2", "SM2", "SM2_SM3", 0x80000202),  # of the SM2 test module
    Algorithm("RSA-2048", "rsa", "RSA_2048", "RSA_PKCS1_SHA256", 0x1, prefix=_SHA256_INFO),
    Algorithm("P-256", "p256", "EC_P256", "ECDSA_P256_SHA256", 0x1041),
    Algorithm("Ed25519", "ed25519", "ED25519", "ED25519", 0x1057, takes_digest=False),
)


def chosen(names: Sequence[str]) -> tuple[Algorithm, ...]:
    """Return the algorithms of these names, in any case. Raises ValueError naming what there is."""
    known = {algorithm.name.lower(): algorithm for algorithm in ALGORITHMS}
    unknown = [name for name in names if name.lower() not in known]
    if unknown or not names:
        there = ", ".join(algorithm.name for algorithm in ALGORITHMS)
        raise ValueError(f"algorithms: {', '.join(unknown) or 'none'}; choose from {there}")
    return tuple(known[name.lower()] for name in names)
