"""The rules of PKCS#11 for operations, kept by the SM2 module and between it and SoftHSM."""

from typing import Any

import pytest

E_GIVEN, WITH_SM3, ECDSA, SHA256 = 0x80000202, 0x80000203, 0x1041, 0x250
P256 = "06082a8648ce3d030107"
E = "11" * 32

ACTIVE, NOT_INITIALIZED, TOO_SMALL = 0x90, 0x91, 0x150
KEY_HANDLE_INVALID, KEY_TYPE_INCONSISTENT, NOT_PERMITTED = 0x60, 0x63, 0x68


@pytest.fixture
def key(child: Any) -> tuple[int, int]:
    session = child.start_session()
    return session, child.make_key(session)[1]


@pytest.fixture
def p256(child: Any, key: tuple[int, int]) -> int:
    """A key that SoftHSM signs with by itself."""
    public, private = [(0x180, P256)], [(0x108, "01")]
    rv, _, handle = child.generate(key[0], 0x1040, public, private)
    assert rv == 0
    assert isinstance(handle, int)
    return handle


@pytest.mark.parametrize("mechanism", [E_GIVEN, WITH_SM3])
def test_asking_for_the_length_keeps_the_operation(
    child: Any, key: tuple[int, int], mechanism: int
) -> None:
    session, private = key
    assert child.sign_init(session, mechanism, private) == [0]
    assert child.sign(session, E, None) == [0, 64, None]
    assert child.sign(session, E, 63) == [TOO_SMALL, 64, None]
    assert child.sign(session, E, 0) == [TOO_SMALL, 64, None]
    assert child.sign(session, E, 64)[:2] == [0, 64]
    assert child.sign(session, E)[0] == NOT_INITIALIZED


