"""Compiling the modules: the cache, and what is said when a tool is missing."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from signetd.softhsm import BuildError, apt, build, build_module, cache, ensure_build_tools
from signetd.softhsm.errors import SoftHsmError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which

    def hidden(name: str, *rest: Any) -> str | None:
        return None if name in ("cc", "gcc", "clang") else which(name, *rest)

    monkeypatch.setattr(shutil, "which", hidden)


def test_module_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    path = build_module("fault")
    assert path.stat().st_mode & 0o022 == 0
    assert [file.name for file in path.parent.iterdir()] == [path.name], "nothing is left over"

    def compiled(*arguments: object) -> None:
        raise AssertionError("compiled a second time")

    monkeypatch.setattr(build, "_compile", compiled)
    assert build_module("fault") == path


def test_each_module_has_a_folder_of_its_own() -> None:
    assert build_module("fault").parent != build_module("sm2").parent


def test_other_options_make_another_module(monkeypatch: pytest.MonkeyPatch) -> None:
    path = build_module("fault")
    monkeypatch.setattr(build, "_FLAGS", (*build._FLAGS, "-g"))
    assert build_module("fault").parent != path.parent


def test_parallel_builds() -> None:
    with ThreadPoolExecutor(2) as pool:
        paths = set(pool.map(lambda _: build_module("fault"), range(2)))
    assert len(paths) == 1
    assert next(iter(paths)).is_file()


def test_unknown_module() -> None:
    with pytest.raises(BuildError, match="there are sm2, fault"):
        build_module("other")  # type: ignore[arg-type]


def test_compiler_error_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_FLAGS", (*build._FLAGS, "-DCKR_OK=broken"))
    with pytest.raises(BuildError, match=r"signetd_fault.so cannot be compiled: [\s\S]*broken"):
        build_module("fault")


def test_missing_compiler_is_named(no_compiler: None) -> None:
    with pytest.raises(BuildError, match=r"C compiler is missing; .*gcc libc6-dev libssl-dev"):
        build_module("sm2")


def test_missing_headers_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_has_headers", lambda includes: False)
    with pytest.raises(BuildError, match=r"headers are missing; .*libssl-dev"):
        ensure_build_tools()


def test_nothing_is_installed_unasked(no_compiler: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "install", lambda *packages: pytest.fail("installed unasked"))
    with pytest.raises(BuildError):
        ensure_build_tools(install=False)


def test_root_installs_what_is_missing(no_compiler: None, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []

    def install(*packages: str) -> None:
        installed.extend(packages)
        monkeypatch.setattr(build, "_missing", lambda includes: None)

    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt, "install", install)
    assert ensure_build_tools(install=True) == []
    assert installed == ["gcc", "libc6-dev", "libssl-dev"]


def test_without_rights_headers_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(folder: Path, *packages: str) -> None:
        assert packages == ("libssl-dev",)
        (folder / "usr/include/test-linux-gnu").mkdir(parents=True)

    monkeypatch.setattr(apt, "can_install", lambda: False)
    monkeypatch.setattr(apt, "unpack", unpack)
    monkeypatch.setattr(build, "_has_headers", lambda includes: bool(includes))
    includes = ensure_build_tools(install=True)
    root = cache.folder("headers") / "usr/include"
    assert includes == [f"-I{root}", f"-I{root}/test-linux-gnu"]
    assert ensure_build_tools() == includes, "they are found again"


def test_error_of_a_program_has_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(SoftHsmError, match="no-such-file"):
        apt.run("ls", str(tmp_path / "no-such-file"))
    with pytest.raises(SoftHsmError, match="cannot be run"):
        apt.run(str(tmp_path / "no-such-program"))


def test_program_has_no_terminal_to_ask_on() -> None:
    assert apt.run("cat") == ""


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(apt, "_SECONDS", 0.1)


def test_program_that_hangs_is_ended(slow: Callable[[], None]) -> None:
    slow()
    with pytest.raises(SoftHsmError, match=r"sleep cannot be run: .*timed out"):
        apt.run("sleep", "30")
