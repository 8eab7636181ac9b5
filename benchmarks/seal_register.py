"""A daemon with so many seals in use: one is made, the others are copies of its rows."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.stamps.conftest import Office, open_office
from tests.unit.daemon.seals import samples

_PICTURE: Final = samples.png(noise=bytes(range(1, 256)) * 16)  # 4 KiB
_NUMBERS: Final = "with recursive n(i) as (select 1 union all select i + 1 from n where i < :count)"
_NEW: Final = {
    "id": "printf('copy-%06d', i)",
    "seal_id": "printf('3301copy%06d', i)",
    "sm3": "lower(hex(randomblob(32)))",
}


class Register:
    """A daemon with *count* seals in use, all of one key and owner; *probe* is the one made."""

    def __init__(self, office: Office, count: int) -> None:
        self.office = office
        office.start()
        open_office(office)
        self.key = office.key()
        picture = seals.SealPicture(kind="PNG", data=_PICTURE, width=40, height=40)
        self.name = office.seal(self.key, picture=picture)
        self.probe = office.get(self.name)
        self.count = 1
        self.fill(count)

    def fill(self, count: int) -> None:
        """Add copies until there are *count* seals; the daemon is down meanwhile."""
        self.office.town.stop()
        with closing(sqlite3.connect(self._file)) as connection, connection:
            for name, key in (("seals", "id"), ("seal_events", "seal")):
                _copy(connection, name, key, self.name, self.count, count - 1)
        self.count = count
        self.office.start()

    @property
    def _file(self) -> Path:
        return self.office.folder / "state" / "signetd.db"

    def ask(self, method: str, request: Any, who: str = "auditor") -> Any:
        """Call SealService, which must succeed."""
        return self.office.done(who, method, request)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the database, as it is for others now."""
        uri = f"file:{self._file}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=20)) as connection:
            return connection.execute(query).fetchall()


def copied(number: int) -> str:
    """Return the name of a copy; the first has the number 1."""
    return f"copy-{number:06d}"


def _copy(
    connection: sqlite3.Connection, table: str, key: str, name: str, first: int, last: int
) -> None:
    """Copy all rows of one seal, under the names with the numbers from *first* to *last*."""
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    new = {key: _NEW["id"]} if key != "id" else _NEW
    values = ", ".join(new.get(each, each) for each in columns)
    connection.execute(
        f"{_NUMBERS} insert into {table} ({', '.join(columns)}) "  # noqa: S608  # names are ours
        f"select {values} from n join {table} on {key} = :name where i >= :first",
        {"count": last, "first": first, "name": name},
    )
