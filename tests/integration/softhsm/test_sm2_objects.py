"""SM2 keys as objects: what is shown, what is refused, what a search finds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signetd.softhsm import ProvisionedToken

CLASS, TOKEN, PRIVATE, LABEL, VALUE = 0x0, 0x1, 0x2, 0x3, 0x11
KEY_TYPE, SENSITIVE, EXTRACTABLE, LOCAL = 0x100, 0x103, 0x162, 0x163
NEVER_EXTRACTABLE, ALWAYS_SENSITIVE, GENERATED_BY, EC_PARAMS = 0x164, 0x165, 0x166, 0x180
EC_POINT, ALWAYS_AUTHENTICATE, ALLOWED = 0x181, 0x202, 0x40000600

GENERATE = 0x80000201
SM2_CURVE, P256 = "06082a811ccf5501822d", "06082a8648ce3d030107"
TRUE, FALSE = "01", "00"
E = "11" * 32


def number(value: int) -> str:
    return value.to_bytes(8, "little").hex()


EC, VENDOR = number(3), number(0x80000201)
PUBLIC_KEY, PRIVATE_KEY = number(2), number(3)


@pytest.fixture
def key(child: Any) -> tuple[int, int, int]:
    session = child.start_session()
    return session, *child.make_key(session)


def shown(child: Any, session: int, key: int) -> dict[int, str]:
    kinds = [SENSITIVE, ALWAYS_SENSITIVE, EXTRACTABLE, NEVER_EXTRACTABLE, LOCAL]
    rv, values = child.get(session, key, kinds)
    assert rv == 0
    return dict(zip(kinds, values, strict=True))


def test_private_key_looks_like_one_made_in_hardware(child: Any, key: tuple[int, int, int]) -> None:
    session, _, private = key
    assert shown(child, session, private) == {
        SENSITIVE: TRUE,
        ALWAYS_SENSITIVE: TRUE,
        EXTRACTABLE: FALSE,
        NEVER_EXTRACTABLE: TRUE,
        LOCAL: TRUE,
    }
    kinds = [CLASS, KEY_TYPE, GENERATED_BY, EC_PARAMS, ALLOWED]
    mechanisms = number(0x80000202) + number(0x80000203)
    assert child.get(session, private, kinds) == [
        0,
        [PRIVATE_KEY, VENDOR, number(GENERATE), SM2_CURVE, mechanisms],
    ]


def test_public_key_has_the_vendor_numbers(child: Any, key: tuple[int, int, int]) -> None:
    session, public, _ = key
    rv, values = child.get(session, public, [CLASS, KEY_TYPE, GENERATED_BY, EC_PARAMS, LOCAL])
    assert (rv, values) == (0, [PUBLIC_KEY, VENDOR, number(GENERATE), SM2_CURVE, TRUE])
    point = child.get(session, public, [EC_POINT])[1][0]
    assert point.startswith("044104")
    assert len(point) == 2 * 67


def test_scalar_is_refused_and_the_other_attributes_are_read(
    child: Any, key: tuple[int, int, int]
) -> None:
    session, _, private = key
    assert child.get(session, private, [LABEL, VALUE, KEY_TYPE]) == [
        0x11,
        [b"key".hex(), None, VENDOR],
    ]
    assert child.lengths(session, private, [VALUE, KEY_TYPE, SENSITIVE]) == [
        0x11,
        [2**64 - 1, 8, 1],
    ]
    assert child.get(session, private, [SENSITIVE, KEY_TYPE], 4) == [0x150, [TRUE, None]]
    assert child.get(session, private, [KEY_TYPE, 0x12345678, SENSITIVE]) == [
        0x12,
        [VENDOR, None, TRUE],
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([(EXTRACTABLE, TRUE)], [TRUE, TRUE, TRUE, FALSE]),
        ([(SENSITIVE, FALSE)], [FALSE, FALSE, FALSE, TRUE]),
        ([(SENSITIVE, FALSE), (EXTRACTABLE, TRUE)], [FALSE, FALSE, TRUE, FALSE]),
        ([(SENSITIVE, TRUE), (EXTRACTABLE, FALSE)], [TRUE, TRUE, FALSE, TRUE]),
    ],
)
def test_weaker_keys_are_shown_as_such_in_every_process(
    child: Any, start: Any, asked: list[tuple[int, str]], expected: list[str]
) -> None:
    session = child.start_session()
    label = f"weak {asked}"[:30]
    _, private = child.make_key(session, label, private=asked)
    assert list(shown(child, session, private).values()) == [*expected, TRUE]
    readable = expected[0] == FALSE and expected[2] == TRUE
    assert child.get(session, private, [VALUE])[0] == (0 if readable else 0x11)
    other = start()
    session = other.start_session()
    search = [(LABEL, label.encode().hex()), (CLASS, PRIVATE_KEY)]
    (found,) = other.find(session, search)[1]
    assert list(shown(other, session, found).values()) == [*expected, TRUE]


def test_keys_outlive_the_process(child: Any, start: Any, openssl_accepts: Any, der: Any) -> None:
    session = child.start_session()
    public, _ = child.make_key(session, "lasting")
    spki = child.spki(session, public)
    other = start()
    session = other.start_session()
    search = [(LABEL, b"lasting".hex()), (CLASS, PRIVATE_KEY)]
    (private,) = other.find(session, search)[1]
    assert other.sign_init(session, 0x80000202, private) == [0]
    signature = der(other.sign(session, E)[2])
    assert openssl_accepts(spki, signature, bytes.fromhex(E), None)


def test_copies_and_changes_of_the_private_key_are_refused(
    child: Any, key: tuple[int, int, int]
) -> None:
    session, public, private = key
    assert child.copy(session, private, [(EXTRACTABLE, TRUE)]) == [0x1B, 0]
    assert child.set(session, private, [(SENSITIVE, FALSE)]) == [0x1B]
    assert child.set(session, private, [(LABEL, "41")]) == [0x1B]
    assert child.set(session, public, [(LABEL, b"renamed".hex())]) == [0]


@pytest.mark.parametrize("extractable", [False, True])
def test_wrapping_is_refused(child: Any, extractable: bool) -> None:
    session = child.start_session()
    template = [(0x161, "2000000000000000"), (0x106, TRUE), (0x107, TRUE), (0x104, TRUE)]
    rv, aes = child.generate_aes(session, template)
    assert rv == 0
    asked = [(EXTRACTABLE, TRUE), (SENSITIVE, FALSE)] if extractable else []
    _, private = child.make_key(session, private=asked)
    for mechanism in (0x2109, 0x210A):  # CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD
        refused = 0x69 if extractable else 0x6A
        assert child.wrap(session, mechanism, aes, private) == [refused, None]


def test_private_keys_do_not_come_in_from_outside(child: Any) -> None:
    session = child.start_session()
    scalar = [(CLASS, PRIVATE_KEY), (VALUE, "01" * 32), (EC_PARAMS, SM2_CURVE)]
    for key_type in (VENDOR, EC):
        assert child.create(session, [*scalar, (KEY_TYPE, key_type)]) == [0xD1, 0]
    template = [(0x161, "2000000000000000"), (0x107, TRUE)]
    _, aes = child.generate_aes(session, template)
    for attributes in ([(KEY_TYPE, VENDOR)], [(KEY_TYPE, EC), (EC_PARAMS, SM2_CURVE)]):
        unwrapped = child.unwrap(session, 0x210A, aes, "00" * 40, attributes)
        assert unwrapped == [0xD1, 0]


def test_public_keys_come_in(child: Any, key: tuple[int, int, int]) -> None:
    session, public, _ = key
    point = child.get(session, public, [EC_POINT])[1][0]
    template = [(CLASS, PUBLIC_KEY), (EC_PARAMS, SM2_CURVE), (EC_POINT, point)]
    rv, made = child.create(session, [*template, (KEY_TYPE, VENDOR)])
    assert rv == 0
    assert child.get(session, made, [KEY_TYPE, LOCAL]) == [0, [VENDOR, FALSE]]
    wrong_curve = [(CLASS, PUBLIC_KEY), (EC_PARAMS, P256), (KEY_TYPE, VENDOR)]
    assert child.create(session, wrong_curve) == [0x130, 0]


@pytest.mark.parametrize("name", ["C_EncryptInit", "C_DecryptInit", "C_VerifyInit"])
def test_other_uses_are_refused(child: Any, key: tuple[int, int, int], name: str) -> None:
    session, public, private = key
    for handle in (public, private):
        for mechanism in (0x1041, 0x1, 0x80000202):
            assert child.start(name, session, mechanism, handle) == [0x63]


def test_derivation_is_refused(child: Any, key: tuple[int, int, int]) -> None:
    session, _, private = key
    assert child.derive(session, 0x1050, private)[0] == 0x63  # CKM_ECDH1_DERIVE


@pytest.mark.parametrize(
    ("public", "private", "expected"),
    [
        ([], [], 0xD0),
        ([(EC_PARAMS, P256)], [], 0x130),
        ([(EC_PARAMS, SM2_CURVE), (KEY_TYPE, EC)], [], 0xD1),
        ([(EC_PARAMS, SM2_CURVE)], [(KEY_TYPE, number(0))], 0xD1),
        ([(EC_PARAMS, SM2_CURVE)], [(ALWAYS_AUTHENTICATE, TRUE)], 0xD1),
        ([(EC_PARAMS, SM2_CURVE)], [(ALLOWED, number(0x1041))], 0x12),
        ([(EC_PARAMS, SM2_CURVE), (KEY_TYPE, VENDOR)], [(KEY_TYPE, VENDOR)], 0),
    ],
)
def test_templates_of_a_key_pair(
    child: Any, public: list[tuple[int, str]], private: list[tuple[int, str]], expected: int
) -> None:
    session = child.start_session()
    assert child.generate(session, GENERATE, public, private)[0] == expected


def test_ec_generation_makes_no_sm2_keys(child: Any) -> None:
    session = child.start_session()
    assert child.generate(session, 0x1040, [(EC_PARAMS, SM2_CURVE)], [])[0] == 0x130
    assert child.generate(session, 0x1040, [(EC_PARAMS, P256)], [])[0] == 0


def test_searches_see_what_the_application_sees(child: Any) -> None:
    session = child.start_session()
    sm2 = set(child.make_key(session, "search"))
    weak = set(child.make_key(session, "search", private=[(EXTRACTABLE, TRUE)]))
    public = [(EC_PARAMS, P256), (LABEL, b"search".hex())]
    private = [(LABEL, b"search".hex()), (EXTRACTABLE, TRUE)]
    rv, *p256 = child.generate(session, 0x1040, public, private)
    assert rv == 0
    own = (LABEL, b"search".hex())

    def found(*attributes: tuple[int, str]) -> set[int]:
        rv, handles = child.find(session, [own, *attributes])
        assert rv == 0
        assert len(set(handles)) == len(handles)
        return set(handles)

    assert found() == sm2 | weak | set(p256)
    assert found((KEY_TYPE, VENDOR)) == sm2 | weak
    assert found((KEY_TYPE, EC)) == set(p256)
    assert found((KEY_TYPE, number(0))) == set()
    assert found((EXTRACTABLE, FALSE)) == {max(sm2)}
    assert found((EXTRACTABLE, TRUE)) == {max(weak), p256[1]}
    assert found((KEY_TYPE, VENDOR), (NEVER_EXTRACTABLE, TRUE)) == {max(sm2)}
    assert found((GENERATED_BY, number(GENERATE))) == sm2 | weak
    assert found((KEY_TYPE, VENDOR), (CLASS, PUBLIC_KEY)) == {min(sm2), min(weak)}


def test_softhsm_itself_does_not_sign_with_the_key(child: Any, sm2_token: ProvisionedToken) -> None:
    """The mark in CKA_ALLOWED_MECHANISMS keeps plain ECDSA with an SM2 key from happening."""
    session = child.start_session()
    child.make_key(session, "marked")
    softhsm = Path(sm2_token.environment["SIGNETD_SM2_MODULE"])
    with type(child)(replace(sm2_token, module=softhsm)) as plain:
        session = plain.start_session()
        search = [(LABEL, b"marked".hex()), (CLASS, PRIVATE_KEY)]
        (private,) = plain.find(session, search)[1]
        assert plain.sign_init(session, 0x1041, private)[0] != 0
        assert plain.get(session, private, [VALUE])[0] == 0, "README.md says so: no protection"
