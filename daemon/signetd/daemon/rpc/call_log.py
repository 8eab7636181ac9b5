"""The one line that the log has about every call."""

import asyncio
from typing import Final

import structlog

from signetd.daemon.rpc.calls import Call
from signetd.drivers.errors import Reason

_REFUSALS: Final = 20
_SECONDS: Final = 1.0
_log = structlog.get_logger("signetd.rpc")


class CallLog:
    """Writes a line for each call; of those refused for overload only so many in a second.

    A flood of calls must not become a flood of lines, which would cost more than the refusals; how
    many were left out is written in their place.
    """

    def __init__(self) -> None:
        self._refused = 0

    def write(self, call: Call, status: str, reason: str = "") -> None:
        """Write how a call ended."""
        if reason == Reason.OVERLOADED and not self._may_write():
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

    def _may_write(self) -> bool:
        if not self._refused:
            asyncio.get_running_loop().call_later(_SECONDS, self._sum_up)
        self._refused += 1
        return self._refused <= _REFUSALS

    def _sum_up(self) -> None:
        left_out, self._refused = self._refused - _REFUSALS, 0
        if left_out > 0:
            _log.warning("more calls refused", reason=Reason.OVERLOADED.value, calls=left_out)
