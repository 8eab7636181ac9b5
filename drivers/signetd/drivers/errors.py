"""The one error type that crosses every layer, and its stable reasons."""

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Why a request was refused or failed; stable, and the reason in ErrorInfo."""

    # The request is malformed.
    INPUT_INVALID = "INPUT_INVALID"
    INPUT_MISSING = "INPUT_MISSING"
    INPUT_AMBIGUOUS = "INPUT_AMBIGUOUS"
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    DIGEST_LENGTH_WRONG = "DIGEST_LENGTH_WRONG"
    INPUT_CRC_MISMATCH = "INPUT_CRC_MISMATCH"
    ENCODING_UNSUITABLE = "ENCODING_UNSUITABLE"
    SIGNER_ID_INVALID = "SIGNER_ID_INVALID"
    BATCH_EMPTY = "BATCH_EMPTY"
    BATCH_TOO_LARGE = "BATCH_TOO_LARGE"
    # The caller.
    IDENTITY_MISSING = "IDENTITY_MISSING"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"
    CERTIFICATE_REVOKED = "CERTIFICATE_REVOKED"
    REVOCATION_UNKNOWN = "REVOCATION_UNKNOWN"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    # Who may do what.
    IDENTITY_NOT_FOUND = "IDENTITY_NOT_FOUND"
    IDENTITY_EXISTS = "IDENTITY_EXISTS"
    IDENTITY_IN_USE = "IDENTITY_IN_USE"
    ROLES_CONFLICT = "ROLES_CONFLICT"
    GROUP_NOT_FOUND = "GROUP_NOT_FOUND"
    GROUP_IN_USE = "GROUP_IN_USE"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    LIMIT_REACHED = "LIMIT_REACHED"
    APPROVAL_NEEDED = "APPROVAL_NEEDED"
    APPROVAL_INVALID = "APPROVAL_INVALID"
    APPROVAL_NOT_FOUND = "APPROVAL_NOT_FOUND"
    APPROVAL_STATE_WRONG = "APPROVAL_STATE_WRONG"
    POLICY_CHANGED = "POLICY_CHANGED"
    # The audit.
    AUDIT_UNAVAILABLE = "AUDIT_UNAVAILABLE"
    AUDIT_RANGE_WRONG = "AUDIT_RANGE_WRONG"
    # The key.
    KEY_NOT_FOUND = "KEY_NOT_FOUND"
    KEY_EXISTS = "KEY_EXISTS"
    KEY_STATE_WRONG = "KEY_STATE_WRONG"
    KEY_PURPOSE_WRONG = "KEY_PURPOSE_WRONG"
    KEY_AMBIGUOUS = "KEY_AMBIGUOUS"
    KEY_NOT_ON_TOKEN = "KEY_NOT_ON_TOKEN"
    KEY_UNPROTECTED = "KEY_UNPROTECTED"
    KEY_UNSUPPORTED = "KEY_UNSUPPORTED"
    ALGORITHM_UNSUITABLE = "ALGORITHM_UNSUITABLE"
    ALGORITHM_NOT_ON_TOKEN = "ALGORITHM_NOT_ON_TOKEN"
    # The certificate of a key.
    CERTIFICATE_MISSING = "CERTIFICATE_MISSING"
    CERTIFICATE_UNSUITABLE = "CERTIFICATE_UNSUITABLE"
    # The seal.
    SEAL_NOT_FOUND = "SEAL_NOT_FOUND"
    SEAL_EXISTS = "SEAL_EXISTS"
    SEAL_STATE_WRONG = "SEAL_STATE_WRONG"
    SEAL_INVALID = "SEAL_INVALID"
    SEAL_NOT_VALID_NOW = "SEAL_NOT_VALID_NOW"
    SAME_PERSON = "SAME_PERSON"
    PICTURE_UNSUITABLE = "PICTURE_UNSUITABLE"
    CLOCK_WRONG = "CLOCK_WRONG"
    TRUST_LIST_NOT_FOUND = "TRUST_LIST_NOT_FOUND"
    TRUST_UNUSABLE = "TRUST_UNUSABLE"
    STATEMENT_UNSIGNED = "STATEMENT_UNSIGNED"
    # The token.
    TOKEN_NOT_FOUND = "TOKEN_NOT_FOUND"
    TOKEN_ABSENT = "TOKEN_ABSENT"
    TOKEN_AMBIGUOUS = "TOKEN_AMBIGUOUS"
    TOKEN_LOCKED = "TOKEN_LOCKED"
    TOKEN_BUSY = "TOKEN_BUSY"
    TOKEN_TIMEOUT = "TOKEN_TIMEOUT"
    TOKEN_FAILED = "TOKEN_FAILED"
    TOKEN_RECOVERING = "TOKEN_RECOVERING"
    MODULE_UNLOADABLE = "MODULE_UNLOADABLE"
    PROFILE_UNKNOWN = "PROFILE_UNKNOWN"
    CONVENTION_WRONG = "CONVENTION_WRONG"
    SIGNATURE_FAULTY = "SIGNATURE_FAULTY"
    WORKER_LOST = "WORKER_LOST"
    PIN_REFUSED = "PIN_REFUSED"
    PIN_BLOCKED = "PIN_BLOCKED"
    PIN_INVALID = "PIN_INVALID"
    # Time stamps.
    TIMESTAMP_FAILED = "TIMESTAMP_FAILED"
    # The daemon.
    OVERLOADED = "OVERLOADED"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    INTERNAL = "INTERNAL"


RETRYABLE = frozenset(
    {
        Reason.TOKEN_ABSENT,
        Reason.TOKEN_BUSY,
        Reason.TOKEN_RECOVERING,
        Reason.OVERLOADED,
        Reason.POLICY_CHANGED,
        Reason.AUDIT_UNAVAILABLE,
        Reason.WORKER_LOST,
        Reason.TIMESTAMP_FAILED,
        Reason.SHUTTING_DOWN,
    }
)


class SignetError(Exception):
    """A request that was refused or failed, with a sentence that helps the caller.

    ``reason`` is stable; ``ckr`` is the name of the PKCS#11 return value where a token answered
    with one; ``metadata`` adds facts for ErrorInfo; ``retry_after`` is in how many seconds a
    retryable request had best be tried again. Never put a secret into any of them.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        ckr: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.ckr = ckr
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later with nothing changed by the caller."""
        return self.reason in RETRYABLE
