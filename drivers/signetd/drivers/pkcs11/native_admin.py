"""What an administrator does to a token: its limits read, initialised, its PINs set."""

import ctypes
from typing import Final

from signetd.drivers.pkcs11.native import CKR_OK, Native
from signetd.drivers.types import Pin

_C_GET_TOKEN_INFO: Final = 1 + 6
_C_INIT_TOKEN: Final = 1 + 9
_C_INIT_PIN: Final = 1 + 10
_C_SET_PIN: Final = 1 + 11
_ULONG: Final = ctypes.c_ulong
_TEXT: Final = ctypes.c_char_p
_UNAVAILABLE: Final = _ULONG(-1).value
LABEL_BYTES: Final = 32  # CK_TOKEN_INFO.label, padded with blanks


class _TokenInfo(ctypes.Structure):
    """CK_TOKEN_INFO."""

    _fields_ = (
        ("label", ctypes.c_char * 32),
        ("manufacturer", ctypes.c_char * 32),
        ("model", ctypes.c_char * 16),
        ("serial", ctypes.c_char * 16),
        ("flags", _ULONG),
        ("max_sessions", _ULONG),
        ("sessions", _ULONG),
        ("max_rw_sessions", _ULONG),
        ("rw_sessions", _ULONG),
        ("max_pin", _ULONG),
        ("min_pin", _ULONG),
        ("total_public_memory", _ULONG),
        ("free_public_memory", _ULONG),
        ("total_private_memory", _ULONG),
        ("free_private_memory", _ULONG),
        ("versions", ctypes.c_ubyte * 4),
        ("time", ctypes.c_char * 16),
    )


LIMITS: Final = (
    *("max_sessions", "sessions", "max_rw_sessions", "rw_sessions", "min_pin", "max_pin"),
    *("total_public_memory", "free_public_memory"),
    *("total_private_memory", "free_private_memory"),
)


class Admin(Native):
    """Calls that change a token, or tell its limits. Each returns its CKR."""

    def limits(self, slot: int) -> tuple[int, dict[str, int | None]]:
        """Read the token's limits (C_GetTokenInfo), by the names in LIMITS.

        Sessions are numbers, with 0 for as many as one likes; PINs and memory are in bytes. None
        is what the token does not tell.
        """
        info = _TokenInfo()
        call = ctypes.CFUNCTYPE(_ULONG, _ULONG, ctypes.POINTER(_TokenInfo))
        answer: int = call(self._functions[_C_GET_TOKEN_INFO] or 0)(slot, ctypes.byref(info))
        if answer != CKR_OK:
            return answer, {}
        values = {name: int(getattr(info, name)) for name in LIMITS}
        return answer, {k: None if v == _UNAVAILABLE else v for k, v in values.items()}

    def init_token(self, slot: int, so_pin: Pin, label: str) -> int:
        """Initialise the token, which destroys whatever is on it (C_InitToken)."""
        call = ctypes.CFUNCTYPE(_ULONG, _ULONG, _TEXT, _ULONG, _TEXT)
        pin = so_pin.reveal().encode()
        padded = label.encode().ljust(LABEL_BYTES)
        answer: int = call(self._functions[_C_INIT_TOKEN] or 0)(slot, pin, len(pin), padded)
        return answer

    def init_pin(self, session: int, new: Pin) -> int:
        """Set the user PIN as the security officer, who is logged in (C_InitPIN)."""
        call = ctypes.CFUNCTYPE(_ULONG, _ULONG, _TEXT, _ULONG)
        pin = new.reveal().encode()
        answer: int = call(self._functions[_C_INIT_PIN] or 0)(session, pin, len(pin))
        return answer

    def set_pin(self, session: int, old: Pin, new: Pin) -> int:
        """Change the user PIN, presenting the old one once (C_SetPIN)."""
        call = ctypes.CFUNCTYPE(_ULONG, _ULONG, _TEXT, _ULONG, _TEXT, _ULONG)
        before, after = old.reveal().encode(), new.reveal().encode()
        function = call(self._functions[_C_SET_PIN] or 0)
        answer: int = function(session, before, len(before), after, len(after))
        return answer
