"""Seals and certificates are verified before each stamp, and verdicts remembered for a while."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signetd.daemon.seals import judging
from signetd.daemon.state import Database
from signetd.drivers.errors import Reason
from signetd.seal import verify_seal
from tests.unit.daemon.places import new_database
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import MAKER_SPKI, refusal
from tests.unit.daemon.stamps.office import StampOffice, opened
from tests.unit.pki import forest


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every verdict that is found anew."""
    found: list[Any] = []
    real = verify_seal

    def counted(*given: Any) -> Any:
        found.append(given)
        return real(*given)

    monkeypatch.setattr(judging, "verify_seal", counted)
    return found


async def test_a_verdict_counts_for_a_minute(office: StampOffice, judged: list[Any]) -> None:
    await office.sealed()
    for _ in range(5):
        await office.stamp()
    office.later(59)
    await office.stamp()
    assert len(judged) == 1
    office.later(1)
    await office.stamp()
    assert len(judged) == 2


async def test_a_verdict_counts_for_one_seal(office: StampOffice, judged: list[Any]) -> None:
    for seal in ("one", "two"):
        await office.sealed(seal)
        await office.stamp(seal)
        await office.stamp(seal)
    assert len(judged) == 2


async def test_verdicts_are_forgotten(
    office: StampOffice, judged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "MAX_VERDICTS", 1)
    for seal in ("one", "two"):
        await office.sealed(seal)
    for seal in ("one", "two", "one"):
        await office.stamp(seal)
    assert len(judged) == 3


async def test_other_evidence_is_another_verdict(office: StampOffice, judged: list[Any]) -> None:
    await office.sealed()
    await office.stamp()
    stranger = forest.root("ec", "stranger")
    root = office.folder / "roots" / "root.der"
    kept = root.read_bytes()
    root.write_bytes(stranger.der)
    error = await refusal(office.stamp())
    assert (error.reason, error.metadata) == (Reason.SEAL_INVALID, {"check": "MAKER_CERTIFICATE"})
    assert (await refusal(office.stamp())).message == error.message
    root.write_bytes(kept)
    await office.stamp()
    assert len(judged) == 3


async def test_evidence_that_cannot_be_read_stops_stamps(office: StampOffice) -> None:
    await office.sealed()
    await office.stamp()
    (office.folder / "roots" / "broken.pem").write_bytes(b"no certificate")
    error = await refusal(office.stamp())
    assert error.reason is Reason.TRUST_UNUSABLE
    assert "broken.pem" not in error.message, "paths are for the log, not for those who stamp"
    (office.folder / "roots" / "broken.pem").unlink()
    await office.stamp()


async def test_a_certificate_that_expires_within_the_minute_is_not_used_after_that(
    office: StampOffice,
) -> None:
    end = office.now + timedelta(seconds=20)
    short = samples.certificate(MAKER_SPKI, "maker", life=(samples.LIFE[0], end))
    await office.change_key("maker", certificates=(short,))
    await office.sealed()
    await office.stamp()
    office.now = end
    await office.stamp()
    office.later(1)
    error = await refusal(office.stamp())
    assert (error.reason, error.metadata) == (Reason.SEAL_INVALID, {"check": "MAKER_VALIDITY"})


@pytest.mark.parametrize("missing", ["makers", "signers"])
async def test_nobody_is_trusted_by_default(tmp_path: Path, missing: str) -> None:
    database: Database = new_database(tmp_path / "state")
    async with opened(database, tmp_path, **{missing: None}) as office:
        await office.sealed()
        error = await refusal(office.stamp())
        assert f"[seals] {missing}" in error.message
    database.close()


async def test_without_lists_revocation_is_not_known(tmp_path: Path) -> None:
    database: Database = new_database(tmp_path / "state")
    async with opened(database, tmp_path, revocation="required") as office:
        await office.sealed()
        error = await refusal(office.stamp())
        assert (error.reason, error.metadata) == (
            Reason.SEAL_INVALID,
            {"check": "MAKER_REVOCATION"},
        )
    database.close()
