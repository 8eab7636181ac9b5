"""What daemon and worker say to each other: frames of msgpack over a socket pair.

A frame is a length of 4 bytes, big-endian, and that many bytes of msgpack: a list of calls one
way, a list of replies the other. Values are plain and typed; a worker runs a vendor's code, so
nothing that it sends is trusted beyond its schema.
"""

import struct
from collections.abc import Iterator

import msgspec

from signetd.drivers.errors import Reason
from signetd.drivers.types import (
    Algorithm,
    Attributes,
    Input,
    KeyInfo,
    KeyRef,
    KeyType,
    Remedy,
    SignOrder,
    Survey,
    TokenInfo,
    TokenSettings,
    Traces,
)

MAX_FRAME_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")


class WireError(Exception):
    """A frame that does not keep to the schema or the limits."""


class Open(msgspec.Struct, frozen=True, tag=True):
    """Load the module and find the token; ``lock_file`` serialises this among processes.

    ``patience``: so many seconds an absent token is waited for, since many modules see it come.
    """

    settings: TokenSettings
    lock_file: str
    patience: float = 0.0


class Login(msgspec.Struct, frozen=True, tag=True):
    """Present the user PIN, once; the start lock is waited for *lock_seconds*, without it."""

    pin: str
    accept_final_try: bool = False
    lock_seconds: float = 10.0

    def __repr__(self) -> str:
        return "Login(redacted)"


class Renew(msgspec.Struct, frozen=True, tag=True):
    """Go on in a fresh session with the key pairs found again."""


class Check(msgspec.Struct, frozen=True, tag=True):
    """Ask whether the token is still there; keeps the session alive."""


class Close(msgspec.Struct, frozen=True, tag=True):
    """Log out, close the sessions, and end the process."""


class Sign(msgspec.Struct, frozen=True, tag=True):
    """Make one signature, normalised and verified."""

    order: SignOrder


class SignMany(msgspec.Struct, frozen=True, tag=True):
    """Make a signature of each *data* with one key, one after the other.

    The answer is one reply or more with ``Signatures``, each with the next ones. A failure as the
    answer is that of the next item, and nothing behind it was begun.
    """

    key: KeyRef
    algorithm: Algorithm
    input: Input
    signer_id: bytes
    verify: bool
    data: list[bytes]


class ListKeys(msgspec.Struct, frozen=True, tag=True):
    """List the key pairs on the token afresh."""


class TakeSurvey(msgspec.Struct, frozen=True, tag=True):
    """List every private key on the token afresh, those too that make no usable pair."""


class Generate(msgspec.Struct, frozen=True, tag=True):
    """Generate a key pair on the token."""

    key_type: KeyType
    label: str
    cka_id: bytes


class Destroy(msgspec.Struct, frozen=True, tag=True):
    """Destroy a key pair on the token, and the certificates that stand with it."""

    key: KeyRef


class FindTraces(msgspec.Struct, frozen=True, tag=True):
    """Look in a fresh session for whatever is left of a key pair."""

    key: KeyRef


class ReadAttributes(msgspec.Struct, frozen=True, tag=True):
    """Read the attributes of a private key afresh."""

    key: KeyRef


class StoreCertificate(msgspec.Struct, frozen=True, tag=True):
    """Put the certificate of a key pair (DER) beside it on the token, in place of the former."""

    key: KeyRef
    der: bytes
    label: str


class ReadCertificate(msgspec.Struct, frozen=True, tag=True):
    """Return the certificate beside a key pair, empty for none."""

    key: KeyRef


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Leave out a call that has not been begun, for its caller has gone. Has no reply itself.

    Of a SignMany its first *kept* items are still wanted.
    """

    number: int
    kept: int = 0


Command = (
    Open
    | Login
    | Renew
    | Check
    | Close
    | Sign
    | SignMany
    | ListKeys
    | TakeSurvey
    | Generate
    | Destroy
    | FindTraces
    | ReadAttributes
    | StoreCertificate
    | ReadCertificate
    | Cancel
)


def size_of(command: Command) -> int:
    """Bytes of a command that may be many; what the others have beside them is little."""
    return len(command.order.data) if isinstance(command, Sign) else 0


class Call(msgspec.Struct, frozen=True, array_like=True):
    """A command with the number its reply will carry.

    After ``deadline``, in seconds of the machine's monotonic clock, it is not begun.
    """

    number: int
    command: Command
    deadline: float | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why a command failed, and what may cure it."""

    reason: Reason
    message: str
    ckr: str = ""
    remedy: Remedy = Remedy.NONE


class Signatures(msgspec.Struct, frozen=True, tag=True):
    """The next results of a SignMany: a signature, or why there is none."""

    results: list[bytes | Failure]


Value = (
    None | bytes | TokenInfo | KeyInfo | list[KeyInfo] | Attributes | Survey | Traces | Signatures
)


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """The answer to one call."""

    number: int
    value: Value = None
    failure: Failure | None = None


_encoder = msgspec.msgpack.Encoder()
_calls = msgspec.msgpack.Decoder(list[Call])
_replies = msgspec.msgpack.Decoder(list[Reply])


def encode(items: list[Call] | list[Reply]) -> bytes:
    """Write one frame. Raises WireError when it would be too long."""
    body = _encoder.encode(items)
    if len(body) > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(body)) + body


def decode_calls(body: bytes) -> list[Call]:
    """Read the calls of one frame. Raises WireError."""
    try:
        return _calls.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"a frame with calls is malformed: {error}") from error


def decode_replies(body: bytes) -> list[Reply]:
    """Read the replies of one frame. Raises WireError."""
    try:
        return _replies.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"a frame with replies is malformed: {error}") from error


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes as they come and yield the body of each frame that is complete.

        Raises WireError for a frame over the limit.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME_BYTES:
                raise WireError(f"a frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield body
