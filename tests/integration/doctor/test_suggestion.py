"""The [[token]] table that the doctor suggests works unchanged."""

from pathlib import Path

import pytest

from signetd.client import SignetdError
from signetd.softhsm import provision
from tests.integration.doctor.conftest import Make
from tests.integration.doctor.daemon import logged, running, sign
from tests.integration.doctor.disguises import DISGUISES, STRANGER
from tests.integration.drivers.foreign import foreign
from tests.unit.pki import forest

# Luna's mechanism for e, said to hash the message itself.
_LYING = """
name = "lying"
description = "Luna by somebody who took the wrong mechanism"
source = "a guess"
run_on_hardware = false

[sm2]
key_type = 0x80000016
key_pair_gen = 0x80000B20

[[sm2.mechanism]]
mechanism = 0x80000B21
takes = "message"
returns = "raw"
"""


@pytest.mark.parametrize("vendor", ["luna", "sansec", "tass", "mesince"])
def test_the_suggested_table_serves_sm2(make: Make, vendor: str) -> None:
    table = make(**DISGUISES[vendor]).probe()["configuration"]
    with running(table) as (client, _):
        sign(client, "test", "SM2")


def test_a_label_that_is_no_name_and_a_profile_of_ones_own(make: Make, tmp_path: Path) -> None:
    stranger = make(label='7 "Ümläute"', **STRANGER)
    file = tmp_path / "my-vendor.toml"
    file.write_text(stranger.probe()["draft"]["profile"])
    table = stranger.probe("--profile", str(file))["configuration"]
    with running(table) as (client, log):
        sign(client, "token-7-ml-ute", "SM2")
        assert logged(log, f'profile "my-vendor" is read from {file}')


def test_a_profile_in_the_folder_wins_over_a_shipped_one(make: Make, tmp_path: Path) -> None:
    token = make(**STRANGER)
    folder = tmp_path / "profiles"
    folder.mkdir()
    draft = token.probe()["draft"]["profile"].replace("my-vendor", "sansec")
    (folder / "sansec.toml").write_text(draft)
    table = token.probe("--profiles", str(folder), "--profile", "sansec")["configuration"]
    assert 'profile = "sansec"' in table
    with running(table, f'profiles = "{folder}"') as (client, log):
        sign(client, "test", "SM2")
        assert logged(log, "in place of the one of this name that comes with signetd")


def test_the_daemon_names_the_profile_that_fits(make: Make) -> None:
    table = make(**DISGUISES["luna"]).probe()["configuration"]
    expected = pytest.raises(SignetdError, match='the profile "luna" fits it better')
    with running(table.replace('"luna"', '"tass"', 1)) as (client, _), expected:
        sign(client, "test", "SM2")


def test_the_daemon_refuses_a_profile_that_lies(make: Make) -> None:
    disguise = DISGUISES["tass"] | {"SIGNETD_SM2_SIGN": "0", "SIGNETD_SM2_OUTPUT": "raw"}
    token = make(**disguise)
    table = token.probe()["configuration"]
    assert 'profile = "pkcs11s"' in table
    expected = pytest.raises(SignetdError, match='the profile must say takes = "message"')
    with running(table.replace('"pkcs11s"', '"koal"', 1)) as (client, _), expected:
        sign(client, "test", "SM2")


def test_the_daemon_does_not_sign_by_a_profile_that_lies_and_names_the_one_that_fits(
    make: Make, tmp_path: Path
) -> None:
    token = make(**DISGUISES["luna"])
    file = tmp_path / "lying.toml"
    file.write_text(_LYING)
    table = token.probe()["configuration"]
    lying = table.replace('profile = "luna"', f'profile_file = "{file}"')
    with running(lying) as (client, _), pytest.raises(SignetdError) as refused:
        sign(client, "test", "SM2")
    assert refused.value.reason == "CONVENTION_WRONG"
    for part in ('must say takes = "digest"', '"luna" fits better'):
        assert part in refused.value.message, refused.value.message


def test_a_token_with_keys_tells_their_number_before_it_is_initialised(make: Make) -> None:
    token = make("softhsm")
    report = token.probe()
    with running(report["configuration"]) as (client, _):
        sign(client, "test", "EC_P256")
        sign(client, "test", "ED25519")
    named = ("--slot-serial", report["token"]["serial"], "--new-label", "fresh")
    refused = token.run("init", *named, input="no\n")
    assert refused.returncode == 1
    assert "shows 2 objects without a login" in refused.stderr
    assert token.probe()["objects"]["private_keys"] == 2


def test_people_are_shown_which_certificates_have_a_key(make: Make, tmp_path: Path) -> None:
    token = make("softhsm")
    made = provision(tmp_path / "token", "test")
    der = forest.root("ec").leaf("合同专用章").der
    for value in (der, b"\x30\x00"):
        foreign(made, f"certificate {value.hex()}", cka_id=b"\x01\x02", label="印章")
    done = token.run("probe", "--seconds", "0.01", "--pin-file", str(token.user_pin_file))
    assert done.returncode == 0, done.stderr
    for words in ("2 certificates", "0102", "合同专用章", "no"):
        assert words in done.stdout
    named = ("--slot-serial", made.serial, "--new-label", "fresh")
    assert "shows 2 objects without" in token.run("init", *named, input="no\n").stderr
