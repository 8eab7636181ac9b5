"""Modules that crash, hang or leave helpers behind: the doctor ends in time, and says where."""

import time
from pathlib import Path

import pytest

from signetd.softhsm import set_faults
from tests.integration.doctor.conftest import Make


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ("C_Sign crash", "signing with it"),
        ("C_GetSlotList segv", "listing slots"),
        ("C_Login exit 3", "presenting the PIN"),
    ],
)
def test_a_crash_is_told_with_its_place(make: Make, tmp_path: Path, rule: str, where: str) -> None:
    token = make("fault")
    set_faults(tmp_path / "token" / "faults", rule)
    report = token.report()
    assert report["error"]["reason"] == "WORKER_LOST"
    assert where in report["error"]["message"]
    assert report["library"]["manufacturer"] == "SoftHSM", "what was found before stays"


def test_a_hang_ends_at_the_deadline(make: Make, tmp_path: Path) -> None:
    token = make("fault")
    set_faults(tmp_path / "token" / "faults", "C_GenerateKeyPair hang", "C_Login helper 60")
    begun = time.monotonic()
    report = token.report("--deadline", "6")
    assert time.monotonic() - begun < 50
    assert report["error"]["reason"] == "TOKEN_TIMEOUT"
    assert "session key pair" in report["error"]["message"]
    assert report["token"]["label"] == "test"


def test_a_token_without_session_keys_is_told(make: Make, tmp_path: Path) -> None:
    token = make("fault")
    set_faults(tmp_path / "token" / "faults", "C_GenerateKeyPair error 0xD1")
    report = token.probe()
    assert "no session keys" in report["sm2"][0]["problem"]
    assert not any(row["works"] for row in report["speed"])


def test_what_a_module_prints_disturbs_nothing_and_is_shown_without_pins(
    make: Make, tmp_path: Path
) -> None:
    token = make("fault")
    pin = token.user_pin_file.read_text()
    set_faults(tmp_path / "token" / "faults", f"C_Login stderr {pin} is it")
    report = token.probe()
    assert "[PIN] is it" in " ".join(report["printed"])
