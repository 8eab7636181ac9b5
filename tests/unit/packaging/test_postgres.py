"""What tests say when there is no PostgreSQL for them."""

from pathlib import Path

import pytest

from tests import postgres


def test_without_postgresql_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    with pytest.raises(AssertionError, match=r"tests need PostgreSQL: .*install postgresql"):
        postgres.need_programs()


def test_the_newest_postgresql_of_debian_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    for version in ("9.6", "15", "17"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch(mode=0o755)
        (folder / "postgres").touch(mode=0o755)
    assert postgres.find_programs() == tmp_path / "17" / "bin"
