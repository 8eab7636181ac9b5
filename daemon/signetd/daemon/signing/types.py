"""What goes into signing and verifying, and what comes out."""

from enum import StrEnum
from typing import Final

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.drivers.types import Algorithm

MAX_MESSAGE_BYTES: Final = 1 << 20
"""Longest message of a request."""
MAX_BATCH_ITEMS: Final = 1000
"""Most items of a batch."""


class Encoding(StrEnum):
    """How a signature is written: DER is SEQUENCE { r, s }, for SM2 and ECDSA only."""

    DER = "DER"
    RAW = "RAW"


class SignInput(msgspec.Struct, frozen=True, kw_only=True):
    """A message or digest to sign; None stands for what the caller left out.

    ``key`` is the bare name, ``approval`` a resource name or "". ``version`` is the only one that
    may sign, or verify; None for the one that signs, and for whichever verifies. For SM2 a
    ``digest`` is e = SM3(Z ‖ M) of GB/T 32918.2. With ``hashed_with`` the daemon has hashed a
    message to ``digest`` itself, for SM2 with the public key of that version.

    ``reference`` tells the request from the others of its call; its record has it after the call's.
    """

    key: str
    version: int | None = None
    message: bytes | None = None
    digest: bytes | None = None
    algorithm: Algorithm | None = None
    encoding: Encoding | None = None
    signer_id: bytes | None = None
    input_crc32c: int | None = None
    approval: str = ""
    hashed_with: int | None = None
    reference: str = ""

    @property
    def is_hashed(self) -> bool:
        """Whether what is signed was hashed before it came to the daemon, as some grants ask."""
        return self.digest is not None and self.hashed_with is None

    def id_within(self, call: str) -> str:
        """Return what the record calls the request, of those of the call with this identifier."""
        return f"{call}.{self.reference}" if self.reference else call


class DocumentEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole document has: its CRC32C and its size in bytes; None where it is not said."""

    crc32c: int | None = None
    size: int | None = None


class VerifyInput(SignInput, frozen=True, kw_only=True):
    """A message or digest, and the signature that it may have."""

    signature: bytes


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signature in ``encoding``; ``key`` is the registration at the time of signing."""

    signature: bytes
    encoding: Encoding
    algorithm: Algorithm
    key: RegisteredKey


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that may leave; ``number`` is that of its record in the audit."""

    signed: Signed
    number: int


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a signature is valid.

    ``key`` is as the version with which it is, or as the first that was tried.
    """

    valid: bool
    algorithm: Algorithm
    key: RegisteredKey
