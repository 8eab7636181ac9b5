"""Who can use a file with a secret, by its mode and by its access control list."""

import errno
import os
import struct
from pathlib import Path

import pytest

from signetd.daemon.config import exposure
from signetd.daemon.config.secret_file import acl_names_only

OWNER, USER, GROUP_OF_FILE, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NOBODY = 0xFFFFFFFF
READ = 4
US = 1000

Entry = tuple[int, int, int]


def acl(*entries: Entry, version: int = 2) -> bytes:
    return struct.pack("<I", version) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def credential(*more: Entry, group: int = 0, other: int = 0) -> bytes:
    """The list that systemd gives a credential: root's file, readable by one more user."""
    return acl(
        (OWNER, READ, NOBODY),
        (USER, READ, US),
        *more,
        (GROUP_OF_FILE, group, NOBODY),
        (MASK, READ, NOBODY),
        (OTHER, other, NOBODY),
    )


def test_a_list_that_adds_us_alone_is_private() -> None:
    assert acl_names_only(credential(), {0, US})
    assert acl_names_only(credential((USER, READ, 0), (USER, 0, 1001)), {0, US})


@pytest.mark.parametrize(
    "exposed",
    [
        credential((USER, READ, 1001)),
        credential((GROUP, READ, US)),
        credential(group=READ),
        credential(other=READ),
        credential((0x40, READ, US)),
        acl((USER, READ, US), version=3),
        credential()[:-1],
        b"",
        b"\x02\x00",
    ],
    ids=["user", "group", "file's group", "other", "tag", "version", "cut", "empty", "short"],
)
def test_any_other_right_is_an_exposure(exposed: bytes) -> None:
    assert not acl_names_only(exposed, {0, US})


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    return file


def test_the_message_has_the_mode_and_the_command(secret: Path) -> None:
    assert exposure(secret) is None
    secret.chmod(0o440)
    assert exposure(secret) == (
        f"has mode 0440, which is open to other users: run chmod 600 {secret}"
    )


def test_an_open_file_is_judged_in_place_of_its_path(secret: Path) -> None:
    with secret.open() as opened:
        secret.rename(secret.with_name("moved"))
        secret.touch(mode=0o600)
        assert exposure(secret, opened.fileno()) is None
        os.fchmod(opened.fileno(), 0o604)
        assert exposure(secret) is None
        assert "has mode 0604" in str(exposure(secret, opened.fileno()))


def test_group_bits_that_stand_for_our_own_right_are_no_exposure(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.chmod(0o440)
    monkeypatch.setattr(os, "geteuid", lambda: US)
    monkeypatch.setattr(os, "getxattr", lambda target, name: credential())
    assert exposure(secret) is None
    monkeypatch.setattr(os, "getxattr", lambda target, name: credential(other=READ))
    assert exposure(secret) is not None


@pytest.mark.parametrize("code", [errno.ENODATA, errno.ENOTSUP])
def test_without_a_list_the_mode_decides(
    secret: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(target: object, name: str) -> bytes:
        raise OSError(code, os.strerror(code))

    secret.chmod(0o440)
    monkeypatch.setattr(os, "getxattr", refuse)
    assert exposure(secret) is not None


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        exposure(tmp_path / "absent")
