"""The slots of a module and the tokens in them, in words."""

from typing import Any, Final

import pkcs11
from pkcs11 import _pkcs11
from pkcs11 import exceptions as p11
from pkcs11.constants import SlotFlag, TokenFlag

from signetd.drivers.doctor.messages import Target
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import finder
from signetd.drivers.pkcs11.ckr import ckr_name, translated
from signetd.drivers.pkcs11.native_admin import Admin
from signetd.drivers.types import TokenSettings

Token = pkcs11.Token

_WORDS: Final = {
    TokenFlag.TOKEN_INITIALIZED: "initialised",
    TokenFlag.USER_PIN_INITIALIZED: "user PIN set",
    TokenFlag.LOGIN_REQUIRED: "login required",
    TokenFlag.WRITE_PROTECTED: "write-protected",
    TokenFlag.RNG: "has a random generator",
    TokenFlag.CLOCK_ON_TOKEN: "has a clock",
    TokenFlag.PROTECTED_AUTHENTICATION_PATH: "PIN pad: signetd cannot present a PIN",
    TokenFlag.USER_PIN_COUNT_LOW: "user PIN count low: a wrong PIN was presented",
    TokenFlag.USER_PIN_FINAL_TRY: "user PIN final try: one wrong PIN more locks it",
    TokenFlag.USER_PIN_LOCKED: "user PIN locked",
    TokenFlag.USER_PIN_TO_BE_CHANGED: "user PIN must be changed",
    TokenFlag.SO_PIN_COUNT_LOW: "SO PIN count low: a wrong PIN was presented",
    TokenFlag.SO_PIN_FINAL_TRY: "SO PIN final try: one wrong PIN more locks it",
    TokenFlag.SO_PIN_LOCKED: "SO PIN locked",
    TokenFlag.SO_PIN_TO_BE_CHANGED: "SO PIN must be changed",
    TokenFlag.ERROR_STATE: "failed its self-test",
}


def library(found: _pkcs11.lib) -> dict[str, str]:
    """What the library says of itself."""
    return {
        "description": found.library_description,
        "manufacturer": found.manufacturer_id,
        "version": _version(found.library_version),
        "cryptoki_version": _version(found.cryptoki_version),
    }


def slots(found: _pkcs11.lib, admin: Admin) -> list[dict[str, Any]]:
    """Describe each slot with its token; a dead token hides no other. Raises TokenFault."""
    with translated("listing the slots"):
        every = found.get_slots()
    return [_slot(slot, admin) for slot in every]


def _slot(slot: pkcs11.Slot, admin: Admin) -> dict[str, Any]:
    about: dict[str, Any] = {
        "slot": slot.slot_id,
        "description": slot.slot_description,
        "hardware": bool(slot.flags & SlotFlag.HW_SLOT),
        "removable": bool(slot.flags & SlotFlag.REMOVABLE_DEVICE),
        "token": None,
    }
    try:
        about["token"] = describe(slot.get_token(), admin)
    except (p11.TokenNotPresent, p11.TokenNotRecognised):
        about["problem"] = "no token"
    except p11.PKCS11Error as error:
        about["problem"] = f"the token answered {ckr_name(error)}"
    return about


def describe(token: pkcs11.Token, admin: Admin) -> dict[str, Any]:
    """What a token says of itself, its flags in words, its limits where it tells them."""
    flags = token.flags
    limits = admin.limits(token.slot.slot_id)[1]
    return {
        "label": token.label,
        "serial": serial(token),
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "hardware_version": _version(token.hardware_version),
        "firmware_version": _version(token.firmware_version),
        "initialised": bool(flags & TokenFlag.TOKEN_INITIALIZED),
        "flags": [words for flag, words in _WORDS.items() if flags & flag],
        **limits,
    }


def choose(found: _pkcs11.lib, target: Target) -> pkcs11.Token | None:
    """Return the token that is meant; None where none is named and there is not just one.

    Raises SignetError(TOKEN_ABSENT, TOKEN_AMBIGUOUS).
    """
    if target.serial or target.label:
        settings = TokenSettings(module=target.module, label=target.label, serial=target.serial)
        return finder.find_token(found, settings)
    with translated("listing the slots"):
        tokens = [t for t in map(_token_in, found.get_slots(token_present=True)) if t]
    return tokens[0] if len(tokens) == 1 else None


def blank(found: _pkcs11.lib, slot_id: int) -> pkcs11.Token:
    """Return the token of a slot that was named by its number; it must not be initialised.

    Raises SignetError(TOKEN_ABSENT, TOKEN_AMBIGUOUS).
    """
    with translated("looking for the slot"):
        slot = next((s for s in found.get_slots(token_present=True) if s.slot_id == slot_id), None)
        token = slot.get_token() if slot else None
    if token is None:
        raise SignetError(Reason.TOKEN_ABSENT, f"there is no token in slot {slot_id}")
    if token.flags & TokenFlag.TOKEN_INITIALIZED:
        raise SignetError(
            Reason.TOKEN_AMBIGUOUS,
            f"the token in slot {slot_id} is initialised; name it by its serial, since slot "
            f"numbers move: --slot-serial {serial(token)}",
        )
    return token


def serial(token: pkcs11.Token) -> str:
    """A token's serial number as text."""
    return token.serial.decode(errors="replace")


def _token_in(slot: pkcs11.Slot) -> pkcs11.Token | None:
    try:
        token = slot.get_token()
    except p11.PKCS11Error:  # a dead token; the section "slots" shows it
        return None
    return token if token.flags & TokenFlag.TOKEN_INITIALIZED else None


def _version(parts: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in parts)
