"""What a PKCS#11 return value means: the only place that knows both sides."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pkcs11 import exceptions as p11

from signetd.drivers.errors import Reason, SignetError


class TokenFault(SignetError):
    """A failure in the token. After a ``fatal`` one the worker's state is not to be trusted."""

    def __init__(self, reason: Reason, message: str, *, ckr: str, fatal: bool) -> None:
        super().__init__(reason, message, ckr=ckr)
        self.fatal = fatal


_REASONS: dict[type[p11.PKCS11Error], tuple[Reason, str]] = {
    p11.PinIncorrect: (Reason.PIN_REFUSED, "the token refused the PIN"),
    p11.PinInvalid: (Reason.PIN_REFUSED, "the token refused the PIN as invalid"),
    p11.PinLenRange: (Reason.PIN_REFUSED, "the token refused the PIN for its length"),
    p11.PinLocked: (Reason.PIN_BLOCKED, "the PIN is locked; the security officer must reset it"),
    p11.PinExpired: (Reason.PIN_BLOCKED, "the PIN has expired; it must be changed first"),
    p11.UserPinNotInitialized: (Reason.PIN_BLOCKED, "the token has no user PIN yet"),
    p11.UserNotLoggedIn: (Reason.TOKEN_LOCKED, "the token is locked; unlock it with its PIN"),
    p11.DeviceRemoved: (Reason.TOKEN_ABSENT, "the token was removed"),
    p11.TokenNotPresent: (Reason.TOKEN_ABSENT, "the token is not present"),
    p11.MechanismInvalid: (Reason.ALGORITHM_NOT_ON_TOKEN, "the token refused the mechanism"),
    p11.MechanismParamInvalid: (
        Reason.ALGORITHM_NOT_ON_TOKEN,
        "the token refused the mechanism's parameter",
    ),
}
# Here the token answered about the call, and its session is as good as before.
_HARMLESS = (
    p11.MechanismInvalid,
    p11.MechanismParamInvalid,
    p11.DataInvalid,
    p11.DataLenRange,
    p11.KeySizeRange,
    p11.KeyTypeInconsistent,
    p11.FunctionNotSupported,
    p11.TemplateIncomplete,
    p11.TemplateInconsistent,
    p11.AttributeValueInvalid,
    p11.AttributeTypeInvalid,
    p11.DomainParamsInvalid,
    p11.TokenWriteProtected,
    p11.DeviceMemory,
)


def ckr_name(error: p11.PKCS11Error) -> str:
    """Name the CKR behind an exception of python-pkcs11, as well as it can be known."""
    if type(error) is p11.PKCS11Error:
        number = re.search(r"0x[0-9a-fA-F]+", str(error))
        return f"CKR_{number.group(0)}" if number else "CKR_UNKNOWN"
    return "CKR" + re.sub(r"([A-Z][a-z]*|[A-Z]+(?![a-z]))", r"_\1", type(error).__name__).upper()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what the token answers into a TokenFault; *doing* says what was tried."""
    try:
        yield
    except p11.PKCS11Error as error:
        ckr = ckr_name(error)
        reason, said = _REASONS.get(type(error), (Reason.TOKEN_FAILED, f"the token answered {ckr}"))
        fatal = not isinstance(error, _HARMLESS)
        raise TokenFault(reason, f"{doing}: {said}", ckr=ckr, fatal=fatal) from error
