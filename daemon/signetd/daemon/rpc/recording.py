"""Writes what a call does into the audit."""

from signetd.daemon.audit.types import Effect, Entry, Event, Kind, Ledger, Written
from signetd.daemon.rpc import calls


class Recorder:
    """Writes the records of calls; each call that is recorded here says so to its dispatcher."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def act(self, resource: str, *effects: Effect, detail: str = "") -> Written:
        """Record that the current call was allowed and did this, with *effects*, all or nothing.

        Raises what the ledger does; a refusal by an effect is in the chain then.
        """
        call = calls.current()
        event = act(call, resource, allowed=True, result="OK", detail=detail)
        call.recorded = True
        return await self._ledger.write(Entry(event=event, effects=effects))


def act(call: calls.Call, resource: str, *, allowed: bool, result: str, detail: str = "") -> Event:
    """Return the event of an administrator's act: what was called, by whom, how it ended."""
    return Event(
        kind=Kind.ACT,
        identity=call.identity,
        operation=call.operation,
        request_id=call.request_id,
        resource=resource,
        allowed=allowed,
        result=result,
        detail=detail,
    )
