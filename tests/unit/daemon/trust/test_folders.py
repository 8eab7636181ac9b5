"""The folders of [seals] are read once, again when they change, and told when they are broken."""

import os
from pathlib import Path

import pytest
import structlog

from signetd.daemon.config.schema import Seals
from signetd.daemon.trust import folders
from signetd.daemon.trust.folders import TrustFolders
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Trust
from signetd.seal.verify_chain import MAX_OTHERS, MAX_SOURCES
from tests.unit.daemon.trust.regions import EAST, WEST, write


class Ticks:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def config(tmp_path: Path) -> Seals:
    crls = dict(zip(("root_crl", "ca_crl"), EAST.lists(), strict=True))
    return Seals(
        makers=write(tmp_path / "makers", root_der=EAST.root.der),
        signers=write(tmp_path / "signers", root_der=EAST.root.der),
        intermediates=write(tmp_path / "between", ca_crt=EAST.ca.der),
        crls=write(tmp_path / "crls", **crls),
    )


def counted(
    config: Seals, monkeypatch: pytest.MonkeyPatch
) -> tuple[TrustFolders, Ticks, list[int]]:
    """Return folders, their clock, and a list that gets longer with each reading."""
    ticks, times = Ticks(), list[int]()
    found = TrustFolders(config, ticks=ticks)
    read = found._read

    def reading() -> Trust:
        times.append(1)
        return read()

    monkeypatch.setattr(found, "_read", reading)
    return found, ticks, times


def test_they_are_read_once_and_again_after_a_minute(
    config: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, ticks, times = counted(config, monkeypatch)
    trust = found.trust()
    assert [each.der for each in trust.makers.certificates] == [EAST.root.der]
    assert len(trust.lists) == 2 and len(trust.others) == 1
    assert found.trust() is trust
    assert len(times) == 1
    ticks.seconds += folders.READ_SECONDS
    assert found.trust() is not trust
    assert len(times) == 2


@pytest.mark.parametrize("change", ["add", "replace", "remove"])
def test_a_change_counts_at_once(config: Seals, change: str) -> None:
    found = TrustFolders(config, ticks=Ticks())
    found.trust()
    assert config.makers is not None
    (config.makers / "unlike.txt").write_text("left alone")
    file = config.makers / ("new.der" if change == "add" else "root.der")
    if change == "remove":
        write(config.makers, other_der=WEST.root.der)
        file.unlink()
    else:
        beside = file.with_suffix(".new")
        beside.write_bytes(WEST.root.der)
        os.replace(beside, file)  # as an administrator's mv does
    ders = {each.der for each in found.trust().makers.certificates}
    assert ders == {WEST.root.der} | ({EAST.root.der} if change == "add" else set())


@pytest.mark.parametrize(
    ("option", "name", "content"),
    [
        ("makers", "bad.pem", b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"),
        ("signers", "bad.der", b"0"),
        ("crls", "bad.crl", b"no list"),
        ("intermediates", "bad.cer", b""),
    ],
)
def test_a_broken_folder_is_told_until_it_is_mended(
    config: Seals, option: str, name: str, content: bytes
) -> None:
    found = TrustFolders(config, ticks=Ticks())
    found.trust()
    file = getattr(config, option) / name
    file.write_bytes(content)
    with structlog.testing.capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(SignetError) as caught:
                found.trust()
    assert caught.value.reason is Reason.TRUST_UNUSABLE
    assert str(file.parent) not in caught.value.message
    assert [str(file) in each["problem"] for each in logged] == [True], "told once, with its file"
    file.unlink()
    with structlog.testing.capture_logs() as logged:
        assert found.trust().makers
    assert [each["log_level"] for each in logged] == ["info"]


def test_a_folder_that_is_gone_is_told(config: Seals, tmp_path: Path) -> None:
    assert config.crls is not None
    found = TrustFolders(config, ticks=Ticks())
    found.trust()
    config.crls.rename(tmp_path / "elsewhere")
    with pytest.raises(SignetError):
        found.trust()


@pytest.mark.parametrize(
    ("option", "ending", "limit"),
    [("crls", "crl", MAX_SOURCES), ("intermediates", "der", MAX_OTHERS)],
)
def test_no_more_is_read_than_a_verification_takes(
    config: Seals, option: str, ending: str, limit: int
) -> None:
    folder = getattr(config, option)
    content = next(folder.iterdir()).read_bytes()
    for number in range(limit + 1):
        (folder / f"more-{number}.{ending}").write_bytes(content)
    with structlog.testing.capture_logs() as logged, pytest.raises(SignetError):
        TrustFolders(config).trust()
    assert f"{limit} are the most" in logged[0]["problem"]


def test_a_folder_without_makers_is_a_mistake_but_none_at_all_is_not(tmp_path: Path) -> None:
    with pytest.raises(SignetError):
        TrustFolders(Seals(makers=write(tmp_path / "empty"))).trust()
    nobody = TrustFolders(Seals()).trust()
    assert not nobody.makers.certificates and nobody.time_authorities is None


def test_reports_name_revocation_lists_without_their_paths(config: Seals, tmp_path: Path) -> None:
    places = {each.place for each in TrustFolders(config).trust().lists}
    assert places == {"[seals] crls, root.crl", "[seals] crls, ca.crl"}
