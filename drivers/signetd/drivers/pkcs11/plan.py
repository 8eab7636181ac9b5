"""The plan of a signature: algorithm, key, profile and mechanism list → what to ask the token.

Pure: no token is touched, so every choice of a mechanism can be tested as a table.
"""

import struct
from collections.abc import Collection
from typing import Final, Literal

import msgspec

from signetd.drivers import algorithms
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.profile import Profile, Sm2Mechanism
from signetd.drivers.types import Algorithm, Input, KeyType, SignOrder
from signetd.gm import sm2

CKM_RSA_PKCS: Final = 0x1
CKM_RSA_PKCS_PSS: Final = 0xD
CKM_ECDSA: Final = 0x1041
CKM_EDDSA: Final = 0x1057
CKM_RSA_PKCS_KEY_PAIR_GEN: Final = 0x0
CKM_EC_KEY_PAIR_GEN: Final = 0x1040
CKM_EC_EDWARDS_KEY_PAIR_GEN: Final = 0x1055

# CK_RSA_PKCS_PSS_PARAMS: hash mechanism, mask generation function, salt length in bytes.
_PSS: Final = {
    "sha256": struct.pack("@LLL", 0x250, 2, 32),
    "sha384": struct.pack("@LLL", 0x260, 3, 48),
    "sha512": struct.pack("@LLL", 0x270, 4, 64),
}
# DigestInfo of RFC 8017, 9.2 note 1, up to the digest.
_DIGEST_INFO: Final = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}

Form = Literal["octets", "raw", "der"]


class SignPlan(msgspec.Struct, frozen=True):
    """One C_Sign: the mechanism, its parameter, the data, and the form of what comes back."""

    mechanism: int
    parameter: bytes | None
    data: bytes
    form: Form


def base_mechanism(algorithm: Algorithm) -> int | None:
    """Number of the standard mechanism behind *algorithm*; None for SM2, which has none."""
    if algorithm.startswith("RSA_PKCS1"):
        return CKM_RSA_PKCS
    if algorithm.startswith("RSA_PSS"):
        return CKM_RSA_PKCS_PSS
    if algorithm.startswith("ECDSA"):
        return CKM_ECDSA
    return CKM_EDDSA if algorithm is Algorithm.ED25519 else None


def sm2_mechanisms(profile: Profile, offered: Collection[int]) -> list[Sm2Mechanism]:
    """Those SM2 mechanisms of the profile that the token offers, in order of preference."""
    return [m for m in profile.sm2.mechanisms if m.mechanism in offered] if profile.sm2 else []


def inputs(profile: Profile, offered: Collection[int]) -> dict[Algorithm, list[Input]]:
    """Tell which algorithms a token offers, and what it can be handed for each."""
    found: dict[Algorithm, list[Input]] = {}
    for algorithm in Algorithm:
        if base_mechanism(algorithm) in offered:
            only_messages = algorithm is Algorithm.ED25519
            found[algorithm] = [Input.MESSAGE if only_messages else Input.DIGEST]
    kinds = {
        Input.DIGEST if m.takes == "digest" else Input.MESSAGE
        for m in sm2_mechanisms(profile, offered)
    }
    if kinds:
        found[Algorithm.SM2_SM3] = sorted(kinds)
    return {each: taken for each, taken in found.items() if each not in profile.unusable}


def plan(
    profile: Profile, offered: Collection[int], order: SignOrder, sm2_key: sm2.Sm2PublicKey | None
) -> SignPlan:
    """Choose the mechanism for *order* and prepare what it takes.

    *sm2_key* is the public key where the algorithm is SM2 (Z needs it).
    Raises SignetError(ALGORITHM_NOT_ON_TOKEN, ALGORITHM_UNSUITABLE).
    """
    if order.algorithm in profile.unusable:
        raise not_offered(order.algorithm)
    if order.algorithm is Algorithm.SM2_SM3 and sm2_key is not None:
        return _plan_sm2(sm2_mechanisms(profile, offered), order, sm2_key)
    mechanism = base_mechanism(order.algorithm)
    if mechanism is None or mechanism not in offered:
        raise not_offered(order.algorithm)
    if mechanism == CKM_EDDSA:
        if order.input is Input.DIGEST:
            raise SignetError(
                Reason.ALGORITHM_UNSUITABLE, "Ed25519 signs messages; give the message, no digest"
            )
        return SignPlan(mechanism, None, order.data, "octets")
    digest = order.data
    if order.input is Input.MESSAGE:
        digest = algorithms.digest(order.algorithm, order.data)
    name = algorithms.hash_name(order.algorithm)
    if mechanism == CKM_RSA_PKCS:
        return SignPlan(mechanism, None, _DIGEST_INFO[name] + digest, "octets")
    if mechanism == CKM_RSA_PKCS_PSS:
        return SignPlan(mechanism, _PSS[name], digest, "octets")
    return SignPlan(mechanism, None, digest, profile.ecdsa_returns)


def not_offered(algorithm: Algorithm) -> SignetError:
    """Say that the token lacks *algorithm*."""
    return SignetError(
        Reason.ALGORITHM_NOT_ON_TOKEN,
        f"the token does not offer {algorithm.value}: its mechanism list lacks it, or its profile "
        "has it as unusable",
    )


def _plan_sm2(mechanisms: list[Sm2Mechanism], order: SignOrder, key: sm2.Sm2PublicKey) -> SignPlan:
    signer_id = order.signer_id or sm2.DEFAULT_SIGNER_ID
    if not mechanisms:
        raise not_offered(order.algorithm)
    for m in mechanisms:
        if m.takes == "digest":
            is_digest = order.input is Input.DIGEST
            e = order.data if is_digest else sm2.message_digest(key, order.data, signer_id)
            return SignPlan(m.mechanism, None, e, m.returns)
        if order.input is Input.DIGEST:
            continue
        if m.takes == "z-and-message":
            prefixed = sm2.z_value(key, signer_id) + order.data
            return SignPlan(m.mechanism, None, prefixed, m.returns)
        if m.parameter == "signer-id":
            return SignPlan(m.mechanism, signer_id, order.data, m.returns)
        if signer_id == sm2.DEFAULT_SIGNER_ID:
            return SignPlan(m.mechanism, None, order.data, m.returns)
    if order.input is Input.DIGEST:
        text = "this token makes SM2 signatures of messages only; give the message"
    else:
        text = "this token knows the default signer ID only; leave signer_id out"
    raise SignetError(Reason.ALGORITHM_UNSUITABLE, text)


EC_PARAMS: Final = {
    KeyType.EC_P256: bytes.fromhex("06082a8648ce3d030107"),
    KeyType.EC_P384: bytes.fromhex("06052b81040022"),
    KeyType.EC_P521: bytes.fromhex("06052b81040023"),
    KeyType.SM2: bytes.fromhex("06082a811ccf5501822d"),
    # PrintableString "edwards25519" (PKCS#11 2.40, 2.3.5): what SoftHSM and others take.
    KeyType.ED25519: b"\x13\x0cedwards25519",
}
"""CKA_EC_PARAMS of each curve, in DER."""
