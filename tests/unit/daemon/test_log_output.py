"""The log's output: what cannot be written is dropped, counted, and stops nobody."""

import io
import json
import os
from pathlib import Path

import pytest
import structlog

from signetd.daemon import logs
from signetd.daemon.config import Log
from signetd.daemon.log_output import LossyOutput


def test_lines_arrive_at_once(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("w") as stream:
        LossyOutput(stream).write("a line\n")
        assert file.read_text() == "a line\n"


def test_what_a_full_disk_does_not_take_is_counted_and_told() -> None:
    with Path("/dev/full").open("w") as full:
        output = LossyOutput(full)
        output.write("first\n")
        output.write("second\n")
        assert output.lost == 2
        reader, writer = os.pipe()
        os.dup2(writer, full.fileno())  # there is space again
        os.close(writer)
        output.write("third\n")
        assert output.lost == 0
    with open(reader) as told:
        lost, third = told.read().splitlines()
    assert '"lines": 2' in lost
    assert third == "third"


def test_a_stream_without_a_descriptor_is_written_too() -> None:
    stream = io.StringIO()
    LossyOutput(stream).write("印章\n")
    assert stream.getvalue() == "印章\n"


def test_a_closed_stream_is_no_error() -> None:
    stream = io.StringIO()
    output = LossyOutput(stream)
    stream.close()
    output.write("a line\n")
    assert output.lost == 1


def test_a_text_that_has_no_utf8_is_written_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("w") as stream:
        LossyOutput(stream).write("\ud800\n")
    assert file.read_text() == "\\ud800\n"


def test_a_line_in_json_takes_whatever_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Also a text without UTF-8, and a value that JSON does not know."""
    configuration = structlog.get_config()
    try:
        logs.configure(Log())
        structlog.get_logger().info(
            "said", text="印\ud800", value={1, 2}.__class__, path=Path("/x")
        )
    finally:
        structlog.configure(**configuration)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["text"][0]) == ("said", "印")
    assert line["path"] == "PosixPath('/x')"
