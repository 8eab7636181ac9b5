"""Profiles: the schema and its messages, recognition, and what tokens show of their keys."""

from pathlib import Path
from typing import Any

import pytest
from pkcs11.constants import Attribute

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import matching, profile_text, profiles, protection, publickey
from signetd.drivers.pkcs11.matching import Facts
from signetd.drivers.pkcs11.plan import EC_PARAMS
from signetd.drivers.pkcs11.profile import Sm2Mechanism
from signetd.drivers.types import KeyType, ProtectionLevel, TokenSettings
from signetd.gm import sm2, vectors

GOOD = """\
name = "acme"
description = "Acme"
source = "Acme's header"
run_on_hardware = false

[match]
manufacturer = ["Acme*"]

[sm2]
key_type = 0x80000001
key_pair_gen = 0x80000002

[[sm2.mechanism]]
mechanism = 0x80000003
takes = "digest"

[[sm2.mechanism]]
mechanism = 0x80000004
takes = "message"
"""
KEY = sm2.Sm2PublicKey.from_spki(vectors.SPKI)
POINT = vectors.SPKI[-65:]
WRAPPED = {"bare": POINT, "octets": b"\x04\x41" + POINT, "64": POINT[1:]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"message"', '"e"', ':19: sm2.mechanism[1].takes must be "digest", "message" or'),
        (
            "0x80000002",
            "0x180000002",
            ":11: sm2.key_pair_gen must be a number from 0 to 0xFFFFFFFF",
        ),
        ("0x80000004", "0x80000003", ":18: 0x80000003 has a [[sm2.mechanism]] before"),
        ('source = "Acme\'s header"\n', "", ": source is missing: a text"),
        ("[match]", "colour = 1\n[match]", ":6: colour is not a key of a profile; the keys are"),
        ("[match]", 'unreported = ["X"]\n[match]', ':6: unreported has "X"; it must be a list of'),
        ("[match]", 'misreported = ["SENSITIVE"]\n[match]', ":6: misreported[0] must be a list of"),
        ("[match]", 'unusable = ["MD5"]\n[match]', ":6: unusable[0] must be a list of some of SM2"),
        ("[match]", "loaded_keys = -1\n[match]", ":6: loaded_keys must be a number of keys from"),
        ("[match]", "one_worker = 1\n[match]", ":6: one_worker must be true or false"),
        ("[match]", 'init_string = "$"\n[match]', ":6: init_string has a $ without a name"),
        (
            "[sm2]",
            '[keygen]\nleave_out_private = ["SENSITIVE"]\n[sm2]',
            ":10: keygen.leave_out_pri",
        ),
        (
            "[sm2]",
            '[keygen]\nleave_out_public = ["NONE"]\n[sm2]',
            ":10: keygen.leave_out_public has",
        ),
        ('"Acme*"', '""', ":7: match.manufacturer[0] must be a list of patterns"),
        ('"acme"', '"Acme"', ":1: name must be lower-case letters"),
        ("[match]", "[match", ": is not valid TOML"),
        ("Acme's", "A" * 70000, ": is larger than 65536 bytes"),
    ],
)
def test_a_mistake_has_its_line_its_limit_and_a_way_out(old: str, new: str, said: str) -> None:
    assert profile_text.parse(GOOD).sm2 is not None
    with pytest.raises(SignetError) as refused:
        profile_text.parse(GOOD.replace(old, new, 1), "acme.toml")
    assert refused.value.reason is Reason.PROFILE_UNKNOWN
    assert refused.value.message.startswith(f"acme.toml{said}"), refused.value.message
    assert "docs/profiles.md" in refused.value.message


