"""What a PKCS#11 return value means: the only place that knows both sides."""

import re
from types import TracebackType
from typing import Final

from pkcs11 import exceptions as p11

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Remedy


class TokenFault(SignetError):
    """A failure in the token; *remedy* says what may cure it."""

    def __init__(self, reason: Reason, message: str, *, ckr: str, remedy: Remedy) -> None:
        super().__init__(reason, message, ckr=ckr)
        self.remedy = remedy


_REASONS: Final[dict[str, tuple[Reason, str]]] = {
    "CKR_PIN_INCORRECT": (
        Reason.PIN_REFUSED,
        "the token refused the PIN. Most tokens lock after a few wrong ones: make sure of it "
        "before it is given again",
    ),
    "CKR_PIN_INVALID": (Reason.PIN_REFUSED, "the token refused the PIN as invalid"),
    "CKR_PIN_LEN_RANGE": (Reason.PIN_REFUSED, "the token refused the PIN for its length"),
    "CKR_PIN_LOCKED": (
        Reason.PIN_BLOCKED,
        "the PIN is locked; the security officer must reset it",
    ),
    "CKR_PIN_EXPIRED": (Reason.PIN_BLOCKED, "the PIN has expired; it must be changed first"),
    "CKR_USER_PIN_NOT_INITIALIZED": (Reason.PIN_BLOCKED, "the token has no user PIN yet"),
    "CKR_USER_NOT_LOGGED_IN": (Reason.TOKEN_LOCKED, "the token is locked; unlock it with its PIN"),
    "CKR_DEVICE_REMOVED": (Reason.TOKEN_ABSENT, "the token was removed"),
    "CKR_TOKEN_NOT_PRESENT": (Reason.TOKEN_ABSENT, "the token is not present"),
    "CKR_TOKEN_NOT_RECOGNIZED": (Reason.TOKEN_ABSENT, "the token is not recognised"),
    "CKR_SESSION_COUNT": (
        Reason.TOKEN_FAILED,
        "the token has no session left: configure fewer workers, or close other programs",
    ),
    "CKR_DEVICE_MEMORY": (
        Reason.TOKEN_FAILED,
        "the token is full: destroy keys that are not needed, or use another token",
    ),
    "CKR_MECHANISM_INVALID": (Reason.ALGORITHM_NOT_ON_TOKEN, "the token refused the mechanism"),
    "CKR_MECHANISM_PARAM_INVALID": (
        Reason.ALGORITHM_NOT_ON_TOKEN,
        "the token refused the mechanism's parameter",
    ),
}
# Here the token answered about the call, and its session is as good as before.
_HARMLESS: Final = frozenset(
    {
        "CKR_MECHANISM_INVALID",
        "CKR_MECHANISM_PARAM_INVALID",
        "CKR_DATA_INVALID",
        "CKR_DATA_LEN_RANGE",
        "CKR_KEY_SIZE_RANGE",
        "CKR_KEY_TYPE_INCONSISTENT",
        "CKR_FUNCTION_NOT_SUPPORTED",
        "CKR_TEMPLATE_INCOMPLETE",
        "CKR_TEMPLATE_INCONSISTENT",
        "CKR_ATTRIBUTE_VALUE_INVALID",
        "CKR_ATTRIBUTE_TYPE_INVALID",
        "CKR_DOMAIN_PARAMS_INVALID",
        "CKR_TOKEN_WRITE_PROTECTED",
        "CKR_DEVICE_MEMORY",
        "CKR_PIN_LOCKED",
        "CKR_PIN_EXPIRED",
        "CKR_USER_PIN_NOT_INITIALIZED",
    }
)
# Here the process's view of the token is at an end. It is never finalised and initialised again:
# the handles of the new start would mean other objects to what is left of the old one.
_ENDED: Final = frozenset(
    {
        "CKR_DEVICE_REMOVED",
        "CKR_TOKEN_NOT_PRESENT",
        "CKR_TOKEN_NOT_RECOGNIZED",
        "CKR_SLOT_ID_INVALID",
        "CKR_CRYPTOKI_NOT_INITIALIZED",
        "CKR_MUTEX_BAD",
        "CKR_MUTEX_NOT_LOCKED",
    }
)
# Answers to C_Login after which no PIN was counted. Any other one may hide a wrong PIN: devices
# have been seen to report it as CKR_GENERAL_ERROR or CKR_FUNCTION_FAILED.
UNCOUNTED: Final = _HARMLESS | frozenset(
    {
        "CKR_HOST_MEMORY",
        "CKR_ARGUMENTS_BAD",
        "CKR_SESSION_HANDLE_INVALID",
        "CKR_SESSION_CLOSED",
        "CKR_DEVICE_REMOVED",
        "CKR_TOKEN_NOT_PRESENT",
        "CKR_CRYPTOKI_NOT_INITIALIZED",
        "CKR_KEY_HANDLE_INVALID",
        "CKR_OBJECT_HANDLE_INVALID",
        "CKR_OPERATION_ACTIVE",
        "CKR_OPERATION_NOT_INITIALIZED",
        "CKR_SESSION_COUNT",
        "CKR_TOKEN_NOT_RECOGNIZED",
        "CKR_USER_NOT_LOGGED_IN",
        "CKR_USER_TYPE_INVALID",
        "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
        "CKR_USER_TOO_MANY_TYPES",
        "CKR_SESSION_READ_ONLY_EXISTS",
    }
)
# Answers to a signature that presents the PIN, behind which a wrong one may hide.
MAY_HIDE_PIN: Final = frozenset({"CKR_GENERAL_ERROR", "CKR_FUNCTION_FAILED", "CKR_DEVICE_ERROR"})
# The numbers that this package meets without python-pkcs11, or that it does not name.
_NAMES: Final = {
    0x02: "CKR_HOST_MEMORY",
    0x03: "CKR_SLOT_ID_INVALID",
    0x05: "CKR_GENERAL_ERROR",
    0x06: "CKR_FUNCTION_FAILED",
    0x07: "CKR_ARGUMENTS_BAD",
    0x30: "CKR_DEVICE_ERROR",
    0x31: "CKR_DEVICE_MEMORY",
    0x32: "CKR_DEVICE_REMOVED",
    0x50: "CKR_FUNCTION_CANCELED",
    0x54: "CKR_FUNCTION_NOT_SUPPORTED",
    0x60: "CKR_KEY_HANDLE_INVALID",
    0x82: "CKR_OBJECT_HANDLE_INVALID",
    0x90: "CKR_OPERATION_ACTIVE",
    0x91: "CKR_OPERATION_NOT_INITIALIZED",
    0xA0: "CKR_PIN_INCORRECT",
    0xA1: "CKR_PIN_INVALID",
    0xA2: "CKR_PIN_LEN_RANGE",
    0xA3: "CKR_PIN_EXPIRED",
    0xA4: "CKR_PIN_LOCKED",
    0xB0: "CKR_SESSION_CLOSED",
    0xB1: "CKR_SESSION_COUNT",
    0xB3: "CKR_SESSION_HANDLE_INVALID",
    0xB7: "CKR_SESSION_READ_ONLY_EXISTS",
    0xE0: "CKR_TOKEN_NOT_PRESENT",
    0xE1: "CKR_TOKEN_NOT_RECOGNIZED",
    0x100: "CKR_USER_ALREADY_LOGGED_IN",
    0x101: "CKR_USER_NOT_LOGGED_IN",
    0x102: "CKR_USER_PIN_NOT_INITIALIZED",
    0x103: "CKR_USER_TYPE_INVALID",
    0x104: "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
    0x105: "CKR_USER_TOO_MANY_TYPES",
    0x190: "CKR_CRYPTOKI_NOT_INITIALIZED",
    0x191: "CKR_CRYPTOKI_ALREADY_INITIALIZED",
    0x1A0: "CKR_MUTEX_BAD",
    0x1A1: "CKR_MUTEX_NOT_LOCKED",
}
_SPELT_OTHERWISE: Final = {
    "CKR_FUNCTION_CANCELLED": "CKR_FUNCTION_CANCELED",
    "CKR_TOKEN_NOT_RECOGNISED": "CKR_TOKEN_NOT_RECOGNIZED",
    "CKR_ANOTHER_USER_ALREADY_LOGGED_IN": "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
}
_NO_SUCH_RETURN_VALUE: Final = "CKR_UNKNOWN"


