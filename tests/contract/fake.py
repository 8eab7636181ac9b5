"""The fake driver: a token in memory. It keeps to the contract that real tokens keep to."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gmssl.sm2 import CryptSM2  # type: ignore[import-untyped]

from signetd.drivers.algorithms import ALGORITHMS_OF, HASHES, INTEGER_BYTES, RSA_BITS, hash_name
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import enrolment
from signetd.drivers.types import (
    Algorithm,
    Input,
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    ProtectionLevel,
    SignOrder,
    Survey,
    TokenInfo,
    TokenSettings,
)
from signetd.gm import sm2
from signetd.pki import Certificate, InputError, keys
from tests.contract import verification

LACKING = frozenset({KeyType.RSA_3072, KeyType.RSA_4096})
_CURVES = {
    KeyType.EC_P256: ec.SECP256R1(),
    KeyType.EC_P384: ec.SECP384R1(),
    KeyType.EC_P521: ec.SECP521R1(),
}
_LEVEL = ProtectionLevel.UNPROVEN


@dataclass
class FakeToken:
    """What such a token holds, whoever has it open."""

    label: str
    serial: str
    pin: Pin
    pairs: list[tuple[KeyInfo, Any]] = field(default_factory=list)
    lone: set[KeyRef] = field(default_factory=set)
    certificates: dict[KeyRef, bytes] = field(default_factory=dict)
    twins: list[str] = field(default_factory=list)
    is_there: bool = True

    @property
    def info(self) -> TokenInfo:
        """What the token says of itself."""
        inputs = {a: [Input.DIGEST, Input.MESSAGE] for a in Algorithm}
        inputs[Algorithm.ED25519] = [Input.MESSAGE]
        return TokenInfo(
            label=self.label,
            serial=self.serial,
            manufacturer="signetd",
            model="fake",
            module="fake",
            protection_level=_LEVEL,
            inputs=inputs,
        )

    def find(self, settings: TokenSettings) -> TokenInfo:
        """Find the token by label and serial. Raises SignetError."""
        found = [s for s in (self.serial, *self.twins) if settings.serial in ("", s)]
        if not self.is_there or settings.label not in ("", self.label) or not found:
            raise SignetError(Reason.TOKEN_ABSENT, "no such token is in any slot")
        if len(found) > 1:
            why = f"{len(found)} tokens have this label; name one by its serial: {found}"
            raise SignetError(Reason.TOKEN_AMBIGUOUS, why)
        return self.info

    def visible(self) -> list[tuple[KeyInfo, Any]]:
        """The pairs whose public key can be read."""
        return [(info, key) for info, key in self.pairs if info.ref not in self.lone]

    def add(self, key_type: KeyType, label: str, cka_id: bytes, weaknesses: list[str]) -> KeyInfo:
        """Make a key pair."""
        key, spki = _pair(key_type)
        info = KeyInfo(
            ref=KeyRef(cka_id, hashlib.sha256(spki).digest()),
            label=label,
            key_type=key_type,
            spki=spki,
            protection_level=_LEVEL,
            weaknesses=weaknesses,
        )
        self.pairs.append((info, key))
        return info


class FakeDriver:
    """A FakeToken, opened and unlocked."""

    def __init__(self, token: FakeToken) -> None:
        self._token = token

    @property
    def info(self) -> TokenInfo:
        """What the token says of itself."""
        return self._token.info

    def list_keys(self) -> list[KeyInfo]:
        """List the key pairs."""
        self._check()
        return [info for info, _ in self._token.visible()]

    def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        """Find the one key pair that is meant."""
        return enrolment.choose(Survey(pairs=self.list_keys(), obscure=[]), cka_id, label)

    def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair."""
        self._check()
        if key_type in LACKING:
            why = f"the token cannot generate a {key_type.value} key"
            raise SignetError(Reason.ALGORITHM_NOT_ON_TOKEN, why)
        if any(info.ref.cka_id == cka_id for info, _ in self._token.pairs):
            raise SignetError(Reason.KEY_EXISTS, f"CKA_ID {cka_id.hex()} is taken; give another")
        return self._token.add(key_type, label, cka_id, [])

    def sign(self, order: SignOrder) -> bytes:
        """Make one signature."""
        info, key = self._entry(order.key)
        if info.weaknesses:
            raise SignetError(Reason.KEY_UNPROTECTED, "; ".join(info.weaknesses))
        if order.algorithm not in ALGORITHMS_OF[info.key_type]:
            raise SignetError(Reason.ALGORITHM_UNSUITABLE, "the algorithm is not for this key")
        if order.algorithm is Algorithm.ED25519:
            if order.input is Input.DIGEST:
                raise SignetError(Reason.ALGORITHM_UNSUITABLE, "Ed25519 signs messages")
            return bytes(key.sign(order.data))
        if order.input is Input.MESSAGE:
            data = verification.digest(order.algorithm, order.data, info.spki, order.signer_id)
            order = msgspec.structs.replace(order, input=Input.DIGEST, data=data)
        return _signature(info.key_type, key, order)

    def destroy(self, ref: KeyRef) -> None:
        """Destroy a key pair, and its certificate."""
        self._token.pairs.remove(self._entry(ref))
        self._token.certificates.pop(ref, None)

    def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
        """Put a certificate beside its key pair, in place of the former."""
        info, _ = self._entry(ref)
        try:
            fits = keys.same(Certificate.read(der).spki, info.spki)
        except InputError:
            fits = False
        if not fits:
            raise SignetError(Reason.CERTIFICATE_UNSUITABLE, "it is no certificate of the key")
        self._token.certificates[ref] = der

    def read_certificate(self, ref: KeyRef) -> bytes:
        """Return the certificate beside a key pair, empty for none."""
        self._entry(ref)
        return self._token.certificates.get(ref, b"")

    def _entry(self, ref: KeyRef) -> tuple[KeyInfo, Any]:
        self._check()
        found = next((pair for pair in self._token.visible() if pair[0].ref == ref), None)
        if found is None:
            why = f"the token holds no key pair with CKA_ID {ref.cka_id.hex()}"
            raise SignetError(Reason.KEY_NOT_ON_TOKEN, why)
        return found

    def _check(self) -> None:
        if not self._token.is_there:
            raise SignetError(Reason.TOKEN_ABSENT, "the token was removed")