def test_a_file_is_called_as_its_profile(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(GOOD)
    assert profiles.read(tmp_path / "acme.toml")[0].name == "acme"
    assert [p.name for p in profiles.read_folder(tmp_path)] == ["acme"]
    (tmp_path / "other.toml").write_text(GOOD)
    with pytest.raises(SignetError, match=r"the file must be called acme\.toml"):
        profiles.read(tmp_path / "other.toml")
    with pytest.raises(SignetError, match="cannot be read: No such file"):
        profiles.read(tmp_path / "none.toml")


def test_a_token_has_the_text_it_is_given() -> None:
    settings = TokenSettings(module="m", profile="acme", profile_text=GOOD)
    assert profiles.of(settings).description == "Acme"
    assert profiles.of(TokenSettings(module="m", profile="luna")).name == "luna"


def test_every_vendor_is_there_and_says_where_its_numbers_come_from() -> None:
    names = {
        *("ep11", "koal", "luna", "mesince", "nss", "pkcs11s", "sansec", "softhsm-sm2", "standard"),
        *("tass", "tpm2-pkcs11", "westone", "westone-old", "xihsm"),
    }
    assert set(profiles.names()) == names
    assert all(p.source and not p.run_on_hardware for p in profiles.shipped())


def _facts(offered: set[int], manufacturer: str = "", model: str = "") -> Facts:
    return Facts("a library", "", manufacturer, model, offered)


@pytest.mark.parametrize(
    ("facts", "best"),
    [
        (_facts(set()), "standard"),
        (_facts({0x80000002}), "standard"),  # one number alone is a coincidence
        (_facts({0x80000B20, 0x80000B21}), "luna"),
        (_facts({0x80008001, 0x80008105}), "sansec"),
        (_facts({0x80008001, 0x80008100}, "TASS in Security"), "tass"),
        (_facts({0x80000003, 0x80000004}), "westone-old"),
        (_facts(set(), "safenet inc.", "Luna K7"), "luna"),
    ],
)
def test_the_best_fit(facts: Facts, best: str) -> None:
    assert matching.best(profiles.shipped(), facts) == best


def test_what_was_tried_counts_more_than_names() -> None:
    facts = _facts({0x80008001, 0x80008100}, "TASS in Security")
    seen = Sm2Mechanism(mechanism=0x80008100, takes="z-and-message")
    ranked = matching.fits(profiles.shipped(), facts, {seen.mechanism: seen})
    assert {fit.profile for fit in ranked[:2]} == {"koal", "sansec"}
    assert "tass" not in {fit.profile for fit in ranked}


def test_an_id_as_parameter_may_be_left_out() -> None:
    taking = Sm2Mechanism(mechanism=1, takes="message", parameter="signer-id")
    fixed = Sm2Mechanism(mechanism=1, takes="message")
    assert matching.agrees(fixed, taking)
    assert not matching.agrees(taking, fixed)
    assert 'parameter = "signer-id" is parameter = "none"' in matching.contradiction(taking, fixed)


@pytest.mark.parametrize("form", WRAPPED)
@pytest.mark.parametrize("key_type", [3, 0x80000004])
@pytest.mark.parametrize("params", [EC_PARAMS[KeyType.SM2], EC_PARAMS[KeyType.EC_P256], b"", None])
def test_an_sm2_key_is_read_however_it_is_shown(
    form: str, key_type: int, params: bytes | None
) -> None:
    shown: dict[int, Any] = {Attribute.KEY_TYPE: key_type, Attribute.EC_POINT: WRAPPED[form]}
    if params is not None:
        shown[Attribute.EC_PARAMS] = params
    assert publickey.spki(shown, 0x80000004) == vectors.SPKI


def test_without_sm2_in_the_profile_no_curve_is_guessed() -> None:
    shown: dict[int, Any] = {Attribute.KEY_TYPE: 3, Attribute.EC_POINT: POINT}
    with pytest.raises(ValueError, match="not served"):
        publickey.spki(shown, None)


def test_a_false_local_is_forgiven_where_the_profile_says_so_and_nothing_else() -> None:
    nss = profiles.load("nss")
    shown: dict[int, Any] = {int(a): wanted for a, wanted in protection.REQUIRED.items()}
    assert protection.weaknesses(shown | {Attribute.LOCAL: False}, nss) == []
    assert protection.weaknesses(shown | {Attribute.SENSITIVE: False}, nss)
    assert protection.weaknesses(shown | {Attribute.LOCAL: False}, profiles.load("standard"))
    assert protection.level(nss, hardware=True) is ProtectionLevel.UNPROVEN


def test_the_init_string_has_the_variables_of_the_environment() -> None:
    nss = profiles.load("nss")
    assert "configdir='sql:/db'" in nss.init_text({"NSS_CONFIG_DIR": "/db"})
    with pytest.raises(SignetError, match="NSS_CONFIG_DIR"):
        nss.init_text({})
