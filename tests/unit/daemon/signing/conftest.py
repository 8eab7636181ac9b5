"""What the tests of signing share: software keys, and a token that signs with them."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding as Form
from cryptography.hazmat.primitives.serialization import PublicFormat
from gmssl.sm2 import CryptSM2  # type: ignore[import-untyped]

from signetd.daemon.keys import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.signing import FaultCounter, SigningEngine
from signetd.drivers.algorithms import ALGORITHMS_OF, HASHES, INTEGER_BYTES, hash_name
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import (
    Algorithm,
    Input,
    KeyType,
    ProtectionLevel,
    Requester,
    SignOrder,
    TokenInfo,
)
from signetd.gm import sm2
from tests.unit.daemon.signing.asking import AskedEngine

_SM2_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_SM2_PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
_SM2_PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_CURVES = {
    KeyType.EC_P256: ec.SECP256R1(),
    KeyType.EC_P384: ec.SECP384R1(),
    KeyType.EC_P521: ec.SECP521R1(),
}
_SERIAL = "00a1"


@cache
def _private(key_type: KeyType) -> Any:
    if key_type in _CURVES:
        return ec.generate_private_key(_CURVES[key_type])
    if key_type is KeyType.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def _spki(key_type: KeyType) -> bytes:
    if key_type is KeyType.SM2:
        return _SM2_SPKI + bytes.fromhex(_SM2_PUBLIC)
    public = _private(key_type).public_key()
    return bytes(public.public_bytes(Form.DER, PublicFormat.SubjectPublicKeyInfo))


def _sign_sm2(e: bytes) -> bytes:
    signature = None
    while signature is None:
        signature = CryptSM2(private_key=_SM2_PRIVATE, public_key=_SM2_PUBLIC).sign(
            e, secrets.token_hex(31)
        )
    return bytes.fromhex(signature)


def _sign(key_type: KeyType, algorithm: Algorithm, digest: bytes) -> bytes:
    hash_ = HASHES[hash_name(algorithm)]
    if key_type in _CURVES:
        pair = decode_dss_signature(_private(key_type).sign(digest, ec.ECDSA(Prehashed(hash_))))
        return b"".join(number.to_bytes(INTEGER_BYTES[algorithm], "big") for number in pair)
    if "_PSS_" in algorithm:
        pss = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
        return bytes(_private(key_type).sign(digest, pss, Prehashed(hash_)))
    return bytes(_private(key_type).sign(digest, padding.PKCS1v15(), Prehashed(hash_)))


class FakeToken:
    """A token in software; ``orders`` is what it was asked to sign."""

    def __init__(self) -> None:
        self.status = TokenStatus(TokenState.READY, "", datetime.now(UTC))
        offered = {each: [Input.DIGEST] for each in Algorithm}
        offered[Algorithm.ED25519] = [Input.MESSAGE]
        self.info: TokenInfo | None = TokenInfo(
            label="signing",
            serial=_SERIAL,
            manufacturer="maker",
            model="model",
            module="module 1.0",
            protection_level=ProtectionLevel.SOFTWARE,
            inputs=offered,
        )
        self.orders: list[SignOrder] = []
        self.requesters: list[Requester] = []
        self.failure: SignetError | None = None

    def offer(self, algorithm: Algorithm, inputs: list[Input]) -> None:
        assert self.info is not None
        changed = {**self.info.inputs, algorithm: inputs}
        self.info = msgspec.structs.replace(self.info, inputs=changed)

    async def sign(self, order: SignOrder, requester: Requester) -> bytes:
        self.orders.append(order)
        self.requesters.append(requester)
        if self.failure:
            raise self.failure
        key_type = next(each for each, fit in ALGORITHMS_OF.items() if order.algorithm in fit)
        if key_type is KeyType.SM2:
            return _sign_sm2(self._e(order))
        if key_type is KeyType.ED25519:
            return bytes(_private(key_type).sign(order.data))
        return _sign(key_type, order.algorithm, order.data)

    async def sign_many(
        self, orders: Sequence[SignOrder], requester: Requester
    ) -> list[bytes | SignetError]:
        results: list[bytes | SignetError] = []
        for order in orders:
            try:
                results.append(await self.sign(order, requester))
            except SignetError as error:
                results.append(error)
        return results

    def _e(self, order: SignOrder) -> bytes:
        if order.input is Input.DIGEST:
            return order.data
        key = sm2.Sm2PublicKey.from_spki(_spki(KeyType.SM2))
        return sm2.message_digest(key, order.data, order.signer_id)


class FakeKeys:
    """Registered keys, by name; the name of each is its type in lower case."""

    def __init__(self) -> None:
        self.kept: dict[str, RegisteredKey] = {}
        self.quarantined: list[tuple[str, int]] = []

    def get(self, key_id: str) -> RegisteredKey:
        if key_id not in self.kept:
            raise SignetError(Reason.KEY_NOT_FOUND, "There is no such key.")
        return self.kept[key_id]

    async def quarantine(self, key_id: str, faults: int) -> RegisteredKey:
        self.quarantined.append((key_id, faults))
        self.change(key_id, state=KeyState.QUARANTINED)
        return self.kept[key_id]

    def change(self, key_id: str, **changes: object) -> None:
        self.kept[key_id] = msgspec.structs.replace(self.kept[key_id], **changes)


def _registration(key_type: KeyType) -> RegisteredKey:
    where: dict[str, Any] = {"token": "hsm1", "token_label": "signing", "token_serial": _SERIAL}
    now = datetime.now(UTC)
    return RegisteredKey(
        id=key_type.lower(),
        key_type=key_type,
        default_algorithm=ALGORITHMS_OF[key_type][0],
        state=KeyState.ENABLED,
        origin=KeyOrigin.ENROLLED,
        version=1,
        cka_id=key_type.encode(),
        spki=_spki(key_type),
        protection_level=ProtectionLevel.SOFTWARE,
        create_time=now,
        update_time=now,
        **where,
    )


@pytest.fixture(scope="session")
def registration() -> Callable[[KeyType], RegisteredKey]:
    """Makes the registration of the software key of a type (RSA: 2048 bits for each)."""
    return _registration


@pytest.fixture
def keys() -> FakeKeys:
    """One key of each type but the longer RSA ones."""
    keys = FakeKeys()
    for key_type in set(KeyType) - {KeyType.RSA_3072, KeyType.RSA_4096}:
        keys.kept[key_type.lower()] = _registration(key_type)
    return keys


@pytest.fixture
def token() -> FakeToken:
    """A token that is ready, takes digests, and messages for Ed25519."""
    return FakeToken()


@pytest.fixture
def engine(keys: FakeKeys, token: FakeToken) -> AskedEngine:
    """Signs with the keys on the token `hsm1`."""
    made = SigningEngine(keys, {"hsm1": token}, FaultCounter(keys, {"hsm1": 3}))
    return AskedEngine(made, keys)
