"""Checks a request against its key, and plans what to hash here and what to send; pure."""

from collections.abc import Collection
from typing import Final

import google_crc32c
import msgspec

from signetd.daemon.keys.checks import check_suits
from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.daemon.policy.types import KeyPurpose
from signetd.daemon.signing.types import MAX_MESSAGE_BYTES, Encoding, SignInput
from signetd.drivers.algorithms import INTEGER_BYTES, digest_bytes
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Input
from signetd.gm.sm2 import DEFAULT_SIGNER_ID, MAX_SIGNER_ID_BYTES

_WAYS_OUT: Final = {
    KeyState.DISABLED: "Enable it first.",
    KeyState.DESTROYED: "That is final; use another key.",
    KeyState.QUARANTINED: "Its token made signatures with it that are not valid: check the token; "
    "then an administrator can enable the key again.",
}
_BYTE_LIMIT: Final = f"{MAX_MESSAGE_BYTES} bytes (1 MiB)"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that fits its key; ``signer_id`` is set for SM2 with a message, else empty."""

    key: RegisteredKey
    algorithm: Algorithm
    encoding: Encoding
    input: Input
    data: bytes
    signer_id: bytes


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the token gets, and whether the message is hashed before that."""

    hash_here: bool
    send: Input
    signer_id: bytes


def check(key: RegisteredKey, request: SignInput) -> Checked:
    """Return the request with its defaults filled in, or raise the first thing wrong with it.

    Raises SignetError, in this order: INPUT_MISSING, INPUT_AMBIGUOUS, MESSAGE_TOO_LARGE,
    ALGORITHM_UNSUITABLE, DIGEST_LENGTH_WRONG, POLICY_CHANGED, SIGNER_ID_INVALID,
    ENCODING_UNSUITABLE,
    INPUT_CRC_MISMATCH.
    """
    kind, data = _only_input(request)
    if kind is Input.MESSAGE:
        _check_size(data)
    algorithm = request.algorithm or key.default_algorithm
    check_suits(key.key_type, algorithm)
    if kind is Input.DIGEST:
        _check_digest(algorithm, data)
        _check_hashed_for(key, algorithm, request.hashed_with)
    checked = Checked(
        key=key,
        algorithm=algorithm,
        input=kind,
        data=data,
        signer_id=_signer_id(algorithm, kind, request.signer_id),
        encoding=_encoding(algorithm, request.encoding),
    )
    _check_crc(kind, data, request.input_crc32c)
    return checked


def check_purpose(key: RegisteredKey, purpose: KeyPurpose) -> None:
    """Raise KEY_PURPOSE_WRONG unless the key is for *purpose*."""
    if key.purpose is not purpose:
        raise SignetError(
            Reason.KEY_PURPOSE_WRONG,
            f"The key {key.id!r} is for {key.purpose}, which is the only thing it signs, and not "
            f"for {purpose}; use a key that was made for it.",
        )


def check_version(key: RegisteredKey, version: int | None) -> None:
    """Raise KEY_STATE_WRONG if a version is asked for that is not the one that signs."""
    if version is not None and version != key.version:
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The version {version} of the key {key.id!r} does not sign; the version {key.version} "
            "does. For SM2, fetch its public key and hash the document anew with that.",
        )


def check_enabled(key: RegisteredKey) -> None:
    """Raise KEY_STATE_WRONG unless the key may sign."""
    if key.state is not KeyState.ENABLED:
        way_out = _WAYS_OUT[key.state]
        raise SignetError(
            Reason.KEY_STATE_WRONG,
            f"The key {key.id!r} is {key.state} and does not sign. {way_out}",
        )


def plan(request: Checked, offered: Collection[Input]) -> Plan:
    """Choose what the token gets, from the inputs that it takes for the algorithm.

    Raises SignetError ALGORITHM_UNSUITABLE if a digest was given and only messages are taken.
    """
    is_message = request.input is Input.MESSAGE
    if request.algorithm is not Algorithm.ED25519 and Input.DIGEST in offered:
        return Plan(hash_here=is_message, send=Input.DIGEST, signer_id=b"")
    if not is_message:
        raise SignetError(
            Reason.ALGORITHM_UNSUITABLE,
            f"The token {request.key.token!r} takes only messages for {request.algorithm}, not "
            "digests; give the message instead.",
        )
    return Plan(hash_here=False, send=Input.MESSAGE, signer_id=request.signer_id)


