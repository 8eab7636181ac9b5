"""Signatures without an approval, many of one caller at a time.

Each item goes the way that ``SigningDesk`` describes, and has an outcome and a record of its own.
But what is the same for all is decided once, the token gets them together, and their records are
written in one transaction: an item costs a fraction of a request.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from signetd.daemon.approvals import refusals
from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.late import LateRecords
from signetd.daemon.audit.types import Entry, ManyLedger, Written
from signetd.daemon.audit.use_records import CANCELLED
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import Asker
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.item import OPERATION, Item, Outcome, replaced_before
from signetd.daemon.signing.permits import Permit, Permits
from signetd.daemon.signing.types import Signed, SignInput
from signetd.daemon.signing.validate import Checked, check_version
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester

TRIES: Final = 5
"""How often a signature is written down anew because the policy keeps changing."""


class Engine(Protocol):
    """What makes signatures, many at a time."""

    async def sign_many(
        self, wanted: Sequence[tuple[Checked, bytes]], requester: Requester
    ) -> list[Signed | SignetError]:
        """Sign what was checked, each with its digest; the results are in the same order."""
        ...


class PlainSigning:
    """Signs what needs no approval."""

    def __init__(self, engine: Engine, gate: Gate, ledger: ManyLedger) -> None:
        self._engine = engine
        self._gate = gate
        self._permits = Permits(gate)
        self._ledger = ledger
        self._late = LateRecords(ledger)

    async def sign(self, requests: Sequence[SignInput], asker: Asker) -> list[Outcome]:
        """Return what became of each request, none of which has an approval.

        An error that nobody foresaw is an outcome as well. Raises AUDIT_UNAVAILABLE.
        """
        began = self._gate.now()
        items = [Item(request, asker) for request in requests]
        try:
            await self._work(items, asker, began)
        except asyncio.CancelledError:  # nobody waits for them any more
            for item in items:
                if not item.written:
                    self._late.write(item.event(CANCELLED))
            raise
        return [item.outcome() for item in items]

    async def drain(self) -> None:
        """Wait for the records of requests that were given up; before the ledger is closed."""
        await self._late.drain()

    async def _work(self, items: Sequence[Item], asker: Asker, began: datetime) -> None:
        for item in items:
            await self._prepare(item, asker)
        left = items
        for _ in range(TRIES):
            await self._make([item for item in left if item.is_to_be_signed], asker)
            left = await self._write(left)
            if not left:
                return
            await self._refresh(left, asker, began)
        for item in left:
            item.fail(changing())
        await self._write(left)

    async def _prepare(self, item: Item, asker: Asker) -> None:
        try:
            permit = item.permit = self._permits.of(item.request, asker)
            check_version(permit.checked.key, item.request.version)
            item.digest = await named_digest(permit.checked)
            _check_unapproved(item, permit)
        except Exception as error:  # of this one; the others go on
            item.fail(error)

    async def _make(self, items: Sequence[Item], asker: Asker) -> None:
        if not items:
            return
        wanted = [(item.permit.checked, item.digest) for item in items if item.permit is not None]
        try:
            results = await self._engine.sign_many(wanted, asker.requester)
        except Exception as error:  # of the engine itself, for each has its own
            for item in items:
                item.fail(error)
            return
        for item, result in zip(items, results, strict=True):
            if isinstance(result, SignetError):
                item.fail(result)
            else:
                item.signed = result

    async def _write(self, items: Sequence[Item]) -> list[Item]:
        """Write down what became of *items*; return those for which the policy has changed."""
        moment = self._gate.now()
        for item in items:
            item.written = True  # before, for whoever is cancelled meanwhile
        outcomes = await self._ledger.write_many([_entry(item, moment) for item in items])
        changed = []
        for item, outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, Written):
                item.number = outcome.number
            elif isinstance(outcome, SignetError) and outcome.reason is Reason.POLICY_CHANGED:
                item.written = False
                changed.append(item)
            else:
                item.fail(outcome)
        return changed

    async def _refresh(self, items: Sequence[Item], asker: Asker, began: datetime) -> None:
        try:
            await self._gate.refresh()
        except SignetError as error:
            for item in items:
                item.fail(error)
            return
        for item in items:
            await self._permit_again(item, asker, began)

    async def _permit_again(self, item: Item, asker: Asker, began: datetime) -> None:
        """Look whether what is signed may be released under the policy that counts now."""
        item.allowed = False
        try:
            permit = self._permits.of(item.request, asker)
        except SignetError as error:
            item.fail(error)
            return
        if item.signed and replaced_before(item.signed.key, permit.checked.key, began):
            item.signed = None  # by the pair that is there now, then
            await self._prepare(item, asker)
            return
        item.permit = permit
        try:
            _check_unapproved(item, permit)
        except SignetError as error:
            item.fail(error)


def changing() -> SignetError:
    """Return what is said when the policy does not rest for as long as a signature takes."""
    return SignetError(
        Reason.POLICY_CHANGED,
        "Grants and keys were changed all the time while this was signed; try again.",
    )


def _entry(item: Item, moment: datetime) -> Entry:
    if item.signed is None or item.permit is None:
        return Entry(event=item.event())
    charges, alternatives = item.permit.basis.costs.at(moment)
    return Entry(
        event=item.event(),
        charges=charges,
        alternatives=alternatives,
        policy_version=item.permit.basis.version,
    )


def _check_unapproved(item: Item, permit: Permit) -> None:
    """Raise APPROVAL_NEEDED if it is; else the item is allowed."""
    if permit.basis.rules:
        subject = Subject(
            operation=OPERATION,
            resource=item.resource,
            algorithm=permit.checked.algorithm,
            digest=item.digest,
        )
        raise refusals.needed(subject, permit.basis.rules)
    item.allowed = True
