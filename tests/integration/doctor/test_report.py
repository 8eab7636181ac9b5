"""What a report has, for people and programs, and what the doctor refuses."""

import subprocess
from pathlib import Path

from signetd.softhsm import TokenStore, random_pin, set_faults
from tests.integration.doctor.conftest import Make
from tests.integration.doctor.disguises import STRANGER
from tests.integration.doctor.examined import BIN, Examined


def test_a_report_for_people_ends_in_the_configuration(make: Make) -> None:
    token = make()
    pin = ("--pin-file", str(token.user_pin_file), "--seconds", "0.01")
    done = token.run("probe", *pin)
    assert done.returncode == 0, done.stderr
    token.keeps_pins(done)
    for part in ("library:", "initialised", "0x80000203", "signatures/s", "[token.environment]"):
        assert part in done.stdout


def test_what_to_do_about_an_unknown_vendor_is_told(make: Make) -> None:
    token = make(**STRANGER)
    pin = ("--pin-file", str(token.user_pin_file), "--seconds", "0.01")
    said = token.run("probe", *pin).stdout
    for part in ('name = "my-vendor"', "key_pair_gen = 0x8000ABC1"):
        assert part in said
    assert "hint: no profile knows this vendor's mechanisms" in said
    assert "probe again with --profile my-vendor.toml" in said


def test_a_vendor_that_is_known_is_given_no_such_advice(make: Make) -> None:
    assert make().probe()["hints"] == []
    assert make("softhsm").probe()["hints"] == []


def test_limits_flags_and_quirks_are_in_the_report(make: Make) -> None:
    report = make().probe()
    assert report["schema"] == 1
    token = report["token"]
    assert (token["min_pin"], token["max_pin"], token["sessions"]) == (4, 255, None)
    assert "user PIN set" in token["flags"]
    quirks = report["sm2"][0]["quirks"]
    assert quirks["ec_point"] == "DER OCTET STRING"
    assert quirks["ec_params"] == "the SM2 curve"
    assert quirks["protection_not_reported"] == []
    assert {row["algorithm"] for row in report["speed"]} >= {"SM2_SM3", "ED25519"}


def _two_tokens(make: Make, tmp_path: Path) -> Examined:
    token = make(label="twin")
    TokenStore(tmp_path / "token").init_token("other", random_pin(), random_pin())
    return token


def test_of_several_tokens_one_must_be_named(make: Make, tmp_path: Path) -> None:
    token = _two_tokens(make, tmp_path)
    report = token.probe(pin=False)
    assert len([slot for slot in report["slots"] if slot["token"]["initialised"]]) == 2
    assert "--slot-serial" in report["hints"][0]
    assert token.report()["error"]["reason"] == "TOKEN_AMBIGUOUS"
    assert token.probe("--label", "twin")["token"]["label"] == "twin"


def test_two_tokens_of_one_label_are_told_apart_by_serial(make: Make, tmp_path: Path) -> None:
    token = _two_tokens(make, tmp_path)
    slots = token.probe(pin=False)["slots"]
    serials = [s["token"]["serial"] for s in slots if s["token"]["label"] == "other"]
    renamed = token.run(
        *("init", "--slot-serial", serials[0], "--new-label", "twin", "--yes"),
        *("--so-pin-file", str(token.so_pin_file), "--user-pin-file", str(token.user_pin_file)),
    )
    assert renamed.returncode == 1, "its SO PIN is another one"
    blank = next(s["slot"] for s in slots if not s["token"]["initialised"])
    made = token.run(
        *("init", "--slot", str(blank), "--new-label", "twin"),
        *("--so-pin-file", str(token.so_pin_file), "--user-pin-file", str(token.user_pin_file)),
    )
    assert made.returncode == 0, made.stderr
    report = token.report("--label", "twin")
    assert report["error"]["reason"] == "TOKEN_AMBIGUOUS"
    twins = [s["token"] for s in report["slots"] if s["token"]["label"] == "twin"]
    assert all(twin["serial"] in report["error"]["message"] for twin in twins)
    assert token.probe("--slot-serial", twins[0]["serial"])["token"]["serial"] == twins[0]["serial"]


def test_a_wrong_pin_is_presented_once(make: Make, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    token = make("fault", SIGNETD_FAULT_LOG=str(log))
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-pin")
    wrong.chmod(0o600)
    done = token.run("probe", "--json", "--pin-file", str(wrong))
    assert done.returncode == 1
    assert "PIN_REFUSED" in done.stderr
    assert "not-the-pin" not in done.stdout + done.stderr
    assert log.read_text().split().count("C_Login=0xA0") == 1


def test_a_token_before_its_lock_gets_no_pin(make: Make, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    token = make("fault", SIGNETD_FAULT_LOG=str(log))
    faults = tmp_path / "token" / "faults"
    set_faults(faults, "C_GetTokenInfo flags 0x40000")
    assert token.report("--final-try")["error"]["reason"] == "PIN_BLOCKED"
    set_faults(faults, "C_GetTokenInfo flags 0x20000")
    assert token.report()["error"]["reason"] == "PIN_BLOCKED"
    assert "C_Login" not in log.read_text().split()
    assert token.probe("--final-try")["profile"]["name"] == "softhsm-sm2"


def test_a_pin_that_others_can_read_or_of_a_wrong_length_is_not_presented(
    make: Make, tmp_path: Path
) -> None:
    token = make()
    file = tmp_path / "pin"
    file.write_text("123")
    file.chmod(0o644)
    assert "chmod 600" in token.run("probe", "--pin-file", str(file)).stderr
    file.chmod(0o600)
    assert "takes 4 to 255" in token.run("probe", "--pin-file", str(file)).stderr
    assert "is refused" in token.run("probe", "--env", "MY_PIN=1").stderr


def test_a_module_that_is_none_is_refused(tmp_path: Path) -> None:
    for file, said in ((tmp_path / "none.so", "does not exist"), (BIN / "signetctl", "loaded")):
        command = [str(BIN / "signetctl"), "token", "probe", "--module", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert said in done.stderr
