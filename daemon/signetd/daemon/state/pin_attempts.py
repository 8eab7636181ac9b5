"""Reads and writes what is remembered of PINs that tokens did not accept."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select

from signetd.daemon.pins.types import AttemptState, PinAttempt
from signetd.daemon.state.errors import explained
from signetd.daemon.state.locks import hold_lock
from signetd.daemon.state.tables import PIN_ATTEMPTS
from signetd.drivers.errors import Reason, SignetError

_SUBJECT = "What is known of refused PINs"


class PinAttemptStore:
    """The attempts in the database; its methods block and may be called in any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def change(self, serial: str, decide: Callable[[list[PinAttempt]], list[PinAttempt]]) -> None:
        """Put what *decide* returns in the place of the attempts of a token, oldest first.

        One transaction, durable when this returns. What *decide* raises passes through, and
        nothing is changed then. Raises SignetError INTERNAL. Of several daemons that share a
        database, one at a time changes the attempts of a token.
        """
        with explained(_SUBJECT), self._engine.begin() as connection:
            hold_lock(connection, "PIN attempts", serial)
            known = _read(connection, serial)
            wanted = decide(known)
            if wanted != known:
                _replace(connection, serial, wanted)


def _read(connection: Connection, serial: str) -> list[PinAttempt]:
    rows = connection.execute(
        select(PIN_ATTEMPTS)
        .where(PIN_ATTEMPTS.c.token_serial == serial)
        .order_by(PIN_ATTEMPTS.c.time, PIN_ATTEMPTS.c.pin_hash)
    )
    return [_attempt(row) for row in rows]


def _replace(connection: Connection, serial: str, attempts: Sequence[PinAttempt]) -> None:
    connection.execute(delete(PIN_ATTEMPTS).where(PIN_ATTEMPTS.c.token_serial == serial))
    if attempts:
        connection.execute(insert(PIN_ATTEMPTS), [_values(attempt) for attempt in attempts])


def _values(attempt: PinAttempt) -> dict[str, Any]:
    return {
        "token_serial": attempt.token_serial,
        "pin_hash": attempt.pin_hash,
        "state": str(attempt.state),
        "reason": attempt.reason,
        "time": attempt.time,
    }


def _attempt(row: Row[Any]) -> PinAttempt:
    try:
        state = AttemptState(row.state)
    except ValueError:
        raise SignetError(
            Reason.INTERNAL,
            f"{_SUBJECT} of the token with the serial {row.token_serial!r} cannot be understood: "
            f"the state {row.state!r}. Restore a backup.",
        ) from None
    return PinAttempt(
        token_serial=row.token_serial,
        pin_hash=row.pin_hash,
        state=state,
        reason=row.reason,
        time=row.time,
    )
