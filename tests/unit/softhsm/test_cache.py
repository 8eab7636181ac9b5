"""The cache folder: where it is, and whom it may belong to."""

import os
from pathlib import Path

import pytest

from signetd.softhsm import SoftHsmError, cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_folders_are_private(tmp_path: Path) -> None:
    path = cache.folder("modules/abc")
    assert path == tmp_path / "cache/signetd/modules/abc"
    for made in (path, path.parent, path.parent.parent):
        assert made.stat().st_mode & 0o777 == 0o700, made


@pytest.mark.parametrize("value", [None, "", "relative/path"])
def test_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if value is None:
        monkeypatch.delenv("XDG_CACHE_HOME")
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache.base() == tmp_path / "home/.cache/signetd"


@pytest.mark.parametrize("part", ["", "modules", "modules/abc"])
@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_folder_that_others_can_write_is_refused(part: str, mode: int) -> None:
    cache.folder("modules/abc")
    (cache.base() / part).chmod(mode)
    with pytest.raises(SoftHsmError, match="can be written by others"):
        cache.folder("modules/abc")


def test_folder_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.folder("modules")
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    with pytest.raises(SoftHsmError, match="belongs to somebody else"):
        cache.folder("modules")


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(SoftHsmError, match="XDG_CACHE_HOME"):
        cache.folder("modules")
