"""The functions of PKCS#11 that python-pkcs11 does not offer by themselves: login, session state.

python-pkcs11 logs in only while it opens a session: a refused PIN then leaves a session behind,
and a refusal cannot be told from a session that does not open.
"""

import ctypes
from typing import Final

from signetd.drivers.types import Pin

CKR_OK: Final = 0
_CKU_SO: Final = 0
_CKU_USER: Final = 1
_USER_STATES: Final = (1, 3)  # CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS
# Positions in CK_FUNCTION_LIST (PKCS #11 v2.40, pkcs11f.h); CK_VERSION takes one pointer's place.
_C_GET_SESSION_INFO: Final = 1 + 15
_C_LOGIN: Final = 1 + 18
_C_LOGOUT: Final = 1 + 19
_ULONG: Final = ctypes.c_ulong


class _SessionInfo(ctypes.Structure):
    """CK_SESSION_INFO."""

    _fields_ = (("slot", _ULONG), ("state", _ULONG), ("flags", _ULONG), ("device_error", _ULONG))


class Native:
    """Calls into a module that python-pkcs11 has loaded and initialised. Returns CKR numbers."""

    def __init__(self, path: str) -> None:
        """Find the module's functions. Raises OSError when C_GetFunctionList fails."""
        functions = ctypes.POINTER(ctypes.c_void_p)()
        self._library = ctypes.CDLL(path)  # kept: the functions live as long as it does
        if self._library.C_GetFunctionList(ctypes.byref(functions)):
            raise OSError(f"C_GetFunctionList of {path} failed")
        self._functions = functions
        session_info = ctypes.CFUNCTYPE(_ULONG, _ULONG, ctypes.POINTER(_SessionInfo))
        login = ctypes.CFUNCTYPE(_ULONG, _ULONG, _ULONG, ctypes.c_char_p, _ULONG)
        self._get_session_info = session_info(functions[_C_GET_SESSION_INFO] or 0)
        self._login = login(functions[_C_LOGIN] or 0)
        self._logout = ctypes.CFUNCTYPE(_ULONG, _ULONG)(functions[_C_LOGOUT] or 0)

    def log_in(self, session: int, pin: Pin, *, officer: bool = False) -> int:
        """Present the user's PIN once (C_Login), or the security officer's.

        *session* is a session handle.
        """
        encoded = pin.reveal().encode()
        user = _CKU_SO if officer else _CKU_USER
        answer: int = self._login(session, user, encoded, len(encoded))
        return answer

    def log_out(self, session: int) -> int:
        """Log out (C_Logout)."""
        answer: int = self._logout(session)
        return answer

    def session_state(self, session: int) -> tuple[int, bool]:
        """Ask for a session's state (C_GetSessionInfo): the CKR, and whether the user is in."""
        info = _SessionInfo()
        answer: int = self._get_session_info(session, ctypes.byref(info))
        return answer, answer == CKR_OK and info.state in _USER_STATES
