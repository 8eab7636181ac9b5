"""Loads a PKCS#11 module through ctypes and makes the calls that the test sends, one JSON per line.

It is run as a program, so that a module's crash or hang cannot reach the test's own process. It
knows nothing of python-pkcs11: every return value is passed on as it is.
"""

import ctypes
import json
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Template = Sequence[tuple[int, str]]  # type, value in hex

_ROOM = 4096
_FLAGS = 0x6  # CKF_SERIAL_SESSION | CKF_RW_SESSION


class Attribute(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_ulong),
        ("value", ctypes.c_void_p),
        ("length", ctypes.c_ulong),
    )


class Mechanism(ctypes.Structure):
    _fields_ = Attribute._fields_


class MechanismInfo(ctypes.Structure):
    _fields_ = (
        ("minimum", ctypes.c_ulong),
        ("maximum", ctypes.c_ulong),
        ("flags", ctypes.c_ulong),
    )


class TokenInfo(ctypes.Structure):
    _fields_ = (
        ("names", ctypes.c_char * 80),  # label, manufacturer, model
        ("serial", ctypes.c_char * 16),
        ("flags", ctypes.c_ulong),
        ("rest", ctypes.c_char * 256),
    )


def function_names(header: Path) -> list[str]:
    """The functions in the order of the function list, from the header of the modules."""
    return re.findall(r"X\((?:GENERAL|SLOT|SESSION), (C_\w+)", header.read_text())


def template(attributes: Template) -> ctypes.Array[Attribute]:
    array = (Attribute * len(attributes))()
    for entry, (kind, value) in zip(array, attributes, strict=True):
        data = bytes.fromhex(value)
        entry.type, entry.length = kind, len(data)
        entry.value = ctypes.cast(ctypes.create_string_buffer(data, len(data)), ctypes.c_void_p)
        array._objects[f"value {id(entry)}"] = entry  # type: ignore[index]
    return array


def mechanism(kind: int, parameter: str | None = None) -> Any:
    data = None if parameter is None else bytes.fromhex(parameter)
    buffer = None if data is None else ctypes.create_string_buffer(data, max(len(data), 1))
    pointer = None if buffer is None else ctypes.cast(buffer, ctypes.c_void_p)
    made = Mechanism(kind, pointer, len(data or b""))
    made.keep = buffer
    return ctypes.byref(made)


