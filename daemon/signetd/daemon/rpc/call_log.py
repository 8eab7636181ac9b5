"""The one line that the log has about every call."""

import asyncio
from collections import Counter
from typing import Final

import structlog

from signetd.daemon.rpc.calls import Call
from signetd.drivers.errors import Reason

_REFUSALS: Final = 20
_SECONDS: Final = 1.0
_OVERLOAD: Final = (Reason.OVERLOADED, Reason.TOKEN_BUSY)
_log = structlog.get_logger("signetd.rpc")


class CallLog:
    """Writes a line for each call; of those refused for overload only so many in a second.

    A flood of calls must not become a flood of lines: a line is an eighth of what a refusal costs.
    How many were left out is written in their place, for each reason.
    """

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()

    def write(self, call: Call, status: str, reason: str = "") -> None:
        """Write how a call ended."""
        if reason in _OVERLOAD and not self._may_write(reason):
            return
        facts: dict[str, str | int] = {**call.facts}
        if reason:
            facts["reason"] = reason
        _log.info(
            "call",
            request_id=call.request_id,
            method=call.method,
            identity=call.identity,
            status=status,
            milliseconds=call.milliseconds(),
            **facts,
        )

    def _may_write(self, reason: str) -> bool:
        if not self._refused[reason]:
            asyncio.get_running_loop().call_later(_SECONDS, self._sum_up, reason)
        self._refused[reason] += 1
        return self._refused[reason] <= _REFUSALS

    def _sum_up(self, reason: str) -> None:
        left_out = self._refused.pop(reason) - _REFUSALS
        if left_out > 0:
            _log.warning("more calls refused", reason=reason, calls=left_out)
