"""What a module prints: in the log, without PINs, and not too much of it."""

import asyncio
import logging

import pytest

from signetd.drivers.isolation.output import OutputLog


async def logged(caplog: pytest.LogCaptureFixture, printed: bytes, *secrets: str) -> list[str]:
    stream = asyncio.StreamReader()
    stream.feed_data(printed)
    stream.feed_eof()
    log = OutputLog("t/0")
    for secret in secrets:
        log.hide(secret)
    with caplog.at_level(logging.WARNING, logger="signetd.worker"):
        await log.read(stream)
    return [record.getMessage() for record in caplog.records]


async def test_lines_are_logged_with_their_worker(caplog: pytest.LogCaptureFixture) -> None:
    lines = await logged(caplog, b"one\ntwo")
    assert lines == ["worker t/0 printed: one", "worker t/0 printed: two"]


async def test_a_pin_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    lines = await logged(caplog, b"C_Login(1, 83746501)\n", "83746501")
    assert lines == ["worker t/0 printed: C_Login(1, [PIN])"]


async def test_a_babbling_module_is_counted_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    lines = await logged(caplog, b"again\n" * 5000)
    assert len(lines) < 80
    assert lines[-1].endswith("lines more")
    left_out = sum(int(line.split()[3]) for line in lines if line.endswith("more"))
    assert left_out + sum("again" in line for line in lines) == 5000


async def test_an_endless_line_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    lines = await logged(caplog, b"x" * 200_000)
    assert all(len(line) < 600 for line in lines)
    assert len(lines) < 20


async def test_a_last_line_without_end_is_logged_when_reading_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"terminate called")
    with caplog.at_level(logging.WARNING, logger="signetd.worker"):
        reading = asyncio.create_task(OutputLog("t/0").read(stream))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait({reading})
    assert "worker t/0 printed: terminate called" in caplog.text
