"""The functions of PKCS#11 that python-pkcs11 does not offer by themselves: login, session state.

python-pkcs11 logs in only while it opens a session: a refused PIN then leaves a session behind,
and a refusal cannot be told from a session that does not open.
"""

import ctypes
from typing import Final, TypeAlias

from pkcs11 import _pkcs11

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
_Functions: TypeAlias = "ctypes._Pointer[ctypes.c_void_p]"
_POINTER_BYTES: Final = ctypes.sizeof(ctypes.c_void_p)
_LISTS: Final = 3  # function lists that python-pkcs11 keeps in each of its objects


class _SessionInfo(ctypes.Structure):
    """CK_SESSION_INFO."""

    _fields_ = (("slot", _ULONG), ("state", _ULONG), ("flags", _ULONG), ("device_error", _ULONG))


class Native:
    """Calls into a module that python-pkcs11 has loaded and initialised. Returns CKR numbers."""

    def __init__(self, path: str, library: _pkcs11.lib) -> None:
        """Find the functions of the module that *library* was loaded from. Raises OSError."""
        self._library = ctypes.CDLL(path)  # kept: the functions live as long as it does
        functions = self._functions = _functions_of(self._library, path, library)
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


def _functions_of(module: ctypes.CDLL, path: str, library: _pkcs11.lib) -> _Functions:
    """Return the list of functions that python-pkcs11 calls.

    Some modules, such as p11-kit's, make an instance of their own for each caller of
    C_GetFunctionList: only that of python-pkcs11 is initialised and knows its sessions.
    """
    first, second = _asked(module, path), _asked(module, path)
    if _address(first) == _address(second):
        return first
    size = _pkcs11.HasFuncList.__basicsize__ - object.__basicsize__  # type: ignore[attr-defined]
    if size != _LISTS * _POINTER_BYTES:  # its objects do not look as we know them
        raise OSError(f"{path} gives each caller functions of its own, which is not supported")
    kept = ctypes.c_void_p.from_address(id(library) + object.__basicsize__)
    return ctypes.cast(kept, ctypes.POINTER(ctypes.c_void_p))


def _asked(module: ctypes.CDLL, path: str) -> _Functions:
    functions = ctypes.POINTER(ctypes.c_void_p)()
    if module.C_GetFunctionList(ctypes.byref(functions)):
        raise OSError(f"C_GetFunctionList of {path} failed")
    return functions


def _address(functions: _Functions) -> int | None:
    return ctypes.cast(functions, ctypes.c_void_p).value
