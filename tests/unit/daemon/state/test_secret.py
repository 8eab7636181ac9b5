"""The key of the PIN guard: made once, whole, for its owner only."""

import stat
from pathlib import Path

import pytest

from signetd.daemon.state import StateError, open_database
from signetd.daemon.state.secret import keep_secret


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "key"
    made = keep_secret(file, 32)
    assert len(made) == 32
    assert keep_secret(file, 32) == made == file.read_bytes()
    assert keep_secret(tmp_path / "other", 32) != made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "other"]


def test_a_draft_that_a_crash_left_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "key.new").write_bytes(b"half")
    assert len(keep_secret(tmp_path / "key", 32)) == 32


def test_a_secret_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    keep_secret(tmp_path / "key", 32)
    (tmp_path / "key").chmod(0o644)
    keep_secret(tmp_path / "key", 32)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_secret_of_another_size_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(StateError, match=rf"has {len(content)} bytes; it must have 32.*move it"):
        keep_secret(tmp_path / "key", 32)
    assert (tmp_path / "key").read_bytes() == content


def test_a_link_in_the_place_of_the_secret_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be opened"):
        keep_secret(tmp_path / "key", 32)
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_that_cannot_be_used_gives_the_lock_back(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    open_database(folder).close()
    key = (folder / "pin-guard.key").read_bytes()
    (folder / "pin-guard.key").write_bytes(b"")
    with pytest.raises(StateError, match="must have 32"):
        open_database(folder)
    (folder / "pin-guard.key").write_bytes(key)
    database = open_database(folder)
    assert database.pin_guard_key == key
    database.close()
