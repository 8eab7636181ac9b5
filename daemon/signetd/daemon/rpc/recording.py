"""Writes what calls do into the audit."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final

import msgspec
from google.protobuf.message import Message

from signetd.daemon.audit.late import LateRecords
from signetd.daemon.audit.types import Charge, Effect, Entry, Event, Kind, Ledger, Written
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.flood import RefusalFlood
from signetd.daemon.rpc.rules import Record
from signetd.drivers.errors import Reason, SignetError

BEGUN: Final = "BEGUN"
"""The result of an act that has begun, and of which another record tells how it ended."""
REFUSALS: Final = frozenset(
    {
        Reason.PERMISSION_DENIED,
        Reason.IDENTITY_MISSING,
        Reason.CERTIFICATE_EXPIRED,
        Reason.CERTIFICATE_REVOKED,
        Reason.REVOCATION_UNKNOWN,
        Reason.APPROVAL_NEEDED,
        Reason.APPROVAL_INVALID,
        Reason.APPROVAL_NOT_FOUND,
        Reason.ROLES_CONFLICT,
        Reason.SAME_PERSON,
    }
)
"""What is refused because of who asks: not allowed. All else that fails was allowed."""
_UNRECORDED: Final = frozenset({Reason.OVERLOADED, Reason.SHUTTING_DOWN})


class Recorder:
    """Writes the records of calls. With *reads*, those of calls that only read too."""

    def __init__(self, ledger: Ledger, *, reads: bool = False) -> None:
        self._ledger = ledger
        self._reads = reads
        self._late = LateRecords(ledger)
        self._flood = RefusalFlood(self._sum_up)

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
        self,
        resource: str,
        *effects: Effect,
        detail: str = "",
        approval: str = "",
        charges: tuple[Charge, ...] = (),
        policy_version: int = 0,
        signed: Mapping[str, Any] | None = None,
    ) -> Written:
        """Record that the current call was allowed and did this, with *effects*, all or nothing.

        *approval* is as for `begin`; *charges* and *policy_version* as in Entry; *signed* has the
        fields of Event that tell of a signature which the act has made. Raises what the ledger
        does; a refusal by an effect is in the chain then.
        """
        call = calls.current()
        call.resource = resource
        call.recorded = True
        event = act_event(call, allowed=True, result="OK", detail=detail, approval=approval)
        if signed:
            event = msgspec.structs.replace(event, **signed)
        entry = Entry(event=event, effects=effects, charges=charges, policy_version=policy_version)
        try:
            return await self._ledger.write(entry)
        except SignetError as error:
            if policy_version and error.reason is Reason.POLICY_CHANGED:
                call.recorded = False  # nothing was written
            raise

    async def item(self, operation: str, error: SignetError, request_id: str = "") -> None:
        """Record an item of the current call that was refused before a key was looked for.

        *request_id* is the item's own, if it has one.
        """
        call = calls.current()
        event = Event(
            kind=Kind.USE,
            identity=call.identity,
            operation=operation,
            request_id=request_id or call.request_id,
            allowed=False,
            result=error.reason.value,
        )
        await self._ledger.write(Entry(event=event))

    async def carry_out(self, call: Call, work: Coroutine[Any, Any, Message]) -> Message:
        """Do what *call* changes to its end, and record that, even if its caller goes away.

        Raises what *work* does, and AUDIT_UNAVAILABLE if the end cannot be recorded.
        """
        call.carried = True
        return await asyncio.shield(self._late.start(self._carried(call, work)))

    async def ended(self, call: Call, kind: Record, error: SignetError | None) -> None:
        """Record how *call* ended, unless that was done or is of no interest.

        Raises AUDIT_UNAVAILABLE: its caller must not get another answer then.
        """
        if not call.carried:
            await self._write_end(call, kind, error)

    async def drain(self) -> None:
        """Wait for what is carried out without a caller; before the ledger is closed."""
        await self._late.drain()

    async def _carried(self, call: Call, work: Coroutine[Any, Any, Message]) -> Message:
        try:
            answer = await work
        except SignetError as error:
            await self._write_end(call, Record.CHANGE, error)
            raise
        except Exception:
            await self._write_end(call, Record.CHANGE, SignetError(Reason.INTERNAL, ""))
            raise
        await self._write_end(call, Record.CHANGE, None)
        return answer

    async def _write_end(self, call: Call, kind: Record, error: SignetError | None) -> None:
        if not self._is_wanted(call, kind, error):
            return
        if not (call.admitted or self._flood.may_record(call.identity)):
            return
        allowed = error is None or error.reason not in REFUSALS
        result = "OK" if error is None else error.reason.value
        # Whose certificate was refused; it identifies nobody.
        shown = str(call.facts.get("presented", ""))[:255]
        detail = f"certificate of {shown}" if shown else ""
        if error is None:
            detail = call.outcome
        event = act_event(call, allowed=allowed, result=result, detail=detail)
        await self._ledger.write(Entry(event=event))

    def _is_wanted(self, call: Call, kind: Record, error: SignetError | None) -> bool:
        if call.recorded:
            return False
        if error is None:
            return kind is Record.CHANGE or (kind is Record.READ and self._reads)
        if kind is Record.READ and not self._reads:
            return error.reason in REFUSALS
        return error.reason not in _UNRECORDED

    def _sum_up(self, name: str, number: int) -> None:
        event = Event(
            kind=Kind.ACT,
            identity=name[:255],
            operation="refused",
            allowed=False,
            result=Reason.PERMISSION_DENIED.value,
            detail=f"{number} more calls in this second",
        )
        self._late.write(event)


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
