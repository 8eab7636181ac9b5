"""Typed errors, made from google.rpc.ErrorInfo."""

from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "signetd"


class SignetdError(Exception):
    """A request that was refused or failed.

    ``reason`` is stable and in UPPER_SNAKE_CASE; ``code`` the gRPC status; ``retryable`` says
    whether the same request may succeed later; ``ckr`` names the PKCS#11 return value, if any.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        retryable: bool = False,
        ckr: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = code
        self.retryable = retryable
        self.ckr = ckr


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
    info = _error_info(status)
    return _CLASSES.get(code, SignetdError)(
        status.message,
        reason=info.reason,
        code=code,
        retryable=info.metadata.get("retryable") == "true",
        ckr=info.metadata.get("ckr", ""),
    )


def _error_info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    """Find our ErrorInfo; an empty one where there is none that can be read."""
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        try:
            if detail.Unpack(info) and info.domain == DOMAIN:
                return info
        except DecodeError:
            continue
    return error_details_pb2.ErrorInfo()


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
    return _CLASSES.get(code, SignetdError)(message, reason="CONNECTION_FAILED", code=code)


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
