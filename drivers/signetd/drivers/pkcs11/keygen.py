"""Generating a key pair in a token: sensitive, not extractable, for signing only."""

from typing import Any

import pkcs11
from pkcs11.constants import DEFAULT, Attribute, MechanismFlag
from pkcs11.mechanisms import KeyType as P11KeyType

from signetd.drivers.algorithms import ALGORITHMS_OF, RSA_BITS
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import plan, vendor
from signetd.drivers.pkcs11.profile import Profile
from signetd.drivers.types import KeyType


def mechanism(profile: Profile, offered: set[int], key_type: KeyType) -> int:
    """Number of the mechanism that generates *key_type*.

    Raises SignetError(ALGORITHM_NOT_ON_TOKEN) where the token or its profile has none.
    """
    number: int | None = plan.CKM_EC_KEY_PAIR_GEN
    if key_type is KeyType.SM2:
        number = profile.sm2.key_pair_gen if profile.sm2 else None
    elif key_type in RSA_BITS:
        number = plan.CKM_RSA_PKCS_KEY_PAIR_GEN
    elif key_type is KeyType.ED25519:
        number = plan.CKM_EC_EDWARDS_KEY_PAIR_GEN
    if number is None or number not in offered:
        raise _impossible(key_type, "its mechanism list lacks it")
    if all(algorithm in profile.unusable for algorithm in ALGORITHMS_OF[key_type]):
        raise _impossible(key_type, f'its profile "{profile.name}" says that none would be of use')
    return number


def check_size(slot: pkcs11.Slot, number: int, key_type: KeyType) -> None:
    """Refuse an RSA key that is longer than what mechanism *number* makes, by its own account.

    Raises SignetError(ALGORITHM_NOT_ON_TOKEN), and PKCS11Error. An account that cannot be in
    bits, as PKCS#11 has it, is not believed.
    """
    bits = RSA_BITS.get(key_type)
    if bits is None:
        return
    most = slot.get_mechanism_info(vendor.mechanism(number)).max_key_length
    if most is not None and min(RSA_BITS.values()) <= most < bits:
        raise _impossible(key_type, f"its RSA keys have at most {most} bits")


def _impossible(key_type: KeyType, why: str) -> SignetError:
    return SignetError(
        Reason.ALGORITHM_NOT_ON_TOKEN,
        f"the token cannot generate a {key_type.value} key: {why}",
    )


def generate(
    session: pkcs11.Session,
    number: int,
    key_type: KeyType,
    profile: Profile,
    *,
    label: str,
    cka_id: bytes,
    store: bool = True,
) -> tuple[Any, Any]:
    """Have the token generate a pair with mechanism *number*; return its two objects.

    Without *store* they are session objects, which end with the session. Raises PKCS11Error.
    """
    public = _left_out(profile.keygen.leave_out_public)
    private = _left_out(profile.keygen.leave_out_private)
    private |= {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
    }
    native = P11KeyType.RSA
    if key_type not in RSA_BITS:
        native = P11KeyType.EC_EDWARDS if key_type is KeyType.ED25519 else P11KeyType.EC
        public[Attribute.EC_PARAMS] = plan.EC_PARAMS[key_type]
    if key_type is KeyType.SM2 and profile.sm2 is not None:
        public[Attribute.EC_PARAMS] = bytes.fromhex(profile.sm2.ec_params) or DEFAULT
        native = vendor.key_type(profile.sm2.key_type)
        for template in (public, private):
            template.setdefault(Attribute.KEY_TYPE, native)  # which a profile may leave out
    pair: tuple[Any, Any] = session.generate_keypair(
        native,
        RSA_BITS.get(key_type),
        id=cka_id,
        label=label,
        store=store,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        mechanism=vendor.mechanism(number),
        public_template=public,
        private_template=private,
    )
    return pair


def _left_out(names: list[str]) -> dict[Attribute, Any]:
    return {Attribute[name]: DEFAULT for name in names}
