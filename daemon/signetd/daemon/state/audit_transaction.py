"""The transaction in which a group of records is written, whatever the database."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from signetd.daemon.audit.chain import Link
from signetd.daemon.state import audit_writing, use_counters


class AuditTransaction(Protocol):
    """What a group of records needs of its transaction."""

    @property
    def connection(self) -> Connection:
        """For guards and effects; RuntimeError in a transaction that was opened without them."""
        ...

    def lock(
        self, counters: Collection[tuple[str, str]], known: Collection[object]
    ) -> Mapping[tuple[str, str], int]:
        """Wait for others on this chain, and return the counts, which nobody else changes now.

        A counter that is missing in the answer is 0. *known* are those that are surely there.
        """
        ...

    def policy_version(self, *, changes: bool) -> int:
        """Return the version that counts until this ends; after `lock`."""
        ...

    def add(self, links: Sequence[Link]) -> None:
        """Write records; raises StateError if another one has taken a place."""
        ...

    def write_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Write counts that are locked."""
        ...


class SqlTransaction:
    """One through SQLAlchemy, for every database and every kind of entry."""

    def __init__(self, connection: Connection, chain: str) -> None:
        self.connection = connection
        self._chain = chain

    def lock(
        self, counters: Collection[tuple[str, str]], known: Collection[object]
    ) -> Mapping[tuple[str, str], int]:
        """See AuditTransaction."""
        audit_writing.lock_chain(self.connection, self._chain)
        return use_counters.lock(self.connection, counters, known)

    def policy_version(self, *, changes: bool) -> int:
        """See AuditTransaction."""
        return audit_writing.policy_version(self.connection, changes=changes)

    def add(self, links: Sequence[Link]) -> None:
        """See AuditTransaction."""
        audit_writing.add(self.connection, links)

    def write_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """See AuditTransaction."""
        use_counters.write(self.connection, counts)
