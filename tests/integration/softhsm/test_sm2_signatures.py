"""Signatures of the SM2 module, verified by the openssl command."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

E_GIVEN, WITH_SM3 = 0x80000202, 0x80000203
DEFAULT_ID = "1234567812345678"

Verify = Callable[..., bool]
Der = Callable[[str], bytes]


@pytest.fixture
def key(child: Any) -> tuple[int, int, bytes]:
    """A session, a private key, and its public key as SubjectPublicKeyInfo."""
    session = child.start_session()
    public, private = child.make_key(session)
    return session, private, child.spki(session, public)


def e_of(spki: bytes, message: bytes, signer_id: bytes) -> bytes:
    """e of GB/T 32918.2, 5.5, computed apart from the module."""
    curve = (
        "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"
        "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"
        "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
        "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
    )
    start = (len(signer_id) * 8).to_bytes(2, "big") + signer_id + bytes.fromhex(curve)
    z = hashlib.new("sm3", start + spki[-64:]).digest()
    return hashlib.new("sm3", z + message).digest()


def test_message_with_the_default_id(
    child: Any, key: tuple[int, int, bytes], openssl_accepts: Verify, der: Der
) -> None:
    session, private, spki = key
    assert child.sign_init(session, WITH_SM3, private) == [0]
    signature = der(child.sign(session, b"a document".hex())[2])
    assert openssl_accepts(spki, signature, b"a document", DEFAULT_ID)
    assert not openssl_accepts(spki, signature, b"another document", DEFAULT_ID)
    assert not openssl_accepts(spki, signature, b"a document", "somebody else")


@pytest.mark.parametrize("signer_id", ["A", "alice@example.cn", "x" * 8190], ids=len)
def test_message_with_another_id(
    child: Any, key: tuple[int, int, bytes], signer_id: str, openssl_accepts: Verify, der: Der
) -> None:
    session, private, spki = key
    assert child.sign_init(session, WITH_SM3, private, signer_id.encode().hex()) == [0]
    signature = der(child.sign(session, b"a document".hex())[2])
    assert openssl_accepts(spki, signature, b"a document", signer_id)
    assert not openssl_accepts(spki, signature, b"a document", DEFAULT_ID)


def test_longest_id(
    child: Any, key: tuple[int, int, bytes], openssl_accepts: Verify, der: Der
) -> None:
    """8191 bytes are the most whose bits two bytes can count; openssl stops one before."""
    session, private, spki = key
    assert child.sign_init(session, WITH_SM3, private, "78" * 8191) == [0]
    signature = der(child.sign(session, b"a document".hex())[2])
    assert openssl_accepts(spki, signature, e_of(spki, b"a document", b"x" * 8191), None)


@pytest.mark.parametrize("parameter", ["", "41" * 8192], ids=["empty", "too long"])
def test_unusable_id_is_refused(child: Any, key: tuple[int, int, bytes], parameter: str) -> None:
    session, private, _ = key
    assert child.sign_init(session, WITH_SM3, private, parameter) == [0x71]


def test_message_in_parts(
    child: Any, key: tuple[int, int, bytes], openssl_accepts: Verify, der: Der
) -> None:
    session, private, spki = key
    assert child.sign_init(session, WITH_SM3, private) == [0]
    for part in (b"a ", b"", b"document", b"x" * 100_000):
        assert child.sign_update(session, part.hex()) == [0]
    signature = der(child.sign_final(session)[2])
    assert openssl_accepts(spki, signature, b"a document" + b"x" * 100_000, DEFAULT_ID)


@pytest.mark.parametrize("final", [False, True], ids=["C_Sign", "C_SignFinal"])
def test_empty_message(
    child: Any, key: tuple[int, int, bytes], final: bool, openssl_accepts: Verify, der: Der
) -> None:
    """openssl's -rawin refuses an empty file, so it verifies e."""
    session, private, spki = key
    assert child.sign_init(session, WITH_SM3, private) == [0]
    signature = child.sign_final(session)[2] if final else child.sign(session, "")[2]
    e = e_of(spki, b"", DEFAULT_ID.encode())
    assert openssl_accepts(spki, der(signature), e, None)


@pytest.mark.parametrize("parts", [1, 4, 32])
def test_e_as_given(
    child: Any, key: tuple[int, int, bytes], parts: int, openssl_accepts: Verify, der: Der
) -> None:
    session, private, spki = key
    e = e_of(spki, b"a document", DEFAULT_ID.encode())
    assert child.sign_init(session, E_GIVEN, private) == [0]
    if parts == 1:
        signature = child.sign(session, e.hex())[2]
    else:
        size = len(e) // parts
        for start in range(0, len(e), size):
            assert child.sign_update(session, e[start : start + size].hex()) == [0]
        signature = child.sign_final(session)[2]
    assert openssl_accepts(spki, der(signature), e, None)
    assert openssl_accepts(spki, der(signature), b"a document", DEFAULT_ID)


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_e_of_another_length_is_refused(
    child: Any, key: tuple[int, int, bytes], length: int
) -> None:
    session, private, _ = key
    assert child.sign_init(session, E_GIVEN, private) == [0]
    assert child.sign(session, "11" * length)[0] == 0x21
    assert child.sign_init(session, E_GIVEN, private) == [0], "the operation has ended"
    assert child.sign_update(session, "11" * length) == [0x21 if length > 32 else 0]
    if length <= 32:
        assert child.sign_final(session)[0] == 0x21
    assert child.sign_init(session, E_GIVEN, private) == [0], "the operation has ended"


def test_e_takes_no_parameter(child: Any, key: tuple[int, int, bytes]) -> None:
    session, private, _ = key
    assert child.sign_init(session, E_GIVEN, private, "41") == [0x71]


def test_signatures_differ(child: Any, key: tuple[int, int, bytes]) -> None:
    session, private, _ = key
    signatures = set()
    for _ in range(8):
        assert child.sign_init(session, E_GIVEN, private) == [0]
        signatures.add(child.sign(session, "11" * 32)[2])
    assert len(signatures) == 8, "a repeated k would give the private key away"


def test_keys_are_told_apart(child: Any, openssl_accepts: Verify, der: Der) -> None:
    session = child.start_session()
    for number in range(3):
        public, private = child.make_key(session, f"several {number}")
        for _ in range(2):  # the second signature is made with the remembered key
            assert child.sign_init(session, WITH_SM3, private) == [0]
            signature = der(child.sign(session, b"m".hex())[2])
            assert openssl_accepts(child.spki(session, public), signature, b"m", DEFAULT_ID)
