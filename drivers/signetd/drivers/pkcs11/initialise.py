"""C_Initialize with an initialisation string (pReserved), which NSS wants and others ignore."""

import ctypes
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import ckr

_C_INITIALIZE: Final = 1  # position in CK_FUNCTION_LIST, behind CK_VERSION
_OS_LOCKING_OK: Final = 2


class _Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_char_p),
    )


def initialise(path: str, text: str) -> None:
    """Load the module and initialise it with *text*. Raises SignetError(MODULE_UNLOADABLE)."""
    try:
        functions = ctypes.POINTER(ctypes.c_void_p)()
        if ctypes.CDLL(path).C_GetFunctionList(ctypes.byref(functions)):
            raise OSError("C_GetFunctionList failed")
    except (OSError, AttributeError) as error:
        why = f"the PKCS#11 module {path} cannot be loaded: {error}"
        raise SignetError(Reason.MODULE_UNLOADABLE, why) from None
    arguments = _Arguments(flags=_OS_LOCKING_OK, reserved=text.encode())
    call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(functions[_C_INITIALIZE] or 0)
    answer = call(ctypes.byref(arguments))
    if answer:
        raise SignetError(
            Reason.MODULE_UNLOADABLE,
            f"the PKCS#11 module {path} answered {ckr.name(answer)} to C_Initialize with the "
            "initialisation string of its profile; check what the string refers to",
        )
