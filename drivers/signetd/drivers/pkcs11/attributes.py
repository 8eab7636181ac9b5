"""What a token says of a private key: its attributes as plain values, under their own names."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from pkcs11.constants import Attribute

from signetd.drivers.types import AttributeValue

_UNAVAILABLE: Final = 0xFFFF_FFFF  # CK_UNAVAILABLE_INFORMATION, where CK_ULONG has 32 bits or more
REPORTED: Final = (
    Attribute.KEY_TYPE,
    Attribute.LABEL,
    Attribute.ID,
    Attribute.TOKEN,
    Attribute.PRIVATE,
    Attribute.MODIFIABLE,
    Attribute.COPYABLE,
    Attribute.DESTROYABLE,
    Attribute.SENSITIVE,
    Attribute.ALWAYS_SENSITIVE,
    Attribute.EXTRACTABLE,
    Attribute.NEVER_EXTRACTABLE,
    Attribute.LOCAL,
    Attribute.KEY_GEN_MECHANISM,
    Attribute.SIGN,
    Attribute.SIGN_RECOVER,
    Attribute.DECRYPT,
    Attribute.UNWRAP,
    Attribute.DERIVE,
    Attribute.WRAP_WITH_TRUSTED,
    Attribute.ALWAYS_AUTHENTICATE,
)
"""The attributes of a private key that are neither secret nor its public key (PKCS#11, 4.9)."""


def plain(found: Mapping[int, Any]) -> dict[str, AttributeValue]:
    """Write attributes as plain values; one that the token does not report is not among them.

    The names are those of the standard: ``CKA_SENSITIVE``. CKA_ID becomes lower-case hex, a key
    type ``CKK_EC``, a mechanism ``CKM_EC_KEY_PAIR_GEN``, a vendor's number ``0x80000B20``.
    """
    written = {f"CKA_{each.name}": _value(each, found.get(each)) for each in REPORTED}
    return {name: value for name, value in written.items() if value is not None}


def _value(attribute: Attribute, value: Any) -> AttributeValue | None:
    match value:
        case None:
            return None
        case bool() | str():
            return value
        case bytes():
            return value.hex()
        case IntEnum():
            return _number(attribute, value)
    return str(value)


def _number(attribute: Attribute, value: IntEnum) -> str | None:
    if value >= _UNAVAILABLE:
        return None
    if value.name.startswith("VENDOR_"):
        return f"0x{int(value):08X}"
    prefix = "CKK" if attribute is Attribute.KEY_TYPE else "CKM"
    return f"{prefix}_{value.name.lstrip('_')}"
