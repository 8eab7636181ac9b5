"""What each algorithm and key type means: hash, digest length, which fits which."""

import hashlib
from typing import Final

from cryptography.hazmat.primitives import hashes

from signetd.drivers.types import Algorithm, KeyType

ALGORITHMS_OF: Final[dict[KeyType, tuple[Algorithm, ...]]] = {
    KeyType.SM2: (Algorithm.SM2_SM3,),
    **dict.fromkeys(
        (KeyType.RSA_2048, KeyType.RSA_3072, KeyType.RSA_4096),
        (
            Algorithm.RSA_PKCS1_SHA256,
            Algorithm.RSA_PKCS1_SHA384,
            Algorithm.RSA_PKCS1_SHA512,
            Algorithm.RSA_PSS_SHA256,
            Algorithm.RSA_PSS_SHA384,
            Algorithm.RSA_PSS_SHA512,
        ),
    ),
    KeyType.EC_P256: (Algorithm.ECDSA_P256_SHA256,),
    KeyType.EC_P384: (Algorithm.ECDSA_P384_SHA384,),
    KeyType.EC_P521: (Algorithm.ECDSA_P521_SHA512,),
    KeyType.ED25519: (Algorithm.ED25519,),
}
"""The algorithms that a key of each type can be used with; the first is the default."""

RSA_BITS: Final = {KeyType.RSA_2048: 2048, KeyType.RSA_3072: 3072, KeyType.RSA_4096: 4096}
"""Length of the modulus."""

INTEGER_BYTES: Final = {
    Algorithm.SM2_SM3: 32,
    Algorithm.ECDSA_P256_SHA256: 32,
    Algorithm.ECDSA_P384_SHA384: 48,
    Algorithm.ECDSA_P521_SHA512: 66,
}
"""Length of r and of s where a signature is a pair of integers."""

HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_HASH_NAMES: Final = {
    each: "" if each is Algorithm.ED25519 else each.rsplit("_", 1)[1].lower() for each in Algorithm
}


def hash_name(algorithm: Algorithm) -> str:
    """Name the hash ("sha256", "sm3"); "" for Ed25519, which has its own inside."""
    return _HASH_NAMES[algorithm]


def digest_bytes(algorithm: Algorithm) -> int:
    """Length of the digest; 0 for Ed25519, which takes none."""
    name = hash_name(algorithm)
    if name == "sm3":
        return 32
    return HASHES[name].digest_size if name else 0


def digest(algorithm: Algorithm, message: bytes) -> bytes:
    """Hash *message* with the SHA-2 of an RSA or ECDSA *algorithm*; SM2 needs Z, see gm.sm2."""
    return hashlib.new(hash_name(algorithm), message).digest()
