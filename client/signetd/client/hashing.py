"""Hashing a file locally, streamed, so that only its digest travels."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from signetd.api.v1 import resources_pb2 as resources
from signetd.client import errors
from signetd.client.messages import MAX_MESSAGE_BYTES, SignItem, algorithm_number
from signetd.gm import sm2

_CHUNK: Final = 1 << 20


class Hash(Protocol):
    """A hash of what comes piece by piece."""

    def update(self, data: bytes, /) -> None:
        """Take the next piece."""
        ...

    def digest(self) -> bytes:
        """Return the digest of all that has come."""
        ...


def _nothing(_done: int) -> None:
    """Nobody watches."""


def _chunks(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
        progress(len(chunk))


def item_of_file(
    key: resources.PublicKey,
    path: Path,
    *,
    algorithm: str | None = None,
    encoding: str | None = None,
    signer_id: bytes | None = None,
    progress: Callable[[int], None] = _nothing,
    only_version: bool = False,
) -> SignItem:
    """Hash the file at *path* for *key*; *progress* is told the bytes of each step.

    *only_version*: the version that *key* is of, and no other, shall sign or have signed it.

    Ed25519 signs messages, so a file up to 1 MiB is sent itself. Raises InvalidRequest for a larger
    one, and for a file that cannot be read.
    """
    number = algorithm_number(algorithm) or key.default_algorithm
    name = resources.Algorithm.Name(resources.Algorithm.ValueType(number))
    try:
        with path.open("rb") as file:
            if number == resources.ALGORITHM_ED25519:
                message, digest = _whole(file), None
            else:
                state = _hash_for(key, name, signer_id)
                for chunk in _chunks(file, progress):
                    state.update(chunk)
                message, digest = None, state.digest()
    except OSError as error:
        raise errors.InvalidRequest(f"{path} cannot be read: {error.strerror}") from error
    return SignItem(
        key=key.name if only_version else _named(key, name),
        message=message,
        digest=digest,
        algorithm=algorithm,
        encoding=encoding,
    )


def for_key(
    key: resources.PublicKey, algorithm: str | None, signer_id: bytes | None
) -> Hash | None:
    """Return the hash with which *key* signs documents; None for Ed25519, which has none.

    Raises InvalidRequest, CorruptReply.
    """
    number = algorithm_number(algorithm) or key.default_algorithm
    if number == resources.ALGORITHM_ED25519:
        return None
    return _hash_for(
        key, resources.Algorithm.Name(resources.Algorithm.ValueType(number)), signer_id
    )


def document_digest(path: Path, progress: Callable[[int], None] = _nothing) -> bytes:
    """Return SM3 of the file at *path*, by which stamps and their approvals name a document.

    Raises InvalidRequest for a file that cannot be read.
    """
    state = hashlib.new("sm3")
    try:
        with path.open("rb") as file:
            for chunk in _chunks(file, progress):
                state.update(chunk)
    except OSError as error:
        raise errors.InvalidRequest(f"{path} cannot be read: {error.strerror}") from error
    return state.digest()


def _named(key: resources.PublicKey, algorithm: str) -> str:
    """Name the key, and its version where the digest is good for that one alone."""
    is_bound = algorithm == "ALGORITHM_SM2_SM3"
    return key.name if is_bound else key.name.split("/versions/")[0]


def _whole(file: BinaryIO) -> bytes:
    message = file.read(MAX_MESSAGE_BYTES + 1)
    if len(message) > MAX_MESSAGE_BYTES:
        raise errors.InvalidRequest(
            f"Ed25519 signs messages, and those have at most {MAX_MESSAGE_BYTES} bytes: use a key "
            "of another type for a larger file",
            reason="MESSAGE_TOO_LARGE",
        )
    return message


def _hash_for(key: resources.PublicKey, algorithm: str, signer_id: bytes | None) -> Hash:
    if algorithm == "ALGORITHM_SM2_SM3":
        if key.key_type != resources.KEY_TYPE_SM2:
            raise errors.InvalidRequest(
                "SM2_SM3 is not for this key", reason="ALGORITHM_UNSUITABLE"
            )
        if signer_id is not None and not 0 < len(signer_id) <= sm2.MAX_SIGNER_ID_BYTES:
            raise errors.InvalidRequest(
                f"a signer ID has 1 to {sm2.MAX_SIGNER_ID_BYTES} bytes", reason="SIGNER_ID_INVALID"
            )
        try:
            public = sm2.Sm2PublicKey.from_spki(key.spki)
        except ValueError as error:
            raise errors.CorruptReply(f"the daemon's public key is not usable: {error}") from error
        return sm2.new_message_hash(public, signer_id or sm2.DEFAULT_SIGNER_ID)
    if signer_id is not None:
        raise errors.InvalidRequest("a signer ID is for SM2 only", reason="SIGNER_ID_INVALID")
    return hashlib.new(algorithm.rsplit("_", 1)[1].lower())
