"""The doctor tells vendors apart, by what they say and by trial."""

from pathlib import Path

import pytest

from tests.integration.doctor.conftest import Make
from tests.integration.doctor.disguises import DISGUISES, STRANGER


@pytest.mark.parametrize("vendor", DISGUISES)
def test_each_disguise_is_identified(make: Make, vendor: str) -> None:
    report = make(**DISGUISES[vendor]).probe()
    assert report["profile"]["name"] == vendor, report["profile"]["fits"]
    assert report["profile"]["contradictions"] == []
    tried = report["sm2"][0]
    assert all(m["works"] for m in tried["mechanisms"])
    assert {m["malformed_der"] for m in tried["mechanisms"]} <= {vendor == "tass", False}
    assert report["objects"] == dict.fromkeys(report["objects"], 0), "something stayed on the token"


def test_the_names_alone_identify_a_vendor_without_a_pin(make: Make) -> None:
    report = make(**DISGUISES["luna"]).probe(pin=False)
    assert report["profile"]["name"] == "luna"
    assert any("SafeNet" in reason for reason in report["profile"]["fits"][0]["reasons"])
    assert "sm2" not in report


def test_a_stranger_falls_to_standard_with_a_draft_that_works(make: Make, tmp_path: Path) -> None:
    stranger = make(**STRANGER)
    report = stranger.probe()
    assert report["profile"]["name"] == "standard"
    assert report["profile"]["fits"][0]["reasons"]
    assert {m["mechanism"] for m in report["unknown_mechanisms"]} == {
        *("0x8000ABC1", "0x8000ABC2", "0x8000ABC3")
    }
    file = tmp_path / "my-vendor.toml"
    file.write_text(report["draft"]["profile"])
    report = stranger.probe("--profile", str(file))
    assert report["profile"]["name"] == "my-vendor"
    assert [m["takes"] for m in report["sm2"][0]["mechanisms"]] == ["digest", "z-and-message"]
    assert f'profile_file = "{file}"' in report["configuration"]


def test_a_profile_that_lies_is_told_so_with_the_one_that_fits(make: Make) -> None:
    report = make(**DISGUISES["sansec"]).report("--profile", "tass")
    assert report["error"]["reason"] == "CONVENTION_WRONG"
    assert 'takes = "message"' in report["error"]["message"]
    assert report["error"]["message"].endswith('"sansec" fits it')
    assert "configuration" not in report


def test_plain_softhsm_is_standard(make: Make) -> None:
    report = make("softhsm").probe()
    assert report["profile"]["name"] == "standard"
    signs = {a["algorithm"]: a["signs"] for a in report["algorithms"]}
    assert signs["RSA_PSS_SHA256"]
    assert signs["ED25519"]
    assert not signs["SM2_SM3"]
    assert report["sm2"] == []
    assert all(row["works"] for row in report["speed"])


def test_a_profile_may_leave_usages_out_of_the_templates(make: Make) -> None:
    report = make("softhsm").probe("--profile", "tpm2-pkcs11")
    assert report["profile"]["name"] == "tpm2-pkcs11"
    assert all(row["works"] for row in report["speed"])
    assert report["weaknesses"] == []
