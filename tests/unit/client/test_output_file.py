"""Where a result goes: files are replaced whole; devices, pipes and links stay what they are."""

import os
from pathlib import Path
from unittest.mock import MagicMock

from signetd.cli import output_file


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        output_file.write(MagicMock(), pipe, b"signature")
        assert os.read(reader, 100) == b"signature"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"before")
    link.symlink_to(target)
    output_file.write(MagicMock(), link, b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"


def test_nothing_but_the_result_is_left(tmp_path: Path) -> None:
    output_file.write(MagicMock(), tmp_path / "out", b"signature")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_bytes() == b"signature"
