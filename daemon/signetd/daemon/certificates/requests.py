"""Requests for certificates (PKCS #10): made here, signed in the token.

What is signed is made by the daemon and names the key's own public key, so that nobody can have a
message, a digest or a seal of their own signed in this way.
"""

from typing import Final, Protocol

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import KeyPurpose
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.types import Signed, SignInput
from signetd.daemon.signing.validate import Checked, check, check_allowed, check_enabled
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Requester
from signetd.pki import InputError, csr

_NAMES: Final = {
    Algorithm.SM2_SM3: "sm2-sm3",
    Algorithm.RSA_PKCS1_SHA256: "rsa-sha256",
    Algorithm.RSA_PKCS1_SHA384: "rsa-sha384",
    Algorithm.RSA_PKCS1_SHA512: "rsa-sha512",
    Algorithm.RSA_PSS_SHA256: "rsa-pss-sha256",
    Algorithm.RSA_PSS_SHA384: "rsa-pss-sha384",
    Algorithm.RSA_PSS_SHA512: "rsa-pss-sha512",
    Algorithm.ECDSA_P256_SHA256: "ecdsa-sha256",
    Algorithm.ECDSA_P384_SHA384: "ecdsa-sha384",
    Algorithm.ECDSA_P521_SHA512: "ecdsa-sha512",
    Algorithm.ED25519: "ed25519",
}
_SEALS: Final = ("digitalSignature", "nonRepudiation")
_USAGES: Final = {
    KeyPurpose.SIGNING: ("digitalSignature",),
    KeyPurpose.SEALING: _SEALS,
    KeyPurpose.SEAL_MAKING: _SEALS,
}
"""What is asked for when the caller does not say, by purpose."""
_POSSIBLE: Final = frozenset(_SEALS)
"""Keys here sign, and nothing else; and they are of no CA."""


class Keys(Protocol):
    """Where keys are looked up."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...


class Engine(Protocol):
    """What makes signatures."""

    async def sign(self, checked: Checked, digest: bytes, requester: Requester) -> Signed:
        """Sign what was checked."""
        ...


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A request that can be signed; ``digest`` names what is signed, as the audit does."""

    checked: Checked
    digest: bytes


class CertificateRequests:
    """Makes requests for the certificates of keys."""

    def __init__(self, keys: Keys, engine: Engine) -> None:
        self._keys = keys
        self._engine = engine

    async def prepare(
        self, key_id: str, wanted: csr.Wanted, algorithm: Algorithm | None
    ) -> Prepared:
        """Make what is to be signed; no token is asked yet.

        Raises SignetError KEY_NOT_FOUND, KEY_PURPOSE_WRONG for keys of the audit, KEY_STATE_WRONG,
        INPUT_INVALID, ALGORITHM_UNSUITABLE.
        """
        key = self._keys.get(key_id)
        _check_purpose(key)
        check_enabled(key)
        info = _info(key, wanted)
        request = SignInput(key=key_id, message=info, algorithm=algorithm)
        checked = check(key, request)
        check_allowed(key, checked.algorithm)
        return Prepared(checked=checked, digest=await named_digest(checked))

    async def sign(self, prepared: Prepared, requester: Requester) -> bytes:
        """Have the token sign; return the request in DER. Raises what the engine does.

        For SM2 the signer ID is the default one, 1234567812345678 (GM/T 0009, 10).
        """
        signed = await self._engine.sign(prepared.checked, prepared.digest, requester)
        algorithm = csr.signature_algorithm(_NAMES[signed.algorithm])
        return csr.assemble(prepared.checked.data, algorithm, signed.signature)


def _check_purpose(key: RegisteredKey) -> None:
    if key.purpose not in _USAGES:
        raise SignetError(
            Reason.KEY_PURPOSE_WRONG,
            f"The key {key.id!r} is for {key.purpose}: it signs nothing but the audit, a request "
            "for a certificate neither. Have its public key certified, if it must be.",
        )


def _info(key: RegisteredKey, wanted: csr.Wanted) -> bytes:
    if not wanted.subject:
        raise SignetError(
            Reason.INPUT_MISSING, "subject is missing; give it as CN=Example,O=Example Ltd,C=CN."
        )
    if not wanted.key_usages:
        wanted = msgspec.structs.replace(wanted, key_usages=_USAGES[key.purpose])
    try:
        info = csr.request_info(key.spki, wanted)
    except InputError as error:
        raise SignetError(Reason.INPUT_INVALID, f"{error}.") from None
    useless = sorted(set(wanted.key_usages) - _POSSIBLE)
    if useless:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"key_usages has {', '.join(useless)}, but keys here sign data and nothing else: "
            f"possible are {' and '.join(_SEALS)}.",
        )
    return info
