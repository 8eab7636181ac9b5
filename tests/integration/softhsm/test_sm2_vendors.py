"""The SM2 module in the guise of different vendors, by its environment."""

import hashlib
from typing import Any

import pytest

SM2_CURVE = "06082a811ccf5501822d"
DEFAULT_ID = "1234567812345678"
E = "11" * 32


def number(value: int) -> str:
    return value.to_bytes(8, "little").hex()


def signed(child: Any, session: int, mechanism: int, key: int, data: str) -> str:
    assert child.sign_init(session, mechanism, key) == [0]
    rv, length, signature = child.sign(session, data)
    assert isinstance(signature, str)
    assert rv == 0
    assert len(signature) == 2 * length
    return signature


def test_other_numbers(start: Any, openssl_accepts: Any, der: Any) -> None:
    child = start(
        SIGNETD_SM2_KEY_TYPE="0x80000004",
        SIGNETD_SM2_KEY_PAIR_GEN="0x80008001",
        SIGNETD_SM2_SIGN="0x80008105",
        SIGNETD_SM2_SIGN_SM3="0x80008102",
    )
    session = child.start_session()
    public, private = child.make_key(session, mechanism=0x80008001)
    assert child.get(session, private, [0x100, 0x166]) == [
        0,
        [number(0x80000004), number(0x80008001)],
    ]
    signature = der(signed(child, session, 0x80008102, private, b"m".hex()))
    assert openssl_accepts(child.spki(session, public), signature, b"m", DEFAULT_ID)
    assert child.sign_init(session, 0x80000202, private) == [0x63]


def test_ec_as_key_type_and_generation(start: Any) -> None:
    child = start(SIGNETD_SM2_KEY_TYPE="3", SIGNETD_SM2_KEY_PAIR_GEN="0x1040")
    session = child.start_session()
    public, private = child.make_key(session, "as ec", mechanism=0x1040)
    assert child.get(session, private, [0x100, 0x103]) == [0, [number(3), "01"]]
    search = [(0x100, number(3)), (0x3, b"as ec".hex())]
    assert child.find(session, search) == [0, [public, private]]
    assert len(signed(child, session, 0x80000202, private, E)) == 128
    rv, *p256 = child.generate(session, 0x1040, [(0x180, "06082a8648ce3d030107")], [(0x108, "01")])
    assert rv == 0, "the other curves go to SoftHSM"
    assert len(signed(child, session, 0x1041, p256[1], E)) == 128
    assert child.mechanisms(child.slot(), 200)[2].count(0x1040) == 1


def test_token_that_hashes_without_z(start: Any, openssl_accepts: Any, der: Any) -> None:
    child = start(SIGNETD_SM2_HASHING="plain")
    session = child.start_session()
    public, private = child.make_key(session)
    signature = der(signed(child, session, 0x80000203, private, b"m".hex()))
    spki = child.spki(session, public)
    assert openssl_accepts(spki, signature, hashlib.new("sm3", b"m").digest(), None)
    assert not openssl_accepts(spki, signature, b"m", DEFAULT_ID)
    assert child.sign_init(session, 0x80000203, private, "41") == [0x71]


def test_token_with_a_fixed_id(start: Any, openssl_accepts: Any, der: Any) -> None:
    child = start(SIGNETD_SM2_HASHING="z-fixed")
    session = child.start_session()
    public, private = child.make_key(session)
    signature = der(signed(child, session, 0x80000203, private, b"m".hex()))
    assert openssl_accepts(child.spki(session, public), signature, b"m", DEFAULT_ID)
    assert child.sign_init(session, 0x80000203, private, "41") == [0x71]


def test_der(start: Any, openssl_accepts: Any) -> None:
    child = start(SIGNETD_SM2_OUTPUT="der")
    session = child.start_session()
    public, private = child.make_key(session)
    spki = child.spki(session, public)
    assert child.sign_init(session, 0x80000202, private) == [0]
    assert child.sign(session, E, None) == [0, 72, None]
    assert child.sign(session, E, 71) == [0x150, 72, None]
    assert child.sign(session, E)[0] == 0
    for _ in range(10):  # with and without a leading zero in r and s
        signature = bytes.fromhex(signed(child, session, 0x80000202, private, E))
        assert openssl_accepts(spki, signature, bytes.fromhex(E), None)


