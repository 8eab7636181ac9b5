"""Signing: what reaches the token, how the signature comes back, and what is refused."""

import dataclasses
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyState
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.daemon.signing import (
    MAX_MESSAGE_BYTES,
    Encoding,
    SignInput,
    VerifyInput,
)
from signetd.drivers.algorithms import ALGORITHMS_OF, INTEGER_BYTES, digest
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, Input, KeyRef, KeyType, Requester, SignOrder
from signetd.gm import sm2
from tests.unit.daemon.signing.asking import AskedEngine

KEY_OF = {
    algorithm: key_type.lower()
    for key_type, fit in ALGORITHMS_OF.items()
    for algorithm in fit
    if key_type not in (KeyType.RSA_3072, KeyType.RSA_4096)
}
FORMS = [
    (algorithm, encoding)
    for algorithm in Algorithm
    for encoding in (None, *Encoding)
    if encoding is not Encoding.DER or algorithm in INTEGER_BYTES
]
MESSAGES = [b"", b"a", bytes(70_000), bytes(MAX_MESSAGE_BYTES)]


@pytest.mark.parametrize(("algorithm", "encoding"), FORMS)
async def test_a_signature_verifies_in_each_encoding(
    engine: AskedEngine, keys: Any, algorithm: Algorithm, encoding: Encoding | None
) -> None:
    request = SignInput(
        key=KEY_OF[algorithm], message=b"document", algorithm=algorithm, encoding=encoding
    )
    signed = await engine.sign(request)
    expected = Encoding.DER if algorithm in INTEGER_BYTES else Encoding.RAW
    assert signed.encoding is (encoding or expected)
    assert signed.algorithm is algorithm
    assert signed.key == keys.get(request.key)
    check = VerifyInput(**msgspec.structs.asdict(request), signature=signed.signature)
    assert (await engine.verify(check)).valid
    altered = msgspec.structs.replace(check, message=b"another document")
    assert not (await engine.verify(altered)).valid


@pytest.mark.parametrize("message", MESSAGES, ids=len)
@pytest.mark.parametrize("algorithm", sorted(set(Algorithm) - {Algorithm.SM2_SM3}))
async def test_the_token_gets_the_digest_of_the_message(
    engine: AskedEngine, token: Any, keys: Any, algorithm: Algorithm, message: bytes
) -> None:
    name = KEY_OF[algorithm]
    await engine.sign(SignInput(key=name, message=message, algorithm=algorithm))
    pure = algorithm is Algorithm.ED25519
    assert token.orders == [
        SignOrder(
            key=keys.get(name).ref,
            algorithm=algorithm,
            input=Input.MESSAGE if pure else Input.DIGEST,
            data=message if pure else digest(algorithm, message),
        )
    ]
    assert isinstance(token.orders[0].key, KeyRef)


@pytest.mark.parametrize("message", MESSAGES, ids=len)
@pytest.mark.parametrize(
    "signer_id", [None, b"ALICE123@YAHOO.COM", bytes(8191)], ids=["default", "other", "longest"]
)
async def test_an_sm2_message_is_hashed_here_with_the_signer_id(
    engine: AskedEngine, token: Any, keys: Any, message: bytes, signer_id: bytes | None
) -> None:
    await engine.sign(SignInput(key="sm2", message=message, signer_id=signer_id))
    public = sm2.Sm2PublicKey.from_spki(keys.get("sm2").spki)
    (order,) = token.orders
    assert order.data == sm2.message_digest(public, message, signer_id or b"1234567812345678")
    assert (order.input, order.signer_id) == (Input.DIGEST, b"")


@pytest.mark.parametrize("signer_id", [b"1234567812345678", b"another"])
async def test_an_sm2_message_goes_to_a_token_that_takes_messages(
    engine: AskedEngine, token: Any, signer_id: bytes
) -> None:
    token.offer(Algorithm.SM2_SM3, [Input.MESSAGE])
    request = SignInput(key="sm2", message=b"m", signer_id=signer_id)
    signed = await engine.sign(request)
    (order,) = token.orders
    assert (order.input, order.data, order.signer_id) == (Input.MESSAGE, b"m", signer_id)
    check = VerifyInput(**msgspec.structs.asdict(request), signature=signed.signature)
    assert (await engine.verify(check)).valid
    assert not (await engine.verify(msgspec.structs.replace(check, signer_id=b"x"))).valid


async def test_a_digest_is_sent_as_it_is(engine: AskedEngine, token: Any) -> None:
    for name, size in (("sm2", 32), ("rsa_2048", 32), ("ec_p384", 48), ("ec_p521", 64)):
        token.orders.clear()
        request = SignInput(key=name, digest=b"\x5a" * size)
        signed = await engine.sign(request)
        assert (token.orders[0].input, token.orders[0].data) == (Input.DIGEST, b"\x5a" * size)
        check = VerifyInput(**msgspec.structs.asdict(request), signature=signed.signature)
        assert (await engine.verify(check)).valid, name


