"""What the tests of the guard share: a real database, and a guard that hashes fast."""

from collections.abc import Callable, Iterator

import pytest

from signetd.daemon.pins import PinHasher, StoredPinGuard
from signetd.daemon.state import Database
from tests.unit.daemon.places import KINDS, Place, place_of

FAST = 2  # scrypt's n


@pytest.fixture(scope="module", params=KINDS)
def module_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("guard") / "state"
    with place_of(request.param, folder, request) as place:
        yield place


@pytest.fixture(scope="module")
def database(module_place: Place) -> Iterator[Database]:
    """One database for a module: its tests use serials of their own."""
    database = module_place.open()
    yield database
    database.close()


@pytest.fixture
def start(database: Database) -> Callable[[], StoredPinGuard]:
    """Makes a guard as a start of the daemon does."""
    return lambda: StoredPinGuard(database.pins, PinHasher(database.pin_guard_key, FAST))


@pytest.fixture
def break_database(module_place: Place) -> Iterator[Callable[[bool], None]]:
    """Makes the database useless for attempts, and good again."""
    broken = False

    def change(wanted: bool) -> None:
        nonlocal broken
        names = ["pin_attempts", "out_of_order"]
        if wanted != broken:
            old, new = names if wanted else reversed(names)
            module_place.run(f"ALTER TABLE {old} RENAME TO {new}")
        broken = wanted

    yield change
    change(False)