def test_malformed_der_of_some_devices(start: Any, openssl_accepts: Any, der: Any) -> None:
    child = start(SIGNETD_SM2_OUTPUT="der-padded")
    session = child.start_session()
    public, private = child.make_key(session)
    spki = child.spki(session, public)
    assert child.sign_init(session, 0x80000202, private) == [0]
    assert child.sign(session, E, None) == [0, 70, None]
    assert child.sign(session, E)[0] == 0
    negative = 0
    for _ in range(20):
        signature = signed(child, session, 0x80000202, private, E)
        r, s = signature[8:72], signature[76:]
        assert signature == f"30440220{r}0220{s}"
        assert openssl_accepts(spki, der(r + s), bytes.fromhex(E), None)
        negative += r[0] in "89abcdef" or s[0] in "89abcdef"
    assert negative > 0, "no signature was malformed; the chance of that is 1 in 10^12"


@pytest.mark.parametrize(
    ("off", "gone", "left"),
    [
        ("SIGNETD_SM2_SIGN", 0x80000202, 0x80000203),
        ("SIGNETD_SM2_SIGN_SM3", 0x80000203, 0x80000202),
    ],
)
def test_mechanism_switched_off(start: Any, off: str, gone: int, left: int) -> None:
    child = start(**{off: "0"})
    session = child.start_session()
    _, private = child.make_key(session)
    listed = child.mechanisms(child.slot(), 200)[2]
    assert left in listed
    assert gone not in listed
    assert listed.count(0) == 1, "0 is SoftHSM's CKM_RSA_PKCS_KEY_PAIR_GEN"
    assert child.sign_init(session, gone, private) == [0x63]
    assert child.sign_init(session, 0, private) == [0x63]
    assert child.get(session, private, [0x40000600]) == [0, [number(left)]]
    assert child.mechanism_info(child.slot(), gone)[0] == 0x70
    assert len(signed(child, session, left, private, E)) == 128


def test_mechanism_list(child: Any) -> None:
    assert child.initialize() == [0]
    slot = child.slot()
    rv, count, _ = child.mechanisms(slot, None)
    assert rv == 0
    assert child.mechanisms(slot, count - 1) == [0x150, count, []]
    rv, same, listed = child.mechanisms(slot, count)
    assert (rv, same) == (0, count)
    assert {0x80000201, 0x80000202, 0x80000203, 0x1040, 0x1041} <= set(listed)
    assert len(set(listed)) == count
    assert child.mechanisms(12345, None)[0] == 0x3


def test_mechanism_info(child: Any) -> None:
    assert child.initialize() == [0]
    slot = child.slot()
    rv, least, most, flags = child.mechanism_info(slot, 0x80000201)
    assert (rv, least, most, flags & 0x10800) == (0, 256, 256, 0x10000)
    for mechanism in (0x80000202, 0x80000203):
        rv, least, most, flags = child.mechanism_info(slot, mechanism)
        assert (rv, least, most, flags & 0x10800) == (0, 256, 256, 0x800)
    assert child.mechanism_info(12345, 0x80000202)[0] == 0x3
    assert child.mechanism_info(slot, 0x1041)[0] == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SIGNETD_SM2_KEY_TYPE", "sm2"),
        ("SIGNETD_SM2_KEY_TYPE", ""),
        ("SIGNETD_SM2_KEY_PAIR_GEN", "-1"),
        ("SIGNETD_SM2_KEY_PAIR_GEN", " -1"),
        ("SIGNETD_SM2_KEY_PAIR_GEN", "0"),
        ("SIGNETD_SM2_KEY_PAIR_GEN", "0x80000202"),
        ("SIGNETD_SM2_SIGN", "0x80000202 "),
        ("SIGNETD_SM2_SIGN_SM3", "0x80000202"),
        ("SIGNETD_SM2_SIGN_SM3", "0x100000000"),
        ("SIGNETD_SM2_HASHING", "Z"),
        ("SIGNETD_SM2_OUTPUT", ""),
    ],
)
def test_wrong_settings_are_named(start: Any, variable: str, value: str) -> None:
    child = start(**{variable: value})
    assert child.initialize() == [0x7]
    _, errors = child.end()
    assert errors.count("\n") == 1
    assert f"{variable} must be " in errors


@pytest.mark.parametrize("path", ["", "/nonexistent/module.so", "/etc/passwd"])
def test_missing_module_is_named(start: Any, path: str) -> None:
    child = start(SIGNETD_SM2_MODULE=path)
    assert child.loaded == 0x5
    assert "SIGNETD_SM2_MODULE" in child.end()[1]
