"""Tokens initialised, their PINs changed and reset, by signetctl without a daemon."""

from pathlib import Path

import pytest

from signetd.softhsm import set_faults
from tests.integration.doctor.conftest import Make
from tests.integration.doctor.examined import Done, Examined


@pytest.fixture
def token(make: Make) -> Examined:
    return make("fault")


@pytest.fixture
def new_pin(tmp_path: Path) -> Path:
    file = tmp_path / "new.pin"
    file.write_text("a-new-pin\n")
    file.chmod(0o600)
    return file


def _init(token: Examined, *arguments: str, **how: str) -> Done:
    pins = ("--so-pin-file", str(token.so_pin_file), "--user-pin-file", str(token.user_pin_file))
    return token.run("init", "--new-label", "fresh", *pins, *arguments, **how)


def _change(token: Examined, new_pin: Path, *arguments: str) -> Done:
    files = ("--pin-file", str(token.user_pin_file), "--new-pin-file", str(new_pin))
    return token.run("change-pin", "--label", "test", *files, *arguments)


def _reset(token: Examined, new_pin: Path, *arguments: str) -> Done:
    files = ("--so-pin-file", str(token.so_pin_file), "--new-pin-file", str(new_pin))
    return token.run("reset-pin", "--label", "test", *files, *arguments)


def _serial(token: Examined) -> str:
    serial: str = token.probe("--label", "test", pin=False)["token"]["serial"]
    return serial


def test_a_token_named_by_serial_is_initialised_once_its_label_is_typed(token: Examined) -> None:
    named = ("--slot-serial", _serial(token))
    refused = _init(token, *named, input="another\n")
    assert refused.returncode == 1
    assert "shows 0 objects" in refused.stderr
    assert "nothing was done" in refused.stderr
    done = _init(token, *named, input="test\n")
    assert done.returncode == 0, done.stderr
    token.keeps_pins(done)
    assert token.probe("--label", "fresh")["profile"]["name"] == "softhsm-sm2"


def test_a_slot_number_names_a_blank_token_only(token: Examined) -> None:
    slots = token.probe(pin=False)["slots"]
    full = next(s for s in slots if s["token"]["initialised"])
    refused = _init(token, "--slot", str(full["slot"]), "--yes")
    assert refused.returncode == 1
    assert f"--slot-serial {full['token']['serial']}" in refused.stderr
    blank = next(s for s in slots if not s["token"]["initialised"])
    assert _init(token, "--slot", str(blank["slot"])).returncode == 0
    assert "name the token" in _init(token, "--yes").stderr


def test_a_wrong_so_pin_destroys_nothing(token: Examined, new_pin: Path) -> None:
    arguments = ("--slot-serial", _serial(token), "--yes", "--so-pin-file", str(new_pin))
    done = _init(token, *arguments)
    assert done.returncode == 1
    assert "refused the SO PIN" in done.stderr
    assert token.probe("--label", "test")["complete"]


def test_a_pin_is_changed(token: Examined, new_pin: Path) -> None:
    done = _change(token, new_pin)
    assert done.returncode == 0, done.stderr
    assert "a-new-pin" not in done.stdout + done.stderr
    assert _change(token, new_pin).returncode == 1, "the old one counts no more"
    token.user_pin_file = new_pin
    assert token.probe()["complete"]


def test_a_pin_is_reset_by_the_security_officer(token: Examined, new_pin: Path) -> None:
    done = _reset(token, new_pin)
    assert done.returncode == 0, done.stderr
    token.keeps_pins(done)
    token.user_pin_file = new_pin
    assert token.probe()["complete"]
    token.so_pin_file = new_pin
    assert "refused the SO PIN" in _reset(token, new_pin).stderr


def test_a_new_pin_outside_the_limits_is_refused_before_anything(
    token: Examined, new_pin: Path
) -> None:
    new_pin.write_text("123\n")
    for done in (_change(token, new_pin), _reset(token, new_pin)):
        assert done.returncode == 1
        assert "the new PIN has 3 bytes, and this token takes 4 to 255" in done.stderr


def test_locked_pins_and_tokens_in_use_are_refused(
    token: Examined, new_pin: Path, tmp_path: Path
) -> None:
    serial = _serial(token)
    faults = tmp_path / "token" / "faults"
    set_faults(faults, "C_GetTokenInfo flags 0x40000")
    assert "token reset-pin" in _change(token, new_pin).stderr
    set_faults(faults, "C_GetTokenInfo flags 0x200000")
    assert "--final-try" in _reset(token, new_pin).stderr
    assert _reset(token, new_pin, "--final-try").returncode == 0
    set_faults(faults, "C_InitToken error 0xB6")
    assert "is in use" in _init(token, "--slot-serial", serial, "--yes").stderr


def test_without_confirmation_keys_are_kept(token: Examined) -> None:
    done = _init(token, "--slot-serial", _serial(token), input="")
    assert done.returncode == 1
    assert token.probe("--label", "test", pin=False)["token"]["label"] == "test"
