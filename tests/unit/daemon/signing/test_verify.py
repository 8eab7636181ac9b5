"""Verifying: an invalid signature is an answer, whatever its form and the key's state."""

import dataclasses
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding as Form
from cryptography.hazmat.primitives.serialization import PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signetd.daemon.keys import KeyState, versions
from signetd.daemon.signing import Encoding, SignInput, VerifyInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from tests.unit.daemon.signing.asking import AskedEngine

NAMES = ["sm2", "rsa_2048", "ec_p256", "ec_p384", "ec_p521", "ed25519"]


async def valid(engine: AskedEngine, name: str, signature: bytes, **fields: Any) -> bool:
    request = VerifyInput(**({"key": name, "message": b"m"} | fields), signature=signature)
    return (await engine.verify(request)).valid


@pytest.mark.parametrize("state", KeyState)
async def test_old_signatures_verify_in_every_state_and_without_a_token(
    engine: AskedEngine, keys: Any, token: Any, state: KeyState
) -> None:
    signed = await engine.sign(SignInput(key="sm2", message=b"m"))
    keys.change("sm2", state=state, token="gone")
    token.status = dataclasses.replace(token.status, state=TokenState.ABSENT)
    assert await valid(engine, "sm2", signed.signature)


@pytest.mark.parametrize("name", NAMES)
async def test_a_malformed_signature_is_invalid_and_no_error(
    engine: AskedEngine, name: str
) -> None:
    good = (await engine.sign(SignInput(key=name, message=b"m"))).signature
    assert await valid(engine, name, good)
    for bad in (b"", b"\x30", good[:-1], good + b"\0", b"\0" + good, bytes(len(good)), b"x" * 9999):
        assert not await valid(engine, name, bad)
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    assert not await valid(engine, name, flipped)


@pytest.mark.parametrize("name", ["sm2", "ec_p256", "ec_p384", "ec_p521"])
async def test_the_encodings_are_not_mixed_up(engine: AskedEngine, name: str) -> None:
    signatures = {
        encoding: (
            await engine.sign(SignInput(key=name, message=b"m", encoding=encoding))
        ).signature
        for encoding in Encoding
    }
    for written, signature in signatures.items():
        for read in Encoding:
            is_valid = await valid(engine, name, signature, encoding=read)
            assert is_valid is (written is read), f"{written} read as {read}"


async def test_der_is_read_strictly(engine: AskedEngine) -> None:
    good = (await engine.sign(SignInput(key="sm2", message=b"m"))).signature
    assert good[0] == 0x30
    long_length = b"\x30\x81" + good[1:]
    first = 4 + good[3]
    padded_r = b"\x30" + bytes([good[1] + 1, 2, good[3] + 1, 0]) + good[4:first] + good[first:]
    indefinite = b"\x30\x80" + good[2:] + b"\0\0"
    for bad in (long_length, padded_r, indefinite):
        assert not await valid(engine, "sm2", bad), bad.hex()


async def test_a_bad_request_is_an_error(engine: AskedEngine) -> None:
    with pytest.raises(SignetError) as error:
        await engine.verify(VerifyInput(key="sm2", signature=b""))
    assert error.value.reason is Reason.INPUT_MISSING
    with pytest.raises(SignetError) as error:
        await engine.verify(VerifyInput(key="nobody", message=b"", signature=b""))
    assert error.value.reason is Reason.KEY_NOT_FOUND


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(NAMES),
    signature=st.binary(max_size=150),
    encoding=st.none() | st.just(Encoding.RAW),
)
async def test_garbage_is_never_valid_and_never_a_crash(
    engine: AskedEngine, name: str, signature: bytes, encoding: Encoding | None
) -> None:
    assert not await valid(engine, name, signature, encoding=encoding)


async def replace(engine: AskedEngine, keys: Any, name: str) -> Any:
    """Put a key that nobody signs with in the place of the one that has signed *name*'s message."""
    signed = await engine.sign(SignInput(key=name, message=b"m"))
    old = keys.get(name)
    keys.change(
        name,
        version=2,
        spki=ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Form.DER, PublicFormat.SubjectPublicKeyInfo),
        older=(versions.retired(old),),
    )
    return signed


async def test_older_versions_verify_and_are_named(engine: AskedEngine, keys: Any) -> None:
    signed = await replace(engine, keys, "ec_p256")
    request = VerifyInput(key="ec_p256", message=b"m", signature=signed.signature)
    found = await engine.verify(request)
    assert (found.valid, found.key.version) == (True, 1)
    for version, is_valid in ((1, True), (2, False)):
        found = await engine.verify(msgspec.structs.replace(request, version=version))
        assert (found.valid, found.key.version) == (is_valid, version)
    found = await engine.verify(msgspec.structs.replace(request, message=b"n"))
    assert (found.valid, found.key.version) == (False, 2), "the one that signs is named"
    with pytest.raises(SignetError, match="no version 3") as error:
        await engine.verify(msgspec.structs.replace(request, version=3))
    assert error.value.reason is Reason.KEY_NOT_FOUND