def test_asking_for_the_length_of_a_signature_in_parts(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_init(session, WITH_SM3, private) == [0]
    assert child.sign_update(session, "00") == [0]
    assert child.sign_final(session, None) == [0, 64, None]
    assert child.sign_final(session, 63) == [TOO_SMALL, 64, None]
    assert child.sign_final(session, 64)[:2] == [0, 64]
    assert child.sign_final(session)[0] == NOT_INITIALIZED


def test_parts_are_not_ended_by_c_sign(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_init(session, WITH_SM3, private) == [0]
    assert child.sign_update(session, "00") == [0]
    assert child.sign(session, "00")[0] == NOT_INITIALIZED
    assert child.sign_final(session)[0] == 0


def test_nothing_without_an_operation(child: Any, key: tuple[int, int]) -> None:
    session, _ = key
    assert child.sign(session, E)[0] == NOT_INITIALIZED
    assert child.sign_update(session, E) == [NOT_INITIALIZED]
    assert child.sign_final(session)[0] == NOT_INITIALIZED


@pytest.mark.parametrize(
    "name",
    [
        *("C_EncryptInit", "C_DecryptInit", "C_VerifyInit"),
        *("C_SignRecoverInit", "C_VerifyRecoverInit", "C_SignInit"),
    ],
)
def test_an_sm2_operation_excludes_others(
    child: Any, key: tuple[int, int], p256: int, name: str
) -> None:
    session, private = key
    assert child.sign_init(session, E_GIVEN, private) == [0]
    assert child.start(name, session, ECDSA, p256) == [ACTIVE]
    assert child.sign(session, E)[0] == 0


def test_an_sm2_operation_excludes_digests_and_searches(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_init(session, WITH_SM3, private) == [0]
    assert child.sign_init(session, WITH_SM3, private) == [ACTIVE]
    assert child.digest_init(session, SHA256) == [ACTIVE]
    assert child.find_init(session, []) == [ACTIVE]
    assert child.sign(session, E)[0] == 0


def test_an_operation_of_softhsm_excludes_sm2(child: Any, key: tuple[int, int], p256: int) -> None:
    session, private = key
    assert child.sign_init(session, ECDSA, p256) == [0]
    assert child.sign_init(session, E_GIVEN, private) == [ACTIVE]
    assert child.sign(session, E)[:2] == [0, 64]
    assert child.digest_init(session, SHA256) == [0]
    assert child.sign_init(session, E_GIVEN, private) == [ACTIVE]
    assert child.digest_final(session)[:2] == [0, 32]
    assert child.find_init(session, []) == [0]
    assert child.sign_init(session, E_GIVEN, private) == [ACTIVE]
    assert child.call("C_FindObjectsFinal", session) == [0]
    assert child.sign_init(session, E_GIVEN, private) == [0]


def test_sessions_have_operations_of_their_own(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    _, other = child.open(child.slot())
    assert child.sign_init(session, WITH_SM3, private) == [0]
    assert child.sign_init(other, E_GIVEN, private) == [0]
    assert child.sign_update(session, "00") == [0]
    assert child.sign(other, E)[0] == 0
    assert child.sign_final(session)[0] == 0


def test_ecdsa_with_an_sm2_key_is_refused(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_init(session, ECDSA, private) == [KEY_TYPE_INCONSISTENT]


def test_sm2_with_another_key_is_refused(child: Any, key: tuple[int, int], p256: int) -> None:
    session, _ = key
    assert child.sign_init(session, E_GIVEN, p256) == [KEY_TYPE_INCONSISTENT]
    assert child.sign_init(session, E_GIVEN, 0x7FFF0000) == [KEY_HANDLE_INVALID]
    assert child.sign_init(0x7FFF0000, E_GIVEN, p256) == [0xB3]


def test_signing_with_the_public_key_is_refused(child: Any) -> None:
    session = child.start_session()
    public, _ = child.make_key(session)
    assert child.sign_init(session, E_GIVEN, public) == [NOT_PERMITTED]


def test_signing_with_a_key_not_for_signing_is_refused(child: Any) -> None:
    session = child.start_session()
    public = [(0x180, "06082a811ccf5501822d")]
    rv, _, private = child.generate(session, 0x80000201, public, [(0x108, "00")])
    assert rv == 0
    assert child.sign_init(session, E_GIVEN, private) == [NOT_PERMITTED]


def test_logout_ends_the_operation_and_hides_the_key(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_init(session, E_GIVEN, private) == [0]
    assert child.call("C_Logout", session) == [0]
    assert child.sign(session, E)[0] == NOT_INITIALIZED
    assert child.sign_init(session, E_GIVEN, private) == [KEY_HANDLE_INVALID]


def test_closing_the_last_session_logs_out(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_init(session, E_GIVEN, private) == [0]
    assert child.call("C_CloseSession", session) == [0]
    _, session = child.open(child.slot())
    assert child.sign_init(session, E_GIVEN, private) == [KEY_HANDLE_INVALID]


@pytest.mark.parametrize("ending", ["C_CloseSession", "C_CloseAllSessions"])
def test_a_closed_session_has_no_operation(child: Any, key: tuple[int, int], ending: str) -> None:
    session, private = key
    assert child.sign_init(session, E_GIVEN, private) == [0]
    assert child.call(ending, child.slot() if "All" in ending else session) == [0]
    assert child.sign(session, E)[0] == 0xB3


def test_a_destroyed_key_is_forgotten(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_many(session, E_GIVEN, private, E, 2) == [0]
    assert child.call("C_DestroyObject", session, private) == [0]
    assert child.sign_init(session, E_GIVEN, private) == [KEY_HANDLE_INVALID]


def test_a_key_destroyed_by_another_process_is_not_used(child: Any, start: Any) -> None:
    session = child.start_session()
    _, private = child.make_key(session, "shared")
    assert child.sign_many(session, E_GIVEN, private, E, 2) == [0]
    other = start()
    other_session = other.start_session()
    found = other.find(other_session, [(0x3, b"shared".hex()), (0x0, "0300000000000000")])[1]
    assert [other.call("C_DestroyObject", other_session, key) for key in found] == [[0]]
    assert child.sign_init(session, E_GIVEN, private) == [KEY_HANDLE_INVALID]


def test_handles_mean_new_keys_after_finalize(child: Any, openssl_accepts: Any, der: Any) -> None:
    """SoftHSM counts handles from 1 again: a remembered key would sign for another."""
    session = child.start_session()
    public, private = child.make_key(session, "first life")
    assert child.sign_many(session, E_GIVEN, private, E, 1) == [0]
    for key in (public, private):
        assert child.call("C_DestroyObject", session, key) == [0]
    assert child.finalize() == [0]
    session = child.start_session()
    public, private = child.make_key(session, "second life")
    assert child.sign_init(session, E_GIVEN, private) == [0]
    signature = der(child.sign(session, E)[2])
    assert openssl_accepts(child.spki(session, public), signature, bytes.fromhex(E), None)


def test_many_signatures_take_no_more_memory(child: Any, key: tuple[int, int]) -> None:
    session, private = key
    assert child.sign_many(session, WITH_SM3, private, E, 300) == [0]
    before = child.resident_kib()[1]
    assert child.sign_many(session, WITH_SM3, private, E, 1000) == [0]
    assert child.resident_kib()[1] - before < 256, "an operation leaks memory"


def test_threads_with_sessions_of_their_own(child: Any) -> None:
    assert child.initialize_for_threads() == [0]
    session = child.log_in()
    _, private = child.make_key(session)
    assert child.sign_in_threads(child.slot(), WITH_SM3, private, E, 4, 25) == [0] * 4
    assert child.sign_many(session, E_GIVEN, private, E, 1) == [0]
