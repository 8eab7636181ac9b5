"""Writes a group of entries into the chain: one durable transaction, whatever its size."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from signetd.daemon.audit.chain import START, Link, Place, counts_use, encode, link, place_of
from signetd.daemon.audit.counting import Counter, Counts, counters_of
from signetd.daemon.audit.types import Entry, Event, Outcome, Written, failed
from signetd.daemon.state import audit_writing, use_counters
from signetd.daemon.state.audit import AuditStore
from signetd.daemon.state.audit_transaction import AuditTransaction
from signetd.daemon.state.errors import StateError
from signetd.drivers.errors import Reason, SignetError

Clock = Callable[[], datetime]

_SWEEP: Final = timedelta(hours=1)
_KNOWN: Final = 100_000
_OF_THE_EFFECT: Final = (IntegrityError, DataError, ProgrammingError)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class GroupWriter:
    """Writes groups, one after the other, in one thread; knows the chain's tail by itself.

    After a failure it reads back what is there before it writes anything else: the outcome of a
    COMMIT whose answer was lost is found out so, and nothing is doubled.
    """

    def __init__(self, store: AuditStore, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._known: set[Counter] = set()
        self._swept = datetime.min.replace(tzinfo=UTC)
        self._doubtful: tuple[Link, list[Outcome]] | None = None
        self._failed = False
        self.tail = START

    @property
    def is_doubtful(self) -> bool:
        """Whether it is not known if the last group was written."""
        return self._doubtful is not None

    def commit(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Write *entries*; return what became of each.

        Raises what the database does, StateError if others have written into the chain.
        """
        if self._failed:
            self.settle()
        self._failed = True
        now = self._clock()
        plain = not (self._is_sweep_due(now) or any(map(_needs_connection, entries)))
        with self._store.writing(plain=plain) as transaction:
            group = self._write(transaction, entries, now)
            if group.links:
                self._doubtful = group.links[-1], group.outcomes
        self._remember(group.counts.changed)
        return self._done(group.outcomes)

    def settle(self) -> list[Outcome] | None:
        """Find out whether the last group is in the chain after all; None if it is not.

        Raises as `commit` does.
        """
        with self._store.transaction() as connection:
            audit_writing.lock_chain(connection, self._store.chain)
            body = audit_writing.last_body(connection, self._store.chain)
        found = START if body is None else place_of(body)
        if self._doubtful is not None and found == self._doubtful[0].place:
            return self._done(self._doubtful[1])
        if found != self.tail:
            raise StateError(
                f"The last record of the audit's chain {self._store.chain!r} is number "
                f"{found.number}, and not number {self.tail.number} as this daemon has left it. "
                "Find out who writes there, and start the daemon again."
            )
        self._doubtful, self._failed = None, False
        return None

    def _done(self, outcomes: list[Outcome]) -> list[Outcome]:
        if self._doubtful is not None:
            self.tail = self._doubtful[0].place
        self._doubtful, self._failed = None, False
        return outcomes

    def _remember(self, counters: Iterable[Counter]) -> None:
        if len(self._known) > _KNOWN:
            self._known.clear()
        self._known.update(counters)

    def _write(
        self, transaction: AuditTransaction, entries: Sequence[Entry], now: datetime
    ) -> "_Group":
        if self._is_sweep_due(now):
            use_counters.delete_old(transaction.connection, now)
            self._swept = now
        counts = transaction.lock(counters_of(entries), self._known)
        group = _Group(transaction, self._store.chain, self.tail, Counts(counts), now)
        group.add_all(entries)
        if group.links:
            transaction.add(group.links)
            transaction.write_counts(group.counts.changed)
        return group

    def _is_sweep_due(self, now: datetime) -> bool:
        return now - self._swept >= _SWEEP


def _needs_connection(entry: Entry) -> bool:
    return bool(entry.guards or entry.effects)


class _Group:
    """The entries of one transaction, one after the other."""

    def __init__(
        self, transaction: AuditTransaction, chain: str, tail: Place, counts: Counts, now: datetime
    ) -> None:
        self._transaction = transaction
        self._chain = chain
        self._tail = tail
        self._now = now
        self._version = 0
        self.counts = counts
        self.links: list[Link] = []
        self.outcomes: list[Outcome] = []

    def add_all(self, entries: Sequence[Entry]) -> None:
        """Take the entries in their order."""
        changes = any(entry.effects for entry in entries)
        if any(entry.policy_version for entry in entries):
            self._version = self._transaction.policy_version(changes=changes)
        for entry in entries:
            self.outcomes.append(self._add(entry))
            if entry.effects and self._version:  # they may have changed it
                self._version = self._transaction.policy_version(changes=True)

    def _add(self, entry: Entry) -> Outcome:
        if entry.policy_version not in (0, self._version):
            return _changed()
        moment = max(self._now, self._tail.time)
        try:
            if entry.effects or entry.guards:
                encode(entry.event)  # before they do anything
            for guard in entry.guards:
                guard(self._transaction.connection, moment)
            grant, after = self.counts.choose(entry)
            self._make(entry, moment)
        except UnicodeEncodeError as error:
            return error
        except DBAPIError as error:
            if not isinstance(error, _OF_THE_EFFECT):
                raise
            return self._refuse(entry.event, error)
        except Exception as error:  # an effect refuses, or has a fault of its own
            return self._refuse(entry.event, error)
        return self._place(entry.event, grant, after)

    def _make(self, entry: Entry, moment: datetime) -> None:
        if entry.effects:
            connection = self._transaction.connection
            with connection.begin_nested():
                for effect in entry.effects:
                    effect(connection, moment)

    def _refuse(self, event: Event, error: Exception) -> Exception:
        known = error if isinstance(error, SignetError) else SignetError(Reason.INTERNAL, "")
        placed = self._place(failed(event, known), "", {})
        return placed if isinstance(placed, UnicodeEncodeError) else error

    def _place(self, event: Event, grant: str, after: Mapping[Counter, int]) -> Outcome:
        use = after[event.resource, ""] if counts_use(event) else 0
        try:
            placed = link(self._chain, event, self._tail, self._now, use, grant)
        except UnicodeEncodeError as error:  # it must not fail together with the others
            return error
        self.counts.make(after)
        self.links.append(placed)
        self._tail = placed.place
        return Written(number=self._tail.number, time=self._tail.time, grant=grant)


def _changed() -> SignetError:
    return SignetError(
        Reason.POLICY_CHANGED,
        "Permissions were changed while the request was under way. Try again.",
        retry_after=0.0,
    )
