"""The record of one use of a key: what it says so far, and that it is written however it ends."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from signetd.daemon.audit.late import LateRecords
from signetd.daemon.audit.types import Entry, Event, Kind, Ledger, Written, failed
from signetd.daemon.policy.types import Asker
from signetd.drivers.errors import Reason, SignetError

CANCELLED: Final = "CANCELLED"
"""The result of a request whose caller has gone, or whose deadline has passed."""
_Result = TypeVar("_Result")


class Use:
    """One use that is asked for, and what its record says so far.

    ``written`` is set by whoever has its record written, with or without success.
    """

    def __init__(self, asker: Asker, operation: str, resource: str) -> None:
        self.asker = asker
        self.operation = operation
        self.resource = resource
        self.written = False
        self._facts: dict[str, Any] = {"allowed": False, "result": "OK"}

    def note(self, **facts: object) -> None:
        """Have the record say more."""
        self._facts.update(facts)

    @property
    def event(self) -> Event:
        """What the record says so far."""
        return Event(
            kind=Kind.USE,
            identity=self.asker.identity,
            operation=self.operation,
            request_id=self.asker.request_id,
            resource=self.resource,
            **self._facts,
        )


class UseRecords:
    """Sees to it that a use which came to nothing is written down as well."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._late = LateRecords(ledger)

    async def finish(self, use: Use, work: Awaitable[_Result]) -> _Result:
        """Do *work*, which writes the record of *use* if it succeeds; raises what it does."""
        try:
            return await work
        except SignetError as error:
            await self._write_failure(use, error)
            raise
        except Exception:
            await self._write_failure(use, SignetError(Reason.INTERNAL, ""))
            raise
        except asyncio.CancelledError:  # nobody waits for it any more
            if not use.written:
                use.note(result=CANCELLED, signature_digest="")
                self._late.write(use.event)
            raise

    async def write(self, use: Use, entry: Entry) -> Written | None:
        """Write the record of what was done; None if the policy is not that of *entry* any more.

        Raises what the ledger does otherwise.
        """
        try:
            use.written = True  # before, for whoever is cancelled meanwhile
            return await self._ledger.write(entry)
        except SignetError as error:
            if error.reason is not Reason.POLICY_CHANGED:
                raise
            use.written = False
            return None

    async def drain(self) -> None:
        """Wait for the records of requests that were given up; before the ledger is closed."""
        await self._late.drain()

    async def _write_failure(self, use: Use, error: SignetError) -> None:
        if use.written or error.reason is Reason.AUDIT_UNAVAILABLE:
            return
        # What was signed, if anything was, is not released: the record does not name it.
        event = failed(use.event, error, allowed=use.event.allowed)
        await self._ledger.write(Entry(event=event))
