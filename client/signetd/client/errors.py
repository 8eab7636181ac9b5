"""Typed errors, made from google.rpc.ErrorInfo and RetryInfo."""

from collections.abc import Mapping
from typing import TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "signetd"
_CONNECTION = "CONNECTION_FAILED"
_Detail = TypeVar("_Detail", bound=Message)


class SignetdError(Exception):
    """A request that was refused or failed.

    ``reason`` is stable and in UPPER_SNAKE_CASE; ``code`` the gRPC status; ``retryable`` says
    whether the same request may succeed later, and ``retry_after`` after how many seconds it had
    best be tried, if the daemon knows; ``ckr`` names the PKCS#11 return value, if any;
    ``metadata`` holds all facts of ErrorInfo, such as ``request_id``.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        retryable: bool = False,
        ckr: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = code
        self.retryable = retryable
        self.ckr = ckr
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after


class InvalidRequest(SignetdError):
    """The request is malformed."""


class Unauthenticated(SignetdError):
    """The daemon does not know who is calling."""


class PermissionDenied(SignetdError):
    """The caller may not do this."""


class NotFound(SignetdError):
    """There is no such key or token."""


class AlreadyExists(SignetdError):
    """The name is taken."""


class FailedPrecondition(SignetdError):
    """The key or token is in the wrong state, or cannot do this."""


class ResourceExhausted(SignetdError):
    """A queue or limit is reached."""


class Unavailable(SignetdError):
    """The daemon, the token or its worker cannot be reached now."""


class DeadlineExceeded(SignetdError):
    """No answer came in time."""


class InternalError(SignetdError):
    """The daemon failed in a way that nobody foresaw; its log knows more."""


class SignatureInvalid(SignetdError):
    """The signature is not valid."""


class CorruptReply(SignetdError):
    """A reply's checksum does not match: it was altered on its way."""


_CLASSES: dict[grpc.StatusCode, type[SignetdError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.INTERNAL: InternalError,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}


def from_status(status: status_pb2.Status) -> SignetdError:
    """Make the error that a google.rpc.Status describes."""
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    infos = _details(status, error_details_pb2.ErrorInfo)
    info = next((each for each in infos if each.domain == DOMAIN), error_details_pb2.ErrorInfo())
    retry = next(iter(_details(status, error_details_pb2.RetryInfo)), None)
    return _CLASSES.get(code, SignetdError)(
        status.message,
        reason=info.reason,
        code=code,
        retryable=info.metadata.get("retryable") == "true",
        ckr=info.metadata.get("ckr", ""),
        metadata=info.metadata,
        retry_after=None if retry is None else retry.retry_delay.ToMilliseconds() / 1000,
    )


def _details(status: status_pb2.Status, kind: type[_Detail]) -> list[_Detail]:
    """Return the details of one kind; those that cannot be read are left out."""
    found = []
    for packed in status.details:
        detail = kind()
        try:
            if packed.Unpack(detail):
                found.append(detail)
        except DecodeError:
            continue
    return found


def from_rpc(error: grpc.RpcError, endpoint: str) -> SignetdError:
    """Make the error that a failed call describes; *endpoint* is named when nobody answered."""
    call = cast(grpc.Call, error)
    try:
        status = rpc_status.from_call(call)
    except (ValueError, DecodeError):  # details that contradict the call's own status
        status = None
    if status is not None:
        return from_status(status)
    code = call.code()
    message = call.details() or code.name
    if code is grpc.StatusCode.UNAVAILABLE:
        message = f"{endpoint} does not answer: {_advice(endpoint, message)} ({message})"
    elif code is grpc.StatusCode.CANCELLED:  # not by us: that is asyncio.CancelledError
        message = (
            f"{endpoint} broke the call off, as a daemon that is being stopped does; "
            "it may or may not have been carried out"
        )
    return _CLASSES.get(code, SignetdError)(message, reason=_CONNECTION, code=code)


def _advice(endpoint: str, message: str) -> str:
    """Tell what is probably wrong from gRPC's words."""
    if endpoint.startswith("unix:"):
        return "is signetd running there, and may you use its socket?"
    if any(word in message for word in ("Connection refused", "timed out", "DNS", "resolve")):
        return "is signetd running there, and listening on this address?"
    return (
        "the TLS handshake failed: is our certificate one of the CA that signetd trusts, is its "
        "certificate one of the CA given, and is it for this host name?"
    )


def late() -> SignetdError:
    """Return what a call raises whose time is over, as gRPC would have it."""
    code = grpc.StatusCode.DEADLINE_EXCEEDED
    return DeadlineExceeded("Deadline Exceeded", reason=_CONNECTION, code=code)


def cut_off() -> SignetdError:
    """Return what befalls items whose stream ended without their results."""
    return Unavailable(
        "the stream ended without a result; it may or may not have been carried out",
        reason=_CONNECTION,
        code=grpc.StatusCode.UNAVAILABLE,
    )


def closed() -> SignetdError:
    """Return what befalls items whose client is closed."""
    return Unavailable(
        "the client was closed; it may or may not have been carried out",
        reason=_CONNECTION,
        code=grpc.StatusCode.CANCELLED,
    )


def was_not_read(error: SignetdError) -> bool:
    """Tell whether *error* ended a stream such that items without a result were never read."""
    return error.reason == "SHUTTING_DOWN"


def is_broken_connection(error: SignetdError) -> bool:
    """Tell whether *error* may pass when the daemon is back, and says nothing of the item."""
    is_lost = error.reason == _CONNECTION and isinstance(error, Unavailable)
    return is_lost or was_not_read(error)
