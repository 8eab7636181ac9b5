"""The serials behind names, as the pool asks for them."""

from signetd.daemon.pins import StoredSerialBook
from signetd.daemon.state import Database
from signetd.drivers.pins import SerialBook


async def test_a_binding_survives_in_the_database(database: Database) -> None:
    book: SerialBook = StoredSerialBook(database.bindings)
    assert await book.serial("hsm1") == ""
    await book.bind("hsm1", "00a1")
    await book.bind("hsm1", "00b2")
    assert await StoredSerialBook(database.bindings).serial("hsm1") == "00b2"
