"""What is said when the database cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from signetd.drivers.errors import Reason, SignetError


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
            f"{what} cannot be read or written in the database ({_cause(error)}): look at the "
            "disk and at the state directory.",
        ) from None


def _cause(error: SQLAlchemyError) -> str:
    # Other errors may quote what was to be written.
    if isinstance(error, OperationalError):
        return str(error.orig)
    return type(error.orig if isinstance(error, DBAPIError) else error).__name__
