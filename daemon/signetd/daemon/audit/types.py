"""What is written down of every decision, and what happens together with the writing."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from signetd.drivers.errors import SignetError


class Kind(StrEnum):
    """What a record tells of."""

    USE = "use"
    ACT = "act"
    CHECKPOINT = "checkpoint"
    START = "start"
    PRUNE = "prune"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a record says, without its place in the chain. Digests are lower-case hex.

    ``operation`` is what a key signed (`sign`, `stamp`, `make-seal`), or an API method
    (`KeyService/DestroyKey`). ``resource`` is `keys/{key}`, `tokens/{token}`, … ``result`` is `OK`
    or a Reason. ``digest`` is that of what was signed and ``signature_digest`` the SM3 of the
    signature as it was released. ``detail`` is short and holds no secret, no document and nothing
    personal beyond the names of identities.
    """

    kind: Kind
    identity: str = ""
    operation: str
    request_id: str = ""
    resource: str = ""
    key_version: int = 0
    token: str = ""
    token_serial: str = ""
    algorithm: str = ""
    digest: str = ""
    signature_digest: str = ""
    allowed: bool
    result: str
    grant: str = ""
    approval: str = ""
    detail: str = ""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One more use in a counter: ``scope`` is `keys/{key}`, `grants/{grant}` or `seals/{seal}`.

    ``window`` is "" for all time, `2026-11-25` for a day or `2026-11-25T13:45` for a minute, of
    UTC.
    With a ``limit``, the counter must not exceed it.
    """

    scope: str
    window: str = ""
    limit: int | None = None


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """One grant that allows a use, with what the use costs by it."""

    grant: str
    charges: tuple[Charge, ...] = ()


class Effect(Protocol):
    """A change that is made in the same transaction as the record, or not at all."""

    def __call__(self, connection: Connection, moment: datetime) -> None:
        """Make the change; *moment* is the record's time. Raises SignetError to refuse it."""
        ...


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is written at once or not at all: a record, and what it costs and changes.

    ``guards`` look, in the same transaction, whether what the entry rests on still holds, and
    change nothing. ``charges`` are all made. Of the ``alternatives``, where there are any, the
    first one is made whose limits allow it; its grant goes into the record. Where none does, or a
    guard, a charge or an effect is refused, nothing of it is made, and the record says so instead:
    denied, with the reason. ``policy_version`` is the version under which the use was allowed (0:
    any): if another one counts by now, nothing at all is written, and the writer raises
    POLICY_CHANGED.
    """

    event: Event
    guards: tuple[Effect, ...] = ()
    charges: tuple[Charge, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    effects: tuple[Effect, ...] = ()
    policy_version: int = 0


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record is in the chain, durably; ``grant`` is that of the alternative taken."""

    number: int
    time: datetime
    grant: str = ""


Outcome = Written | Exception
"""What became of an entry: where it is, or what its writer is to be told."""


class Ledger(Protocol):
    """Where decisions are written down; nothing is answered before that."""

    def check(self) -> None:
        """Raise AUDIT_UNAVAILABLE if nothing can be written now, as far as is known."""
        ...

    async def write(self, entry: Entry) -> Written:
        """Write *entry* durably, together with those of others that wait.

        Finished even if the caller is cancelled. Raises SignetError: AUDIT_UNAVAILABLE when it
        cannot be written; POLICY_CHANGED; LIMIT_REACHED and what an effect raises, once the
        refusal is in the chain.
        """
        ...


class ManyLedger(Ledger, Protocol):
    """One that also takes many entries of one writer at once."""

    async def write_many(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Write *entries* one after the other in one transaction; return what became of each.

        As `write` otherwise: what that raises for an entry is its outcome here. Raises
        AUDIT_UNAVAILABLE when none of them can be written.
        """
        ...


def failed(event: Event, error: SignetError, *, allowed: bool = False) -> Event:
    """Return the event of the same request that ended with *error*."""
    return msgspec.structs.replace(
        event, allowed=allowed, result=error.reason.value, signature_digest=""
    )
