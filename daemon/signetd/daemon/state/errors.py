"""What is said when the database cannot be used."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError

from signetd.drivers.errors import Reason, SignetError

# The class of a PostgreSQL error about names and rights, not about values (its appendix A).
_ACCESS_RULE: Final = "42"


class StateError(Exception):
    """The state cannot be opened or read; the message says what is wrong and what to do."""


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what a database raises into SignetError INTERNAL; *what* begins its sentence."""
    try:
        yield
    except SQLAlchemyError as error:
        raise SignetError(
            Reason.INTERNAL,
            f"{what} cannot be read or written in the database ({cause(error)}): {_look(error)}.",
        ) from None


def cause(error: SQLAlchemyError) -> str:
    """Name the cause in one line, which has nothing of what was to be written."""
    if isinstance(error, NoFreeConnectionError):
        return "no connection became free in time"
    if not isinstance(error, StatementError):
        return type(error).__name__
    code = str(getattr(error.orig, "sqlstate", None) or "")
    if isinstance(error, OperationalError) or code.startswith(_ACCESS_RULE):
        return _first_line(error.orig)
    return type(error.orig).__name__


def _first_line(error: BaseException | None) -> str:
    # Further lines of PostgreSQL are its details and context: they may quote values.
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    return next(iter(str(primary or error).splitlines()), "").strip() or type(error).__name__


def _look(error: SQLAlchemyError) -> str:
    orig = error.orig if isinstance(error, DBAPIError) else None
    if orig is None or isinstance(orig, sqlite3.Error):
        return "look at the disk and at the state directory"
    return "look at the database server, and at the way to it"
