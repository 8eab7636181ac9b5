"""Finding SoftHSM and installing it, with apt and the system played by the test."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from signetd.softhsm import SoftHsmError, apt, cache, ensure_softhsm, find_softhsm

UNPACKED = "usr/lib/test-linux-gnu/softhsm/libsofthsm2.so"


def put_softhsm(root: Path) -> None:
    (root / UNPACKED).parent.mkdir(parents=True)
    (root / UNPACKED).write_text("module")


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither rights nor SoftHSM, and libraries that all resolve."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SIGNETD_SOFTHSM_MODULE", raising=False)
    monkeypatch.setattr(apt, "as_root", lambda: None)
    monkeypatch.setattr(apt, "run", lambda *command, **options: "libc.so.6 => /lib/libc.so.6")


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that were unpacked."""
    packages: list[str] = []

    def unpack(folder: Path, *names: str) -> None:
        packages.extend(names)
        if "libsofthsm2" in names:
            put_softhsm(folder)

    monkeypatch.setattr(apt, "unpack", unpack)
    return packages


def test_system_place(tmp_path: Path) -> None:
    module = tmp_path / "libsofthsm2.so"
    assert find_softhsm([module]) is None
    module.write_text("module")
    found = find_softhsm([tmp_path / "elsewhere", module])
    assert found is not None
    assert found.module == module
    assert found.environment == {}


def test_variable_is_the_only_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, other = tmp_path / "mine.so", tmp_path / "libsofthsm2.so"
    other.write_text("module")
    monkeypatch.setenv("SIGNETD_SOFTHSM_MODULE", str(module))
    with pytest.raises(SoftHsmError, match="SIGNETD_SOFTHSM_MODULE: there is no file"):
        find_softhsm([other])
    module.write_text("module")
    found = find_softhsm([other])
    assert found is not None
    assert found.module == module


def test_nothing_is_made_by_looking() -> None:
    assert find_softhsm([]) is None
    assert not cache.base().exists()


def test_root_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "libsofthsm2.so"
    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt, "install", lambda *packages: module.write_text(str(packages)))
    assert ensure_softhsm([module]).module == module
    assert module.read_text() == "('softhsm2',)"


def test_without_rights_it_is_unpacked_once(unpacked: list[str]) -> None:
    found = ensure_softhsm([])
    assert found.module == cache.folder("softhsm") / UNPACKED
    assert ensure_softhsm([]) == found
    assert unpacked == ["libsofthsm2", "softhsm2-common", "softhsm2"]


def test_missing_libraries_are_unpacked_too(
    unpacked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*command: str, environment: Mapping[str, str] | None = None, **_: object) -> str:
        assert command[0] == "ldd"
        return "" if environment else "libbotan.so => not found"

    monkeypatch.setattr(apt, "run", run)
    monkeypatch.setattr(apt, "dependencies", lambda package: ["libbotan", "libc6"])
    found = ensure_softhsm([])
    assert unpacked[3:] == ["libbotan"]
    assert list(found.environment) == ["LD_LIBRARY_PATH"]


def test_when_nothing_helps_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(folder: Path, *names: str) -> None:
        raise SoftHsmError("no network")

    monkeypatch.setattr(apt, "unpack", unpack)
    with pytest.raises(SoftHsmError, match=r"softhsm2.*no network"):
        ensure_softhsm([])


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, ...]]]:
    """Records commands; the ones with the given word in them fail once."""

    def record(failing: str) -> list[tuple[str, ...]]:
        ran: list[tuple[str, ...]] = []

        def run(*command: str, **_: object) -> str:
            ran.append(command)
            if failing in command and sum(failing in earlier for earlier in ran) == 1:
                raise SoftHsmError("failed")
            return ""

        monkeypatch.setattr(apt, "run", run)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
        return ran

    return record


def test_package_lists_are_fetched_when_needed(
    commands: Callable[..., list[tuple[str, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "as_root", lambda: ["sudo", "-n"])
    ran = commands("install")
    apt.install("softhsm2")
    assert [set(command) & {"install", "update"} for command in ran] == [
        {"install"},
        {"update"},
        {"install"},
    ]
    assert all(
        command[:4] == ("sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive") for command in ran
    )


def test_download_uses_lists_of_its_own_when_the_system_has_none(
    commands: Callable[..., list[tuple[str, ...]]], tmp_path: Path
) -> None:
    ran = commands("download")
    apt.unpack(tmp_path, "libsofthsm2")
    assert [set(command) & {"download", "update"} for command in ran] == [
        {"download"},
        {"update"},
        {"download"},
    ]
    assert any(f"Dir::State::lists={tmp_path}" in word for word in ran[2])
    assert list(tmp_path.iterdir()) == []


def test_no_rights_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SoftHsmError, match="run  sudo apt-get install gcc libssl-dev"):
        apt.install("gcc", "libssl-dev")
