"""What proves that a private key was made in its token and never left it."""

from collections.abc import Mapping
from typing import Any, Final

from pkcs11.constants import Attribute

from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import ProtectionLevel

REQUIRED: Final[dict[Attribute, bool]] = {
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
}


def weaknesses(attributes: Mapping[int, Any], profile: Profile) -> list[str]:
    """Name each attribute that is not as it must be; what is not reported counts as wrong."""
    found = []
    for attribute, required in REQUIRED.items():
        value = attributes.get(attribute)
        if value is None and attribute.name in profile.unreported:
            continue
        if value is not None and attribute.name in profile.misreported:
            continue
        if value is not required:
            said = "not reported" if value is None else str(value).lower()
            found.append(f"CKA_{attribute.name} is {said}, not {str(required).lower()}")
    return found


def level(profile: Profile, *, hardware: bool) -> ProtectionLevel:
    """Tell the best level that a key of such a token can have."""
    if profile.unreported or profile.misreported:
        return ProtectionLevel.UNPROVEN
    return ProtectionLevel.HARDWARE if hardware else ProtectionLevel.SOFTWARE
