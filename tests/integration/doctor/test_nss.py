"""NSS softokn, another vendor's module, which wants an initialisation string."""

from pathlib import Path

import pytest

from tests.contract import packages
from tests.integration.doctor.daemon import running, sign
from tests.integration.doctor.examined import Examined

PART = packages.find("libsoftokn3.so")
MODULE = PART.path if PART else None
DATABASE = ("--label", "NSS Certificate DB")

pytestmark = pytest.mark.skipif(MODULE is None, reason="no NSS: run  make test-tokens")


@pytest.fixture
def nss(tmp_path: Path) -> Examined:
    """A database of NSS, whose user PIN is set with the SO PIN that is empty at first."""
    assert MODULE is not None
    assert PART is not None
    user, officer = tmp_path / "user.pin", tmp_path / "so.pin"
    for file, pin in ((user, "nss-user-pin\n"), (officer, "\n")):
        file.write_text(pin)
        file.chmod(0o600)
    folder = tmp_path / "database"
    folder.mkdir()
    environment = PART.environment | {"NSS_CONFIG_DIR": str(folder)}
    found = Examined(MODULE, environment, user, officer, options=["--profile", "nss"])
    pins = ("--so-pin-file", str(officer), "--user-pin-file", str(user))
    done = found.run("init", "--slot", "2", "--new-label", "is ignored", *pins)
    assert done.returncode == 0, done.stderr
    officer.write_text("no PIN that could be looked for\n")
    return found


def test_nss_without_its_string_is_refused_with_the_way_out(tmp_path: Path) -> None:
    assert MODULE is not None
    bare = Examined(MODULE, {}, tmp_path, tmp_path)
    assert "--profile nss" in bare.run("probe").stderr
    bare.options = ["--profile", "nss"]
    assert "needs the variable NSS_CONFIG_DIR" in bare.run("probe").stderr


def test_the_suggested_table_serves_nss(nss: Examined) -> None:
    report = nss.probe(*DATABASE)
    assert report["profile"]["fits"][0]["profile"] == "nss"
    assert report["weaknesses"] == []
    rows = {row["algorithm"]: row["works"] for row in report["speed"]}
    assert rows["ECDSA_P256_SHA256"]
    with running(report["configuration"]) as (client, _):
        sign(client, "nss-certificate-db", "EC_P256")