@dataclass(frozen=True)
class FakeDoor:
    """The backdoor of a fake token."""

    token: FakeToken

    def find(self, settings: TokenSettings) -> TokenInfo:
        """Find the token by other settings."""
        return self.token.find(settings)

    def list_keys(self) -> list[KeyInfo]:
        """List the key pairs."""
        return [info for info, _ in self.token.visible()]

    def attributes(self, cka_id: bytes) -> dict[str, Any]:
        """There are none."""
        raise NotImplementedError("a fake token has no attributes; it says so in its lacks")

    def make(self, cka_id: bytes, label: str, *, extractable: bool = False) -> None:
        """Make a pair on P-256."""
        weaknesses = ["CKA_EXTRACTABLE is true, not false"] if extractable else []
        self.token.add(KeyType.EC_P256, label, cka_id, weaknesses)

    def drop_public(self, cka_id: bytes) -> None:
        """Have the public key forgotten."""
        self.token.lone |= {i.ref for i, _ in self.token.pairs if i.ref.cka_id == cka_id}

    def destroy(self, cka_id: bytes) -> int:
        """Destroy what has this CKA_ID."""
        count = self.count(cka_id)
        self.token.pairs[:] = [p for p in self.token.pairs if p[0].ref.cka_id != cka_id]
        return count

    def certificates(self, cka_id: bytes) -> list[bytes]:
        """Return the certificates with this CKA_ID."""
        return [der for ref, der in self.token.certificates.items() if ref.cka_id == cka_id]

    def count(self, cka_id: bytes = b"") -> int:
        """Count two objects for each pair, one where the public one is gone."""
        found = [i.ref for i, _ in self.token.pairs if not cka_id or i.ref.cka_id == cka_id]
        return sum(1 if ref in self.token.lone else 2 for ref in found)


@contextmanager
def opened(token: FakeToken, settings: TokenSettings, pin: Pin) -> Iterator[FakeDriver]:
    """Open a fake token. Raises SignetError."""
    token.find(settings)
    if pin.reveal() != token.pin.reveal():
        raise SignetError(Reason.PIN_REFUSED, "the token refused the PIN")
    yield FakeDriver(token)


def _pair(key_type: KeyType) -> tuple[Any, bytes]:
    key: Any
    if key_type is KeyType.SM2:
        number = secrets.randbelow(sm2.N - 2) + 1
        private = f"{number:064x}"
        point = CryptSM2(private, "")._kg(number, CryptSM2(private, "").ecc_table["g"])
        key = CryptSM2(private_key=private, public_key=point)
        return key, sm2.Sm2PublicKey.from_point(bytes.fromhex(point)).to_spki()
    if key_type in _CURVES:
        key = ec.generate_private_key(_CURVES[key_type])
    elif key_type is KeyType.ED25519:
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65537, RSA_BITS[key_type])
    return key, key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _signature(key_type: KeyType, key: Any, order: SignOrder) -> bytes:
    if key_type is KeyType.SM2:
        signature = None
        while signature is None:
            signature = key.sign(order.data, secrets.token_hex(31))
        return bytes.fromhex(signature)
    hash_ = HASHES[hash_name(order.algorithm)]
    if key_type in _CURVES:
        pair = decode_dss_signature(key.sign(order.data, ec.ECDSA(Prehashed(hash_))))
        return b"".join(n.to_bytes(INTEGER_BYTES[order.algorithm]) for n in pair)
    if "_PSS_" in order.algorithm:
        pss = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
        return bytes(key.sign(order.data, pss, Prehashed(hash_)))
    return bytes(key.sign(order.data, padding.PKCS1v15(), Prehashed(hash_)))
