"""The token's mechanisms against what signetd needs, and the numbers that nobody knows yet."""

from typing import Any, Final

import pkcs11
from pkcs11 import exceptions as p11
from pkcs11.constants import MechanismFlag

from signetd.drivers.algorithms import ALGORITHMS_OF
from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import keygen, plan, vendor
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import Algorithm, KeyType

VENDOR: Final = 0x80000000  # CKM_VENDOR_DEFINED
_STANDARD: Final = {
    plan.CKM_RSA_PKCS: "CKM_RSA_PKCS",
    plan.CKM_RSA_PKCS_PSS: "CKM_RSA_PKCS_PSS",
    plan.CKM_ECDSA: "CKM_ECDSA",
    plan.CKM_EDDSA: "CKM_EDDSA",
    plan.CKM_RSA_PKCS_KEY_PAIR_GEN: "CKM_RSA_PKCS_KEY_PAIR_GEN",
    plan.CKM_EC_KEY_PAIR_GEN: "CKM_EC_KEY_PAIR_GEN",
    plan.CKM_EC_EDWARDS_KEY_PAIR_GEN: "CKM_EC_EDWARDS_KEY_PAIR_GEN",
}


def algorithms(profile: Profile, offered: set[int]) -> list[dict[str, Any]]:
    """Tell for each algorithm whether the token can sign with it, and make keys for it."""
    inputs = plan.inputs(profile, offered)
    types = {a: key_type for key_type, all_ in ALGORITHMS_OF.items() for a in all_}
    return [
        {
            "algorithm": algorithm.value,
            "signs": algorithm in inputs,
            "inputs": [one.value for one in inputs.get(algorithm, [])],
            "generates_keys": can_generate(profile, offered, types[algorithm]),
            "needs": _needs(profile, algorithm),
        }
        for algorithm in Algorithm
    ]


def can_generate(profile: Profile, offered: set[int], key_type: KeyType) -> bool:
    """Tell whether the token can make keys of this type."""
    try:
        keygen.mechanism(profile, offered, key_type)
    except SignetError:
        return False
    return True


def _needs(profile: Profile, algorithm: Algorithm) -> list[str]:
    number = plan.base_mechanism(algorithm)
    if number is not None:
        return [_STANDARD[number]]
    return [f"0x{m.mechanism:08X}" for m in profile.sm2.mechanisms] if profile.sm2 else []


def unknown(
    token: pkcs11.Token, offered: set[int], profiles: list[Profile]
) -> list[dict[str, Any]]:
    """List the vendor's mechanisms that stand in no profile, with what they are for."""
    known = {n for profile in profiles if profile.sm2 for n in _numbers(profile)}
    numbers = sorted(n for n in offered if n >= VENDOR and n not in known)
    return [{"mechanism": f"0x{n:08X}", "flags": flags(token, n)} for n in numbers]


def _numbers(profile: Profile) -> list[int]:
    sm2 = profile.sm2
    return [sm2.key_pair_gen, *(m.mechanism for m in sm2.mechanisms)] if sm2 else []


def flags(token: pkcs11.Token, number: int) -> list[str]:
    """What a mechanism is for, by its flags; nothing where the token does not tell."""
    try:
        info = token.slot.get_mechanism_info(vendor.mechanism(number))
    except p11.PKCS11Error:
        return []
    return [f.name or "" for f in MechanismFlag if info.flags & f and f <= MechanismFlag.DERIVE]