def name(number: int) -> str:
    """Name a return value; one that the standard does not have stays a number."""
    return _NAMES.get(number, f"CKR_0x{number:08X}")


def ckr_name(error: p11.PKCS11Error) -> str:
    """Name the CKR behind an exception of python-pkcs11, as well as it can be known."""
    if type(error) is p11.PKCS11Error:
        return _name_in(str(error))
    spelt = "CKR" + re.sub(r"([A-Z][a-z]*|[A-Z]+(?![a-z]))", r"_\1", type(error).__name__).upper()
    return _SPELT_OTHERWISE.get(spelt, spelt)


def _name_in(text: str) -> str:
    """Find the return value in the words that python-pkcs11 has for those without a class."""
    number = re.search(r"0x[0-9a-fA-F]+", text)
    if number:
        return name(int(number.group(), 16))
    if "not initialized" in text:
        return name(0x190)
    return _NO_SUCH_RETURN_VALUE


def fault(doing: str, ckr: str) -> TokenFault:
    """Make the error for a return value; *doing* says what was tried."""
    reason, said = _REASONS.get(ckr, (Reason.TOKEN_FAILED, f"the token answered {ckr}"))
    return TokenFault(reason, f"{doing}: {said}", ckr=ckr, remedy=_remedy(ckr))


def _remedy(ckr: str) -> Remedy:
    if ckr in _HARMLESS:
        return Remedy.NONE
    if ckr in _ENDED:
        return Remedy.WORKER
    return Remedy.LOGIN if ckr == "CKR_USER_NOT_LOGGED_IN" else Remedy.SESSION


class translated:
    """Turn what the token answers into a TokenFault; *doing* says what was tried.

    A class, and not a generator, because each signature goes through it.
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, p11.PKCS11Error):
            raise fault(self._doing, ckr_name(error)) from error
