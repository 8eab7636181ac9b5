"""Known-answer tests that run before anything is signed or verified."""

from cryptography.exceptions import InvalidSignature

from signetd.gm import backend, sm2, sm3, vectors


class SelfTestError(Exception):
    """A known answer did not come out: nothing that this program computes can be relied on."""


def run() -> None:
    """Run the known answers of SM3 and SM2. Raises SelfTestError naming the one that failed."""
    for data, digest in vectors.SM3_OF.items():
        _expect(sm3.sm3(data) == digest, f"SM3 of {len(data)} bytes")
    key = sm2.Sm2PublicKey.from_spki(vectors.SPKI)
    _expect(sm2.z_value(key, vectors.SIGNER_ID) == vectors.Z, "Z of SM2")
    _expect(sm2.message_digest(key, vectors.MESSAGE, vectors.SIGNER_ID) == vectors.E, "e of SM2")
    _expect(_valid(key, vectors.SIGNATURE), "an SM2 signature that is valid")
    for position in (0, 63):
        tampered = bytearray(vectors.SIGNATURE)
        tampered[position] ^= 1
        _expect(not _valid(key, bytes(tampered)), "an SM2 signature that is not valid")


def _valid(key: sm2.Sm2PublicKey, signature: bytes) -> bool:
    try:
        sm2.verify(key, vectors.MESSAGE, signature, vectors.SIGNER_ID)
    except InvalidSignature:
        return False
    except backend.NoBackendError as error:
        raise SelfTestError(str(error)) from None
    return True


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise SelfTestError(f"the self-test failed: {what}")