async def refused(engine: AskedEngine, token: Any, request: SignInput) -> SignetError:
    with pytest.raises(SignetError) as error:
        await engine.sign(request)
    assert token.orders == [], "a refused request must not reach the token"
    return error.value


HELLO = SignInput(key="sm2", message=b"hello")


async def test_an_unknown_key_is_refused_before_anything_else(
    engine: AskedEngine, token: Any
) -> None:
    error = await refused(engine, token, SignInput(key="nobody"))
    assert error.reason is Reason.KEY_NOT_FOUND


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        (KeyState.DISABLED, "Enable it"),
        (KeyState.DESTROYED, "final"),
        (KeyState.QUARANTINED, "check the token"),
    ],
)
async def test_a_key_that_is_not_enabled_does_not_sign(
    engine: AskedEngine, token: Any, keys: Any, state: KeyState, way_out: str
) -> None:
    keys.change("sm2", state=state)
    error = await refused(engine, token, HELLO)
    assert error.reason is Reason.KEY_STATE_WRONG
    assert way_out in error.message
    bad = await refused(engine, token, SignInput(key="sm2", message=b"", input_crc32c=1))
    assert bad.reason is Reason.INPUT_CRC_MISMATCH, "the request is checked before the state"


@pytest.mark.parametrize(
    ("state", "reason"),
    [(TokenState.LOCKED, Reason.TOKEN_LOCKED), (TokenState.ABSENT, Reason.TOKEN_ABSENT)],
)
async def test_a_token_that_is_not_ready_is_refused(
    engine: AskedEngine, token: Any, keys: Any, state: TokenState, reason: Reason
) -> None:
    token.status = dataclasses.replace(token.status, state=state, reason="no PIN yet")
    error = await refused(engine, token, HELLO)
    assert error.reason is reason
    assert "no PIN yet" in error.message
    keys.change("sm2", state=KeyState.DISABLED)
    assert (await refused(engine, token, HELLO)).reason is Reason.KEY_STATE_WRONG


async def test_a_token_that_tells_nothing_of_itself_counts_as_absent(
    engine: AskedEngine, token: Any
) -> None:
    token.info = None
    assert (await refused(engine, token, HELLO)).reason is Reason.TOKEN_ABSENT


async def test_a_token_that_left_the_configuration_is_named(
    engine: AskedEngine, token: Any, keys: Any
) -> None:
    keys.change("sm2", token="gone")
    error = await refused(engine, token, HELLO)
    assert error.reason is Reason.TOKEN_NOT_FOUND
    assert "'gone'" in error.message


async def test_another_token_in_the_place_of_the_registered_one_is_refused(
    engine: AskedEngine, token: Any
) -> None:
    token.info = msgspec.structs.replace(token.info, serial="ffff")
    error = await refused(engine, token, HELLO)
    assert error.reason is Reason.KEY_NOT_ON_TOKEN
    assert "'00a1'" in error.message
    assert "'ffff'" in error.message


async def test_what_the_token_does_not_offer_is_refused_by_name(
    engine: AskedEngine, token: Any
) -> None:
    offered = {Algorithm.ED25519: [Input.MESSAGE], Algorithm.SM2_SM3: []}
    token.info = msgspec.structs.replace(token.info, inputs=offered)
    error = await refused(engine, token, HELLO)
    assert error.reason is Reason.ALGORITHM_NOT_ON_TOKEN
    assert "'hsm1' does not offer SM2_SM3; it offers: ED25519." in error.message


async def test_a_failure_of_the_token_reaches_the_caller(engine: AskedEngine, token: Any) -> None:
    token.failure = SignetError(Reason.TOKEN_FAILED, "The token failed.", ckr="CKR_DEVICE_ERROR")
    with pytest.raises(SignetError) as error:
        await engine.sign(HELLO)
    assert error.value is token.failure


async def test_the_token_learns_for_whom_it_signs(engine: AskedEngine, token: Any) -> None:
    requester = Requester(client="app", deadline=1.0)
    await engine.sign(HELLO, requester)
    assert token.requesters == [requester]


@pytest.mark.parametrize("purpose", KeyPurpose)
@pytest.mark.parametrize("skipped", [False, True])
async def test_the_token_is_told_to_verify_unless_a_key_for_signing_does_without(
    engine: AskedEngine, keys: Any, token: Any, purpose: KeyPurpose, skipped: bool
) -> None:
    policy = KeyPolicy(skip_verification=skipped)
    keys.change("ec_p256", policy=policy, purpose=purpose)
    await engine.sign(SignInput(key="ec_p256", message=b"document"))
    [order] = token.orders
    assert order.verify is not (skipped and purpose is KeyPurpose.SIGNING)
