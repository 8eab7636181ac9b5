"""Reads and writes which token a name of the configuration stands for."""

from datetime import UTC, datetime

from sqlalchemy import Engine, insert, select, update

from signetd.daemon.state.errors import explained
from signetd.daemon.state.locks import hold_lock
from signetd.daemon.state.tables import TOKEN_BINDINGS

_SUBJECT = "The serials of the tokens"


class TokenBindingStore:
    """The serials by name; its methods block and may be called in any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def serial(self, name: str) -> str:
        """Return the serial of the token behind *name*, "" if none is known; raises INTERNAL."""
        found = select(TOKEN_BINDINGS.c.token_serial).where(TOKEN_BINDINGS.c.name == name)
        with explained(_SUBJECT), self._engine.connect() as connection:
            return connection.scalar(found) or ""

    def bind(self, name: str, serial: str) -> None:
        """Keep *serial* for *name*, in place of any other; raises INTERNAL."""
        values = {"token_serial": serial, "time": datetime.now(UTC)}
        known = update(TOKEN_BINDINGS).where(TOKEN_BINDINGS.c.name == name).values(values)
        with explained(_SUBJECT), self._engine.begin() as connection:
            hold_lock(connection, "token binding", name)
            if connection.execute(known).rowcount == 0:
                connection.execute(insert(TOKEN_BINDINGS).values(name=name, **values))