def _only_input(request: SignInput) -> tuple[Input, bytes]:
    match request.message, request.digest:
        case None, None:
            raise SignetError(
                Reason.INPUT_MISSING,
                "Neither message nor digest is given; give exactly one of them.",
            )
        case bytes(message), None:
            return Input.MESSAGE, message
        case None, bytes(digest):
            return Input.DIGEST, digest
    raise SignetError(
        Reason.INPUT_AMBIGUOUS, "Both message and digest are given; give exactly one of them."
    )


def _check_size(message: bytes) -> None:
    if len(message) > MAX_MESSAGE_BYTES:
        raise SignetError(
            Reason.MESSAGE_TOO_LARGE,
            f"message has {len(message)} bytes; it may have at most {_BYTE_LIMIT}. Hash it "
            "yourself and send the digest.",
        )


def check_allowed(key: RegisteredKey, algorithm: Algorithm) -> None:
    """Raise ALGORITHM_UNSUITABLE unless the key's policy allows to sign with *algorithm*."""
    allowed = key.policy.algorithms
    if allowed and algorithm not in allowed:
        raise SignetError(
            Reason.ALGORITHM_UNSUITABLE,
            f"The policy of the key {key.id!r} allows {', '.join(sorted(allowed))}, not "
            f"{algorithm}.",
        )


def _check_digest(algorithm: Algorithm, digest: bytes) -> None:
    size = digest_bytes(algorithm)
    if not size:
        raise SignetError(
            Reason.ALGORITHM_UNSUITABLE,
            f"{algorithm} signs messages, never digests; give the message instead, of at most "
            f"{_BYTE_LIMIT}.",
        )
    if len(digest) != size:
        raise SignetError(
            Reason.DIGEST_LENGTH_WRONG,
            f"digest has {len(digest)} bytes; for {algorithm} it must have {size}.",
        )


def _check_hashed_for(key: RegisteredKey, algorithm: Algorithm, version: int | None) -> None:
    if algorithm is Algorithm.SM2_SM3 and version not in (None, key.version):
        raise SignetError(
            Reason.POLICY_CHANGED,
            f"The key {key.id!r} was given another pair while the document was read, and the "
            "digest for SM2 has the public key in it; send the document again.",
        )


def _signer_id(algorithm: Algorithm, kind: Input, given: bytes | None) -> bytes:
    uses_it = algorithm is Algorithm.SM2_SM3 and kind is Input.MESSAGE
    if given is None:
        return DEFAULT_SIGNER_ID if uses_it else b""
    if not uses_it:
        raise SignetError(
            Reason.SIGNER_ID_INVALID,
            "signer_id is for SM2 with a message only; a digest for SM2 has the signer's ID in "
            "it already. Leave signer_id out.",
        )
    if not 1 <= len(given) <= MAX_SIGNER_ID_BYTES:
        raise SignetError(
            Reason.SIGNER_ID_INVALID,
            f"signer_id has {len(given)} bytes; it must have 1 to {MAX_SIGNER_ID_BYTES}, or be "
            "left out.",
        )
    return given


def _encoding(algorithm: Algorithm, given: Encoding | None) -> Encoding:
    is_pair = algorithm in INTEGER_BYTES
    if given is Encoding.DER and not is_pair:
        raise SignetError(
            Reason.ENCODING_UNSUITABLE,
            f"encoding DER is for SM2 and ECDSA; a signature of {algorithm} is always raw. Leave "
            "encoding out, or ask for RAW.",
        )
    return given or (Encoding.DER if is_pair else Encoding.RAW)


def _check_crc(kind: Input, data: bytes, given: int | None) -> None:
    if given is not None and given != google_crc32c.value(data):
        raise SignetError(
            Reason.INPUT_CRC_MISMATCH,
            f"input_crc32c is not the CRC32C of the {kind} that arrived: it was altered on its "
            "way, or the checksum is not CRC32C (Castagnoli). Send it again.",
        )
