"""The line about every call, and the sum of those that came too often."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from signetd.daemon.config import Log
from signetd.daemon.rpc import call_log
from signetd.daemon.rpc.call_log import CallLog
from signetd.daemon.rpc.calls import Call
from signetd.drivers.errors import Reason

CALLS = 30


async def written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *reasons: Reason
) -> list[dict[str, Any]]:
    """Have many calls refused for each reason; return what the log has of that."""
    monkeypatch.setattr(call_log, "_SECONDS", 0.05)
    lines = CallLog()
    for _ in range(CALLS):
        for reason in reasons:
            lines.write(Call("/service/Method"), "A_STATUS", reason.value)
    await asyncio.sleep(0.1)
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_refusals_for_overload_are_summed_up_reason_by_reason(
    log_to: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_to(Log())
    lines = await written(capsys, monkeypatch, Reason.TOKEN_BUSY, Reason.OVERLOADED)
    sums = {line["reason"]: line["calls"] for line in lines if line["event"] != "call"}
    shown = Counter(line["reason"] for line in lines if line["event"] == "call")
    assert set(sums) == {"TOKEN_BUSY", "OVERLOADED"}
    for reason, left_out in sums.items():
        assert 0 < shown[reason] < CALLS, f"{reason}: a flood of lines, or none"
        assert shown[reason] + left_out == CALLS, f"{reason}: calls are not accounted for"


async def test_each_other_failure_has_its_line(
    log_to: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_to(Log())
    lines = await written(capsys, monkeypatch, Reason.PERMISSION_DENIED, Reason.TOKEN_LOCKED)
    assert [line["event"] for line in lines] == ["call"] * 2 * CALLS