class Module:
    """The calls that a test can make; each returns the CK_RV first."""

    def __init__(self, path: str, header: str) -> None:
        self._library = ctypes.CDLL(path)
        functions = ctypes.POINTER(ctypes.c_void_p)()
        self.loaded: int = self._library.C_GetFunctionList(ctypes.byref(functions))
        self._functions = {}
        if self.loaded == 0:
            for position, name in enumerate(function_names(Path(header)), start=1):
                self._functions[name] = functions[position]

    def _call(self, name: str, *arguments: Any) -> int:
        values = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
        return int(ctypes.CFUNCTYPE(ctypes.c_ulong)(self._functions[name])(*values))

    def call(self, name: str, *arguments: int) -> list[Any]:
        """Any function whose arguments are numbers."""
        return [self._call(name, *arguments)]

    def initialize(self) -> list[Any]:
        return [self._call("C_Initialize", None)]

    def initialize_for_threads(self) -> list[Any]:
        arguments = (ctypes.c_ulong * 6)(0, 0, 0, 0, 2, 0)  # CKF_OS_LOCKING_OK
        return [self._call("C_Initialize", arguments)]

    def finalize(self) -> list[Any]:
        return [self._call("C_Finalize", None)]

    def slots(self) -> list[Any]:
        """Slots with a token that is initialised: SoftHSM's last slot has an empty one."""
        array, count = (ctypes.c_ulong * 16)(), ctypes.c_ulong(16)
        rv = self._call("C_GetSlotList", 1, array, ctypes.byref(count))
        return [rv, list(array[: count.value])]

    def token_info(self, slot: int) -> list[Any]:
        return [self._call("C_GetTokenInfo", slot, ctypes.create_string_buffer(512))]

    def token_serial_and_flags(self, slot: int) -> list[Any]:
        info = TokenInfo()
        rv = self._call("C_GetTokenInfo", slot, ctypes.byref(info))
        return [rv, info.serial.decode(), info.flags]

    def session_slot(self, session: int) -> list[Any]:
        info = (ctypes.c_ulong * 4)()  # the first member is the slot's number
        return [self._call("C_GetSessionInfo", session, ctypes.byref(info)), info[0]]

    def open(self, slot: int) -> list[Any]:
        session = ctypes.c_ulong()
        rv = self._call("C_OpenSession", slot, _FLAGS, None, None, ctypes.byref(session))
        return [rv, session.value]

    def login(self, session: int, pin_file: str) -> list[Any]:
        pin = Path(pin_file).read_bytes()
        return [self._call("C_Login", session, 1, pin, len(pin))]

    def init_token(self, slot: int, so_pin_file: str, label: str) -> list[Any]:
        pin = Path(so_pin_file).read_bytes()
        padded = label.encode().ljust(32)
        return [self._call("C_InitToken", slot, pin, len(pin), padded)]

    def mechanisms(self, slot: int, room: int | None) -> list[Any]:
        array = None if room is None else (ctypes.c_ulong * max(room, 1))()
        count = ctypes.c_ulong(room or 0)
        rv = self._call("C_GetMechanismList", slot, array, ctypes.byref(count))
        return [rv, count.value, [] if array is None or rv else list(array[: count.value])]

    def mechanism_info(self, slot: int, kind: int) -> list[Any]:
        info = MechanismInfo()
        rv = self._call("C_GetMechanismInfo", slot, kind, ctypes.byref(info))
        return [rv, info.minimum, info.maximum, info.flags]

    def generate(self, session: int, kind: int, public: Template, private: Template) -> list[Any]:
        keys = ctypes.c_ulong(), ctypes.c_ulong()
        rv = self._call(
            *("C_GenerateKeyPair", session, mechanism(kind)),
            *(template(public), len(public), template(private), len(private)),
            *(ctypes.byref(keys[0]), ctypes.byref(keys[1])),
        )
        return [rv, keys[0].value, keys[1].value]

    def get(self, session: int, key: int, kinds: list[int], room: int = _ROOM) -> list[Any]:
        """All attributes in one call; None for one that cannot be had."""
        buffers = [ctypes.create_string_buffer(room) for _ in kinds]
        array = (Attribute * len(kinds))()
        for entry, kind, buffer in zip(array, kinds, buffers, strict=True):
            entry.type, entry.length = kind, room
            entry.value = ctypes.cast(buffer, ctypes.c_void_p)
        rv = self._call("C_GetAttributeValue", session, key, array, len(kinds))
        pairs = zip(array, buffers, strict=True)
        return [rv, [None if e.length > room else b.raw[: e.length].hex() for e, b in pairs]]

    def lengths(self, session: int, key: int, kinds: list[int]) -> list[Any]:
        array = (Attribute * len(kinds))(*(Attribute(kind, None, 0) for kind in kinds))
        rv = self._call("C_GetAttributeValue", session, key, array, len(kinds))
        return [rv, [entry.length for entry in array]]

    def set(self, session: int, key: int, values: Template) -> list[Any]:
        return [self._call("C_SetAttributeValue", session, key, template(values), len(values))]

    def create(self, session: int, values: Template) -> list[Any]:
        made = ctypes.c_ulong()
        array = template(values)
        rv = self._call("C_CreateObject", session, array, len(values), ctypes.byref(made))
        return [rv, made.value]

    def copy(self, session: int, key: int, values: Template) -> list[Any]:
        made = ctypes.c_ulong()
        array = template(values)
        rv = self._call("C_CopyObject", session, key, array, len(values), ctypes.byref(made))
        return [rv, made.value]

    def find_init(self, session: int, values: Template) -> list[Any]:
        return [self._call("C_FindObjectsInit", session, template(values), len(values))]

    def find(self, session: int, values: Template, batch: int = 2) -> list[Any]:
        """Init, as many calls for *batch* objects as it takes, and Final."""
        rv, found = self.find_init(session, values)[0], []
        array, count = (ctypes.c_ulong * batch)(), ctypes.c_ulong(1)
        while rv == 0 and count.value:
            rv = self._call("C_FindObjects", session, array, batch, ctypes.byref(count))
            found += array[: count.value]
        return [rv or self._call("C_FindObjectsFinal", session), found]

    def generate_aes(self, session: int, values: Template) -> list[Any]:
        made = ctypes.c_ulong()
        array = template(values)
        rv = self._call(
            *("C_GenerateKey", session, mechanism(0x1080)),
            *(array, len(values), ctypes.byref(made)),
        )
        return [rv, made.value]

    def wrap(self, session: int, kind: int, wrapping: int, key: int) -> list[Any]:
        output, length = ctypes.create_string_buffer(_ROOM), ctypes.c_ulong(_ROOM)
        rv = self._call(
            *("C_WrapKey", session, mechanism(kind), wrapping, key, output, ctypes.byref(length)),
        )
        return [rv, output.raw[: length.value].hex() if rv == 0 else None]

    def unwrap(
        self, session: int, kind: int, wrapping: int, data: str, values: Template
    ) -> list[Any]:
        made, raw = ctypes.c_ulong(), bytes.fromhex(data)
        rv = self._call(
            *("C_UnwrapKey", session, mechanism(kind), wrapping, raw, len(raw)),
            *(template(values), len(values), ctypes.byref(made)),
        )
        return [rv, made.value]

    def derive(self, session: int, kind: int, key: int) -> list[Any]:
        made = ctypes.c_ulong()
        empty = template([])
        rv = self._call("C_DeriveKey", session, mechanism(kind), key, empty, 0, ctypes.byref(made))
        return [rv, made.value]

    def start(self, name: str, session: int, kind: int, key: int) -> list[Any]:
        """C_EncryptInit, C_VerifyInit and so on."""
        return [self._call(name, session, mechanism(kind), key)]

    def digest_init(self, session: int, kind: int) -> list[Any]:
        return [self._call("C_DigestInit", session, mechanism(kind))]

    def digest_final(self, session: int) -> list[Any]:
        return self._output("C_DigestFinal", [session], _ROOM)

    def sign_init(
        self, session: int, kind: int, key: int, parameter: str | None = None
    ) -> list[Any]:
        return [self._call("C_SignInit", session, mechanism(kind, parameter), key)]

    def sign(self, session: int, data: str, room: int | None = _ROOM) -> list[Any]:
        """With *room* None only the length is asked for. Returns CK_RV, length, output."""
        raw = bytes.fromhex(data)
        return self._output("C_Sign", [session, raw, len(raw)], room)

    def sign_many(self, session: int, kind: int, key: int, data: str, count: int) -> list[Any]:
        """Sign again and again; stops at the first error."""
        for _ in range(count):
            rv = self.sign_init(session, kind, key)[0] or self.sign(session, data)[0]
            if rv:
                return [rv]
        return [0]

    def sign_in_threads(
        self, slot: int, kind: int, key: int, data: str, threads: int, count: int
    ) -> list[Any]:
        """Sign in threads, each opening and closing sessions; the answers of all of them."""

        def work(_: int) -> int:
            for _ in range(count):
                rv, session = self.open(slot)
                rv = rv or self.sign_many(session, kind, key, data, 5)[0]
                rv = rv or self._call("C_CloseSession", session)
                if rv:
                    return int(rv)
            return 0

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, range(threads)))

    def sign_update(self, session: int, data: str) -> list[Any]:
        raw = bytes.fromhex(data)
        return [self._call("C_SignUpdate", session, raw, len(raw))]

    def sign_final(self, session: int, room: int | None = _ROOM) -> list[Any]:
        return self._output("C_SignFinal", [session], room)

    def _output(self, name: str, arguments: list[Any], room: int | None) -> list[Any]:
        output = None if room is None else ctypes.create_string_buffer(max(room, 1))
        length = ctypes.c_ulong(room or 0)
        rv = self._call(name, *arguments, output, ctypes.byref(length))
        done = output is not None and rv == 0
        return [rv, length.value, output.raw[: length.value].hex() if done and output else None]

    def resident_kib(self) -> list[Any]:
        text = Path("/proc/self/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", text)
        return [0, int(found[1]) if found else 0]


def main() -> None:
    module = Module(sys.argv[1], sys.argv[2])
    print(json.dumps([module.loaded]), flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(module, name)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
