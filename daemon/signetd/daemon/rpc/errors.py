"""From the daemon's reasons to gRPC statuses, in one table, with google.rpc.ErrorInfo
and RetryInfo."""

from typing import Final

import structlog
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from signetd.daemon.logs import described
from signetd.drivers.errors import Reason, SignetError

_log = structlog.get_logger("signetd.rpc")
DOMAIN: Final = "signetd"
_MAX_MESSAGE_CHARS: Final = 1000  # Trailers have 8 KiB, and hold the sentence twice.

STATUS: Final[dict[Reason, StatusCode]] = {
    **dict.fromkeys(
        (
            Reason.INPUT_INVALID,
            Reason.INPUT_MISSING,
            Reason.INPUT_AMBIGUOUS,
            Reason.MESSAGE_TOO_LARGE,
            Reason.DIGEST_LENGTH_WRONG,
            Reason.INPUT_CRC_MISMATCH,
            Reason.ENCODING_UNSUITABLE,
            Reason.SIGNER_ID_INVALID,
            Reason.BATCH_EMPTY,
            Reason.BATCH_TOO_LARGE,
            Reason.PIN_INVALID,
            Reason.CERTIFICATE_UNSUITABLE,
            Reason.SEAL_INVALID,
            Reason.PICTURE_UNSUITABLE,
        ),
        StatusCode.INVALID_ARGUMENT,
    ),
    **dict.fromkeys(
        (
            Reason.IDENTITY_MISSING,
            Reason.CERTIFICATE_EXPIRED,
            Reason.CERTIFICATE_REVOKED,
            Reason.REVOCATION_UNKNOWN,
        ),
        StatusCode.UNAUTHENTICATED,
    ),
    **dict.fromkeys((Reason.PERMISSION_DENIED, Reason.SAME_PERSON), StatusCode.PERMISSION_DENIED),
    **dict.fromkeys(
        (
            Reason.KEY_NOT_FOUND,
            Reason.KEY_NOT_ON_TOKEN,
            Reason.TOKEN_NOT_FOUND,
            Reason.IDENTITY_NOT_FOUND,
            Reason.GROUP_NOT_FOUND,
            Reason.GRANT_NOT_FOUND,
            Reason.APPROVAL_NOT_FOUND,
            Reason.SEAL_NOT_FOUND,
            Reason.TRUST_LIST_NOT_FOUND,
        ),
        StatusCode.NOT_FOUND,
    ),
    **dict.fromkeys(
        (Reason.KEY_EXISTS, Reason.IDENTITY_EXISTS, Reason.SEAL_EXISTS), StatusCode.ALREADY_EXISTS
    ),
    **dict.fromkeys(
        (
            Reason.KEY_STATE_WRONG,
            Reason.KEY_PURPOSE_WRONG,
            Reason.IDENTITY_IN_USE,
            Reason.ROLES_CONFLICT,
            Reason.GROUP_IN_USE,
            Reason.APPROVAL_NEEDED,
            Reason.APPROVAL_INVALID,
            Reason.APPROVAL_STATE_WRONG,
            Reason.AUDIT_RANGE_WRONG,
            Reason.KEY_AMBIGUOUS,
            Reason.KEY_UNPROTECTED,
            Reason.KEY_UNSUPPORTED,
            Reason.ALGORITHM_UNSUITABLE,
            Reason.ALGORITHM_NOT_ON_TOKEN,
            Reason.TOKEN_AMBIGUOUS,
            Reason.TOKEN_LOCKED,
            Reason.MODULE_UNLOADABLE,
            Reason.PROFILE_UNKNOWN,
            Reason.CONVENTION_WRONG,
            Reason.PIN_REFUSED,
            Reason.PIN_BLOCKED,
            Reason.CERTIFICATE_MISSING,
            Reason.KEY_CERTIFICATE_UNSUITABLE,
            Reason.SEAL_STATE_WRONG,
            Reason.SEAL_NOT_VALID_NOW,
            Reason.CLOCK_WRONG,
            Reason.STATEMENT_UNSIGNED,
            Reason.TRUST_UNUSABLE,
        ),
        StatusCode.FAILED_PRECONDITION,
    ),
    **dict.fromkeys(
        (
            Reason.TOKEN_ABSENT,
            Reason.TOKEN_RECOVERING,
            Reason.WORKER_LOST,
            Reason.SHUTTING_DOWN,
            Reason.AUDIT_UNAVAILABLE,
            Reason.POLICY_CHANGED,
            Reason.TIMESTAMP_FAILED,
        ),
        StatusCode.UNAVAILABLE,
    ),
    **dict.fromkeys(
        (Reason.TOKEN_BUSY, Reason.OVERLOADED, Reason.LIMIT_REACHED), StatusCode.RESOURCE_EXHAUSTED
    ),
    **dict.fromkeys(
        (Reason.TOKEN_TIMEOUT, Reason.DEADLINE_PASSED),
        StatusCode.DEADLINE_EXCEEDED,
    ),
    **dict.fromkeys(
        (Reason.TOKEN_FAILED, Reason.SIGNATURE_FAULTY, Reason.INTERNAL),
        StatusCode.INTERNAL,
    ),
}


def known(error: Exception, request_id: str) -> SignetError:
    """Return what a caller is told of *error*; the detail of an unforeseen one goes to the log."""
    if isinstance(error, SignetError):
        return error
    _log.error("unforeseen error", request_id=request_id, **described(error))
    return SignetError(
        Reason.INTERNAL, f"Internal error; the log has the details of request {request_id}."
    )


def status_of(error: SignetError, request_id: str) -> status_pb2.Status:
    """Write *error* as google.rpc.Status with ErrorInfo, and RetryInfo where it is known when to
    come again."""
    facts = {**error.metadata, "retryable": str(error.retryable).lower(), "request_id": request_id}
    if error.ckr:
        facts["ckr"] = error.ckr
    info = error_details_pb2.ErrorInfo(
        reason=error.reason.value,
        domain=DOMAIN,
        metadata={name: _text(value) for name, value in facts.items()},
    )
    details = [_packed(info)]
    if error.retry_after is not None:
        details.append(_packed(_retry_info(error.retry_after)))
    number: int = STATUS[error.reason].value[0]
    return status_pb2.Status(code=number, message=_text(error.message), details=details)


def _retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    delay = duration_pb2.Duration()
    delay.FromMilliseconds(round(seconds * 1000))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def _text(value: str) -> str:
    """Cut *value* to what fits, and make it UTF-8 whatever it quotes."""
    short = value if len(value) <= _MAX_MESSAGE_CHARS else value[:_MAX_MESSAGE_CHARS] + "…"
    return short.encode("utf-8", "backslashreplace").decode()
