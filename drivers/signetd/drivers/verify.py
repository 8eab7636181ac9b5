"""Software verification with public keys, for every algorithm."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signetd.drivers.algorithms import HASHES, INTEGER_BYTES, RSA_BITS, digest, hash_name
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Input, KeyType
from signetd.gm import encoding, sm2

_CURVES = {
    "secp256r1": KeyType.EC_P256,
    "secp384r1": KeyType.EC_P384,
    "secp521r1": KeyType.EC_P521,
}
_RSA = {bits: key_type for key_type, bits in RSA_BITS.items()}

PublicKey = (
    sm2.Sm2PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
)


@lru_cache(maxsize=1024)
def load(spki: bytes) -> tuple[KeyType, PublicKey]:
    """Read a SubjectPublicKeyInfo in DER.

    Raises SignetError(KEY_UNSUPPORTED) for a key that is malformed or of another kind.
    """
    try:
        return KeyType.SM2, sm2.Sm2PublicKey.from_spki(spki)
    except ValueError:
        pass  # not SM2: the others are read by cryptography
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unsupported("it cannot be read") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA:
        return _RSA[key.key_size], key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name], key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return KeyType.ED25519, key
    raise _unsupported(f"it is {type(key).__name__} of a size or curve that is not served")


def _unsupported(why: str) -> SignetError:
    served = ", ".join(key_type.value for key_type in KeyType)
    return SignetError(
        Reason.KEY_UNSUPPORTED, f"the public key is not supported: {why}; served are {served}"
    )


def verify(
    spki: bytes, algorithm: Algorithm, input: Input, data: bytes, signature: bytes, signer_id: bytes
) -> bool:
    """Say whether *signature* is valid; a malformed one is not.

    *signature* is r‖s for SM2 and ECDSA, the standard's octets otherwise. *data* is the message or
    its digest as *input* says (SM2: e). *signer_id* counts for an SM2 message only.
    Raises SignetError(KEY_UNSUPPORTED) for a public key that cannot be used.
    """
    key = load(spki)[1]
    try:
        if isinstance(key, sm2.Sm2PublicKey):
            _verify_sm2(key, input, data, signature, signer_id)
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            hashed = data if input is Input.DIGEST else digest(algorithm, data)
            _verify_hashed(key, algorithm, hashed, signature)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_sm2(
    key: sm2.Sm2PublicKey, input: Input, data: bytes, signature: bytes, signer_id: bytes
) -> None:
    if input is Input.MESSAGE:
        data = sm2.message_digest(key, data, signer_id or sm2.DEFAULT_SIGNER_ID)
    sm2.verify_digest(key, data, signature)


def _verify_hashed(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    algorithm: Algorithm,
    hashed: bytes,
    signature: bytes,
) -> None:
    hash_ = HASHES[hash_name(algorithm)]
    if isinstance(key, ec.EllipticCurvePublicKey):
        if len(signature) != 2 * INTEGER_BYTES[algorithm]:
            raise InvalidSignature
        key.verify(encoding.raw_to_der(signature), hashed, ec.ECDSA(Prehashed(hash_)))
    elif "_PSS_" in algorithm:
        pss = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
        key.verify(signature, hashed, pss, Prehashed(hash_))
    else:
        key.verify(signature, hashed, padding.PKCS1v15(), Prehashed(hash_))
