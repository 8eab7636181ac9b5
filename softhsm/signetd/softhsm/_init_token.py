"""Initialise one token, in a process of its own: ``python -m signetd.softhsm._init_token MODULE``.

Reads label, SO PIN and user PIN as three lines of standard input, prints the serial number. The
PINs are in no argument and no variable; the caller never loads a PKCS#11 library.
"""

import ctypes
import sys
from pathlib import Path

import pkcs11
from pkcs11.constants import TokenFlag

_C_INIT_TOKEN = 9  # position in CK_FUNCTION_LIST
_LABEL_LENGTH = 32  # padded with blanks


def _init_token(module: str, slot: int, so_pin: str, label: str) -> None:
    """Call C_InitToken, which python-pkcs11 does not offer."""
    functions = ctypes.POINTER(ctypes.c_void_p)()
    library = ctypes.CDLL(module)
    if library.C_GetFunctionList(ctypes.byref(functions)):
        raise SystemExit("C_GetFunctionList failed")
    # CK_VERSION comes first and takes one pointer's place.
    kind = ctypes.CFUNCTYPE(
        ctypes.c_ulong, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p
    )
    pin = so_pin.encode()
    padded = label.encode().ljust(_LABEL_LENGTH)
    rv = kind(functions[1 + _C_INIT_TOKEN])(slot, pin, len(pin), padded)
    if rv:
        raise SystemExit(f"C_InitToken answered 0x{rv:08X}")


def _slot_for(module: str, label: str, so_pin: str) -> pkcs11.Slot:
    """Return the slot of the token *label*; initialise the free token if there is none."""
    slots = pkcs11.lib(module).get_slots(token_present=True)
    tokens = {slot: slot.get_token() for slot in slots}
    for slot, token in tokens.items():
        if token.flags & TokenFlag.TOKEN_INITIALIZED and token.label == label:
            return slot
    for slot, token in tokens.items():
        if not token.flags & TokenFlag.TOKEN_INITIALIZED:
            _init_token(module, slot.slot_id, so_pin, label)
            return slot
    raise SystemExit("there is no slot with a token that is not initialised yet")


def main() -> None:
    """Initialise the token, or what is left to do of it, and print its serial number."""
    module = str(Path(sys.argv[1]).resolve())
    label, so_pin, user_pin = (sys.stdin.readline().rstrip("\n") for _ in range(3))
    token = _slot_for(module, label, so_pin).get_token()
    if not token.flags & TokenFlag.USER_PIN_INITIALIZED:
        with token.open(rw=True, so_pin=so_pin) as session:
            session.init_pin(user_pin)
    print(token.serial.decode())


if __name__ == "__main__":
    main()
