"""What a token's keys show otherwise than the standard has it."""

from typing import Any

from pkcs11.constants import Attribute

from signetd.drivers.doctor.trial import Pair, curve_of
from signetd.drivers.pkcs11.plan import EC_PARAMS
from signetd.drivers.pkcs11.protection import REQUIRED
from signetd.drivers.types import KeyType


def of_sm2(pair: Pair) -> dict[str, Any]:
    """Describe an SM2 pair: key type, curve, form of the point, protection."""
    private = pair.private.get_attributes([Attribute.EC_POINT, Attribute.EC_PARAMS])
    curve = curve_of(pair.attributes)
    is_sm2 = curve == EC_PARAMS[KeyType.SM2].hex()
    return {
        "key_type": f"0x{int(pair.attributes[Attribute.KEY_TYPE]):X}",
        "ec_params": "the SM2 curve" if is_sm2 else curve or "not reported",
        "ec_point": point_form(pair.attributes.get(Attribute.EC_POINT) or b""),
        "private_key_shows_point": bool(private.get(Attribute.EC_POINT)),
        "private_key_shows_params": bool(private.get(Attribute.EC_PARAMS)),
        **protection(pair.private),
    }


def protection(private: Any) -> dict[str, list[str]]:
    """Name the attributes proving a key's protection that are missing, or not as they must be."""
    values = private.get_attributes(list(REQUIRED))
    missing = [a.name for a in REQUIRED if values.get(a) is None]
    wrong = [a.name for a, want in REQUIRED.items() if values.get(a) is (not want)]
    return {"protection_not_reported": missing, "protection_wrong": wrong}


def point_form(value: bytes) -> str:
    """Tell in which form CKA_EC_POINT of a curve of 256 bits is."""
    if len(value) in (64, 65):
        return f"bare, {len(value)} bytes"
    if value[:1] == b"\x04":
        return "DER OCTET STRING"
    if value[:1] == b"\x03":
        return "DER BIT STRING"
    return f"{len(value)} bytes of an unknown form" if value else "not reported"


def objects(session: Any) -> dict[str, int]:
    """Count a token's objects that the session may see; ``unpaired`` private keys have no public.

    Raises PKCS11Error.
    """
    counts = {"certificates": 0, "public_keys": 0, "private_keys": 0, "others": 0}
    publics, privates = set(), []
    for item in list(session.get_objects({Attribute.TOKEN: True})):
        values = item.get_attributes([Attribute.CLASS, Attribute.ID])
        number, cka_id = int(values.get(Attribute.CLASS, -1)), values.get(Attribute.ID, b"")
        classes = {1: "certificates", 2: "public_keys", 3: "private_keys"}  # CKO_…
        name = classes.get(number, "others")
        counts[name] += 1
        if number == 2:
            publics.add(cka_id)
        elif number == 3:
            privates.append(cka_id)
    return {**counts, "unpaired_private_keys": sum(i not in publics for i in privates)}
