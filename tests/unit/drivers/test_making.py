"""What speaks against making a key before the token is asked, and room for keys."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import finder, keygen, plan, profiles
from signetd.drivers.pkcs11.room import Room
from signetd.drivers.types import Algorithm, Input, KeyRef, KeyType, SignOrder, TokenSettings

STANDARD = profiles.load("standard")
OFFERED = {plan.CKM_ECDSA, plan.CKM_EC_KEY_PAIR_GEN, plan.CKM_RSA_PKCS_KEY_PAIR_GEN}


@dataclass
class Slot:
    """A slot whose mechanisms make keys of at most so many bits."""

    most: int

    def get_mechanism_info(self, _: object) -> Any:
        return SimpleNamespace(max_key_length=self.most)


@pytest.mark.parametrize(("most", "key_type"), [(3072, KeyType.RSA_4096), (2048, KeyType.RSA_3072)])
def test_a_key_longer_than_the_token_says_is_refused(most: int, key_type: KeyType) -> None:
    number = plan.CKM_RSA_PKCS_KEY_PAIR_GEN
    with pytest.raises(SignetError, match=f"at most {most} bits") as refused:
        keygen.check_size(Slot(most), number, key_type)  # type: ignore[arg-type]
    assert refused.value.reason is Reason.ALGORITHM_NOT_ON_TOKEN


@pytest.mark.parametrize("most", [4096, 16384, 512, 0])
def test_what_cannot_be_in_bits_is_not_believed(most: int) -> None:
    """512 is RSA-4096 in bytes, 0 tells nothing."""
    keygen.check_size(Slot(most), 0, KeyType.RSA_4096)  # type: ignore[arg-type]


def test_an_unusable_algorithm_is_neither_offered_nor_planned_nor_made_keys_for() -> None:
    profile = msgspec.structs.replace(STANDARD, unusable=[Algorithm.ECDSA_P521_SHA512])
    assert Algorithm.ECDSA_P521_SHA512 not in plan.inputs(profile, OFFERED)
    assert Algorithm.ECDSA_P384_SHA384 in plan.inputs(profile, OFFERED)
    order = SignOrder(
        key=KeyRef(b"1", bytes(32)),
        algorithm=Algorithm.ECDSA_P521_SHA512,
        input=Input.DIGEST,
        data=bytes(64),
    )
    for refused in (
        lambda: plan.plan(profile, OFFERED, order, None),
        lambda: keygen.mechanism(profile, OFFERED, KeyType.EC_P521),
    ):
        with pytest.raises(SignetError, match="profile") as error:
            refused()
        assert error.value.reason is Reason.ALGORITHM_NOT_ON_TOKEN
    assert keygen.mechanism(profile, OFFERED, KeyType.EC_P384) == plan.CKM_EC_KEY_PAIR_GEN


def test_a_third_key_costs_a_login_and_the_two_in_use_none() -> None:
    logins: list[int] = []
    room = Room(2, lambda: logins.append(1))
    for cka_id in (b"a", b"b", b"a", b"b", b"a"):
        room.make(cka_id)
    assert len(logins) == 0
    room.make(b"c")
    assert len(logins) == 1
    room.make(b"a")
    assert len(logins) == 1, "after a login there is room for two"
    room.make(b"b")
    assert len(logins) == 2


def test_a_loaded_key_is_unloaded_before_it_is_destroyed() -> None:
    logins: list[int] = []
    room = Room(2, lambda: logins.append(1))
    room.make(b"a")
    room.leave(b"b")
    assert not logins
    room.leave(b"a")
    assert len(logins) == 1
    room.make(b"b")
    room.reset()
    room.leave(b"b")
    assert len(logins) == 1, "a login unloads them all"


def test_without_a_limit_nobody_logs_in() -> None:
    def never() -> None:
        raise AssertionError("it logged in")

    room = Room(0, never)
    for number in range(100):
        room.make(bytes([number]))
        room.leave(bytes([number]))


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ([("a", "1"), ("a", "2")], "name one by its serial: 1, 2"),
        ([("b", "0"), ("a", "0")], 'name one by its label too: "a", "b"'),
        ([("a", "0"), ("a", "0")], r"neither tells them apart \(0, 0\): give one of them another"),
    ],
)
def test_tokens_are_told_apart_by_what_differs(tokens: list[tuple[str, str]], said: str) -> None:
    slots = [_slot(label, serial) for label, serial in tokens]
    library: Any = SimpleNamespace(get_slots=lambda token_present: slots)
    settings = TokenSettings(module="m", label="a" if tokens[0][0] == "a" else "", serial="")
    with pytest.raises(SignetError, match=said) as refused:
        finder.find_token(library, settings)
    assert refused.value.reason is Reason.TOKEN_AMBIGUOUS


def _slot(label: str, serial: str) -> Any:
    token = SimpleNamespace(label=label, serial=serial.encode(), flags=0x400)
    return SimpleNamespace(get_token=lambda: token)
