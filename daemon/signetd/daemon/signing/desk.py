"""From a request to a signature that may leave: permission, approval, token, limits, record.

A signature is made first and written down then, together with what it costs: the limits that it
uses, the approval that it uses up. Only what was written is released. So a signature that reaches
nobody costs nothing, and none leaves beyond a limit, twice for one approval, or without a record.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from signetd.daemon.audit.types import ManyLedger
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import Asker
from signetd.daemon.signing import approved, plain
from signetd.daemon.signing.approved import Approvals, ApprovedSigning
from signetd.daemon.signing.item import Outcome
from signetd.daemon.signing.plain import PlainSigning
from signetd.daemon.signing.types import Released, SignInput


class Engine(approved.Engine, plain.Engine, Protocol):
    """What makes signatures, one or many at a time."""


class SigningDesk:
    """Signs for callers whom policy allows it, and writes down every signature and refusal."""

    def __init__(
        self, engine: Engine, gate: Gate, approvals: Approvals, ledger: ManyLedger
    ) -> None:
        self._plain = PlainSigning(engine, gate, ledger)
        self._approved = ApprovedSigning(engine, gate, approvals, ledger)
        self._ledger = ledger

    async def sign(self, request: SignInput, asker: Asker) -> Released:
        """Sign a message or a digest for *asker*.

        Raises SignetError AUDIT_UNAVAILABLE; PERMISSION_DENIED; KEY_NOT_FOUND; KEY_PURPOSE_WRONG;
        what ``validate.check`` raises; APPROVAL_NEEDED and other reasons about approvals;
        LIMIT_REACHED; and what the engine raises.
        """
        (outcome,) = await self.sign_many((request,), asker)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def sign_many(self, requests: Sequence[SignInput], asker: Asker) -> list[Outcome]:
        """Sign many for *asker*; return what became of each, in the order of *requests*.

        What `sign` raises for a request is its outcome here. Those without an approval are signed
        and written down together. Raises AUDIT_UNAVAILABLE.
        """
        self._ledger.check()
        if not any(request.approval for request in requests):
            return await self._plain.sign(requests, asker)
        signed, approved_ones = await asyncio.gather(
            self._plain.sign([each for each in requests if not each.approval], asker),
            asyncio.gather(*(self._outcome(each, asker) for each in requests if each.approval)),
        )
        ways = {False: iter(signed), True: iter(approved_ones)}
        return [next(ways[bool(request.approval)]) for request in requests]

    async def drain(self) -> None:
        """Wait for the records of requests that were given up; before the ledger is closed."""
        await self._plain.drain()
        await self._approved.drain()

    async def _outcome(self, request: SignInput, asker: Asker) -> Outcome:
        try:
            return await self._approved.sign(request, asker)
        except Exception as error:  # of this one; the others go on
            return error
