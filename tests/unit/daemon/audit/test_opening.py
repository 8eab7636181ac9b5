"""A daemon that starts waits for what its killed predecessor's server session still does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from signetd.daemon.audit import opening
from signetd.daemon.audit.chain import START, link
from signetd.daemon.state import audit_writing
from tests.unit.daemon.audit.conftest import CHAIN, event
from tests.unit.daemon.places import SharedPlace, await_that

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_a_commit_that_outlives_its_daemon_is_waited_for(shared: SharedPlace) -> None:
    with shared.opened() as database, ThreadPoolExecutor(1) as pool:
        store = database.audit(CHAIN)
        opening.open_chain(store)
        written = link(CHAIN, event(), START, datetime.now(UTC), 0, "")
        with store.transaction() as connection:
            audit_writing.lock_chain(connection, CHAIN)
            audit_writing.add(connection, [written])
            opened = pool.submit(opening.open_chain, store)
            await_that(
                lambda: opened.done() or shared.run(WAITING) != [(0,)],
                "the chain to be opened, or to be waited for",
            )
        assert opened.result(20) == written.place, (
            "the record that was committed meanwhile must be the one to go on from"
        )
