"""Locks by name, for what several daemons do in one database."""

import hashlib

from sqlalchemy import BigInteger, Connection, func, literal, select


def lock_number(kind: str, name: str) -> int:
    """Return the number that stands for a name of some kind among PostgreSQL's advisory locks."""
    digest = hashlib.sha256(f"signetd {kind}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def hold_lock(connection: Connection, kind: str, name: str) -> None:
    """Keep every other transaction from the same kind and name until this one ends.

    What is read after this is what the last holder wrote. In SQLite a transaction has the whole
    database to itself anyway. Raises OperationalError when the lock does not come free in time.
    """
    if connection.dialect.name == "postgresql":
        number = literal(lock_number(kind, name), BigInteger)
        connection.execute(select(func.pg_advisory_xact_lock(number)))
