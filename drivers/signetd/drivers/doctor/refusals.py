"""When a token is not touched, and what its refusals mean."""

import pkcs11
from pkcs11 import _pkcs11
from pkcs11.constants import TokenFlag

from signetd.drivers.doctor import tokens
from signetd.drivers.doctor.messages import Target
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import ckr
from signetd.drivers.pkcs11.native import CKR_OK

_SESSION_EXISTS = 0xB6


def chosen(library: _pkcs11.lib, target: Target) -> pkcs11.Token:
    """The one token that the request names; naming none is refused. Raises SignetError."""
    token = tokens.choose(library, target) if target.serial or target.label else None
    if token is None:
        text = "name the token with --slot-serial or --label"
        raise SignetError(Reason.INPUT_MISSING, text)
    return token


def check_user(token: pkcs11.Token, *, accept_final_try: bool) -> None:
    """Refuse to present a user PIN that the token would count to the end."""
    flags = (TokenFlag.USER_PIN_LOCKED, TokenFlag.USER_PIN_FINAL_TRY)
    _check(
        token,
        flags,
        "user PIN",
        "the security officer resets it: signetctl token reset-pin",
        accept_final_try,
    )


def check_officer(token: pkcs11.Token, *, accept_final_try: bool) -> None:
    """Refuse to present an SO PIN that the token would count to the end."""
    flags = (TokenFlag.SO_PIN_LOCKED, TokenFlag.SO_PIN_FINAL_TRY)
    _check(token, flags, "SO PIN", "only its vendor can help", accept_final_try)


def _check(
    token: pkcs11.Token, flags: tuple[int, int], what: str, remedy: str, accept_final_try: bool
) -> None:
    locked, final_try = flags
    if token.flags & locked:
        text = f"the token reports that its {what} is locked; {remedy}"
        raise SignetError(Reason.PIN_BLOCKED, text)
    if token.flags & final_try and not accept_final_try:
        raise SignetError(
            Reason.PIN_BLOCKED,
            f"one wrong {what} more would lock the token, so none was presented; whoever is sure "
            "of it gives --final-try",
        )


def check(doing: str, answer: int, pin: str) -> None:
    """Raise what the token answered, if that is not OK; *pin* says which one it may mean."""
    if answer == CKR_OK:
        return
    if answer == _SESSION_EXISTS:
        text = f"{doing}: the token is in use; close the programs that have it open, signetd too"
        raise SignetError(Reason.TOKEN_BUSY, text, ckr="CKR_SESSION_EXISTS")
    found = ckr.fault(doing, ckr.name(answer))
    if found.reason is Reason.PIN_REFUSED:
        text = f"{doing}: the token refused {pin} ({found.ckr}); it was presented once"
        raise SignetError(Reason.PIN_REFUSED, text, ckr=found.ckr)
    raise found
