"""What is hashed of a message, and by which digest a signature is named."""

import asyncio
import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from signetd.daemon.signing.validate import Checked
from signetd.drivers.algorithms import digest
from signetd.drivers.types import Algorithm, Input
from signetd.gm import sm2

_THREAD_FROM_BYTES: Final = 64 * 1024  # Below, a thread costs more than the hash.
_CACHED_KEYS: Final = 1024


async def named_digest(checked: Checked) -> bytes:
    """Return the digest by which approvals and the audit name what is signed.

    A digest that was given is itself; a message is hashed as it is for signing (for SM2 this is
    e = SM3(Z ‖ M)), and for Ed25519, which signs messages, with SHA-256.
    """
    if checked.input is Input.DIGEST:
        return checked.data
    if checked.algorithm is Algorithm.ED25519:
        return await _hashed(_sha256, checked)
    return await _hashed(_message_digest, checked)


async def _hashed(hash_now: Callable[[Checked], bytes], checked: Checked) -> bytes:
    if len(checked.data) > _THREAD_FROM_BYTES:
        return await asyncio.to_thread(hash_now, checked)
    return hash_now(checked)


def _message_digest(checked: Checked) -> bytes:
    if checked.algorithm is Algorithm.SM2_SM3:
        return sm2.message_digest(_sm2_key(checked.key.spki), checked.data, checked.signer_id)
    return digest(checked.algorithm, checked.data)


def _sha256(checked: Checked) -> bytes:
    return hashlib.sha256(checked.data).digest()


@lru_cache(maxsize=_CACHED_KEYS)
def _sm2_key(spki: bytes) -> sm2.Sm2PublicKey:
    return sm2.Sm2PublicKey.from_spki(spki)
