"""Writes what calls do into the audit."""

import asyncio
from typing import Final

import structlog

from signetd.daemon.audit.types import Effect, Entry, Event, Kind, Ledger, Written
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.rules import Record
from signetd.drivers.errors import Reason, SignetError

BEGUN: Final = "BEGUN"
"""The result of an act that has begun, and of which another record tells how it ended."""
_UNRECORDED: Final = frozenset({Reason.OVERLOADED, Reason.SHUTTING_DOWN})
_log = structlog.get_logger("signetd.audit")


class Recorder:
    """Writes the records of calls. With *reads*, those of calls that only read too."""

    def __init__(self, ledger: Ledger, *, reads: bool = False) -> None:
        self._ledger = ledger
        self._reads = reads
        self._late: set[asyncio.Task[None]] = set()

    async def begin(
        self, resource: str, *effects: Effect, detail: str = "", approval: str = ""
    ) -> None:
        """Record that the current call begins an act that cannot be undone; before it does.

        *approval* is the resource name of the one that *effects* use up, "" for none.

        How it ended is recorded by the dispatcher. Raises what the ledger does.
        """
        call = calls.current()
        call.resource = resource
        event = act_event(call, allowed=True, result=BEGUN, detail=detail, approval=approval)
        await self._ledger.write(Entry(event=event, effects=effects))

    async def act(
        self, resource: str, *effects: Effect, detail: str = "", approval: str = ""
    ) -> Written:
        """Record that the current call was allowed and did this, with *effects*, all or nothing.

        *approval* is as for `begin`. Raises what the ledger does; a refusal by an effect is in the
        chain then.
        """
        call = calls.current()
        call.resource = resource
        call.recorded = True
        event = act_event(call, allowed=True, result="OK", detail=detail, approval=approval)
        return await self._ledger.write(Entry(event=event, effects=effects))

    async def item(self, resource: str, error: SignetError) -> None:
        """Record an item of the current call that was refused before a key was used."""
        call = calls.current()
        event = Event(
            kind=Kind.USE,
            identity=call.identity,
            operation="sign",
            request_id=call.request_id,
            resource=resource,
            allowed=False,
            result=error.reason.value,
        )
        await self._ledger.write(Entry(event=event))

    async def ended(self, call: Call, kind: Record, error: SignetError | None) -> None:
        """Record how *call* ended, unless that was done or is of no interest.

        Raises AUDIT_UNAVAILABLE: its caller must not get another answer then.
        """
        if not self._is_wanted(call, kind, error):
            return
        allowed = error is None or error.reason is not Reason.PERMISSION_DENIED
        result = "OK" if error is None else error.reason.value
        # Whose certificate was refused; it identifies nobody.
        shown = str(call.facts.get("presented", ""))[:255]
        detail = f"certificate of {shown}" if shown else ""
        event = act_event(call, allowed=allowed, result=result, detail=detail)
        await self._ledger.write(Entry(event=event))

    def cancelled(self, call: Call, kind: Record) -> None:
        """Record, as soon as possible, that nobody waited for the end of *call*."""
        if kind is not Record.READ and not call.recorded and call.resource:
            task = asyncio.create_task(self._cancelled(call))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def drain(self) -> None:
        """Wait for what `cancelled` has begun; before the ledger is closed."""
        await asyncio.gather(*self._late)

    def _is_wanted(self, call: Call, kind: Record, error: SignetError | None) -> bool:
        if call.recorded:
            return False
        if error is None:
            return kind is Record.CHANGE or (kind is Record.READ and self._reads)
        if kind is Record.READ and not self._reads:
            return error.reason is Reason.PERMISSION_DENIED or not call.roles
        return error.reason not in _UNRECORDED

    async def _cancelled(self, call: Call) -> None:
        event = act_event(call, allowed=True, result="CANCELLED")
        try:
            await self._ledger.write(Entry(event=event))
        except SignetError as error:
            _log.error("end of a call not recorded", request_id=call.request_id, why=error.message)


def act_event(
    call: Call, *, allowed: bool, result: str, detail: str = "", approval: str = ""
) -> Event:
    """Return the event of an act: what was called, by whom, about what, how it ended."""
    return Event(
        kind=Kind.ACT,
        identity=call.identity[:255],
        operation=call.operation,
        request_id=call.request_id,
        resource=call.resource,
        allowed=allowed,
        result=result,
        approval=approval,
        detail=detail,
    )
