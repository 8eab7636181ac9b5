"""What authorities are asked: the hash, with a number that nobody can know before."""

import secrets
from typing import Final, NamedTuple, Self

from signetd.daemon.config import Timestamps
from signetd.pki.timestamp import hashes, request

_NONCE_BITS: Final = 127  # 16 bytes of DER, which every authority takes


class Query(NamedTuple):
    """A request; *content* is DER, *digest* by *hash*. Each attempt has one of its own."""

    hash: str
    digest: bytes
    nonce: int
    content: bytes

    @classmethod
    def make(cls, config: Timestamps, digest: bytes) -> Self:
        """Make a request with a fresh nonce."""
        nonce = secrets.randbits(_NONCE_BITS) | 1
        content = request(config.hash, digest, nonce=nonce, policy=config.policy)
        return cls(config.hash, digest, nonce, content)


def digest_of(config: Timestamps, data: bytes) -> bytes:
    """Hash *data* with the hash of the configuration."""
    return hashes.digest(config.hash, data)
