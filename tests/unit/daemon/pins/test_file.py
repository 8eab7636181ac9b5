"""PIN files: read anew each time, and refused when others could have read or made them."""

import os
from pathlib import Path

import pytest

from signetd.daemon.pins import PinFile
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pins import PinSource


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [b"1234", b"1234\n", b"1234\r\n"])
async def test_the_line_may_be_ended(tmp_path: Path, content: bytes) -> None:
    assert (await PinFile(write(tmp_path / "pin", content)).read()).reveal() == "1234"


async def test_a_changed_pin_is_seen(tmp_path: Path) -> None:
    source: PinSource = PinFile(write(tmp_path / "pin", b"1234"))
    await source.read()
    write(tmp_path / "pin", "密码5678".encode())
    assert (await source.read()).reveal() == "密码5678"


async def refusal(path: Path) -> str:
    with pytest.raises(SignetError) as caught:
        await PinFile(path).read()
    assert caught.value.reason is Reason.PIN_INVALID
    assert "1234" not in caught.value.message
    assert str(path) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"", 0o600, "one line of 1 to 255 bytes"),
        (b"1\n2\n", 0o600, "one line"),
        (b"\xff", 0o600, "UTF-8"),
        (b"1234\0", 0o600, "one line"),
        (b"9" * 256, 0o600, "255 bytes"),
        (b"1234", 0o604, "run chmod 600"),
    ],
)
async def test_an_unusable_file_is_refused(
    tmp_path: Path, content: bytes, mode: int, words: str
) -> None:
    assert words in await refusal(write(tmp_path / "pin", content, mode))


async def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in await refusal(tmp_path / "pin")


async def test_a_pipe_in_the_place_of_the_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pin", 0o600)
    assert "not a regular file" in await refusal(tmp_path / "pin")
