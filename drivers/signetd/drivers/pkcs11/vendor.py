"""Vendor numbers for python-pkcs11, whose enumerations know the standard's only."""

from collections.abc import Callable
from enum import IntEnum
from struct import Struct
from typing import TypeVar

from pkcs11.attributes import AttributeMapper
from pkcs11.constants import Attribute, CertificateType, ObjectClass
from pkcs11.mechanisms import KeyType, Mechanism

_ULONG = Struct("L")
E = TypeVar("E", bound=IntEnum)


def member(enum: type[E], number: int) -> E:
    """Return *number* as a member of *enum*, one made up where the standard has none."""
    try:
        return enum(number)
    except ValueError:
        made = int.__new__(enum, number)
        made._name_, made._value_ = f"VENDOR_{number:08X}", number
        return made


def mechanism(number: int) -> Mechanism:
    """Return a mechanism by its number, a vendor's too."""
    return member(Mechanism, number)


def key_type(number: int) -> KeyType:
    """Return a key type by its number, a vendor's too."""
    return member(KeyType, number)


class TolerantMapper(AttributeMapper):
    """An attribute mapper that survives the numbers and texts of vendors."""

    def __init__(self) -> None:
        super().__init__()
        enums: dict[Attribute, type[IntEnum]] = {
            Attribute.CLASS: ObjectClass,
            Attribute.KEY_TYPE: KeyType,
            Attribute.KEY_GEN_MECHANISM: Mechanism,
            Attribute.CERTIFICATE_TYPE: CertificateType,
        }
        for attribute, enum in enums.items():
            self.register_handler(attribute, _pack, _unpacker(enum))
        self.register_handler(Attribute.LABEL, str.encode, lambda raw: raw.decode(errors="replace"))


def _pack(value: int) -> bytes:
    return _ULONG.pack(int(value))


def _unpacker(enum: type[IntEnum]) -> Callable[[bytes], IntEnum]:
    return lambda raw: member(enum, _ULONG.unpack(raw)[0])
