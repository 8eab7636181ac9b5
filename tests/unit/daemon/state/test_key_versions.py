"""The store keeps the versions of keys whole, in one transaction with their keys."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from signetd.daemon.keys import RegisteredKey, versions
from signetd.daemon.state import Database, KeyStore, StateError
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import Place

MakeKey = Callable[..., RegisteredKey]


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> KeyStore:
    return database.keys


def replaced(key: RegisteredKey, spki: bytes = b"") -> RegisteredKey:
    """The key with a new pair, as the manager writes it."""
    return msgspec.structs.replace(
        key,
        version=key.version + 1,
        spki=spki or b"pair %d of " % (key.version + 1) + key.id.encode(),
        cka_id=b"new",
        certificates=(),
        older=(versions.retired(key), *key.older),
        update_time=key.update_time + timedelta(seconds=1),
    )


def test_versions_survive_a_restart_with_every_field(place: Place, make_key: MakeKey) -> None:
    key = make_key("a", certificates=(b"\x30\x00", b"\x30\x01\x05"))
    second = replaced(key)
    third = replaced(second)
    database = place.open()
    database.keys.add(key)
    database.keys.add(make_key("b"))
    database.keys.update(second, key)
    database.keys.update(third, second)
    database.close()
    database = place.open()
    found = database.keys.all()
    database.close()
    assert found == [third, make_key("b")]
    assert found[0].older[1].certificates == key.certificates


def test_a_destroyed_version_is_marked(store: KeyStore, make_key: MakeKey) -> None:
    key = make_key()
    second = replaced(key)
    store.add(key)
    store.update(second, key)
    later = second.update_time + timedelta(seconds=1)
    marked = versions.marked_destroyed(second, 1)
    changed = msgspec.structs.replace(second, older=marked, update_time=later)
    store.update(changed, second)
    assert store.all() == [changed]
    assert store.all()[0].older[0].destroyed


def test_a_public_key_is_registered_once_for_all_versions(
    store: KeyStore, make_key: MakeKey
) -> None:
    key, other = make_key("a"), make_key("b")
    second = replaced(key)
    store.add(key)
    store.add(other)
    store.update(second, key)
    for spki in (key.spki, second.spki, other.spki):
        with pytest.raises(SignetError, match="registered already") as error:
            store.update(replaced(other, spki), other)
        assert error.value.reason is Reason.KEY_EXISTS
        with pytest.raises(SignetError, match="registered already") as error:
            store.add(make_key("c", spki=spki))
        assert error.value.reason is Reason.KEY_EXISTS
    assert store.all() == [second, other]


def test_of_two_replacements_one_is_written_whole(store: KeyStore, make_key: MakeKey) -> None:
    key = make_key()
    store.add(key)

    def replace(number: int) -> str:
        try:
            store.update(replaced(key, b"pair by %d" % number), key)
        except SignetError as error:
            return error.reason.value
        return "OK"

    with ThreadPoolExecutor(4) as threads:
        results = sorted(threads.map(replace, range(4)))
    assert results == ["OK", *["POLICY_CHANGED"] * 3]
    (found,) = store.all()
    assert (found.version, len(found.older)) == (2, 1)


def test_an_enrolment_and_a_replacement_with_one_pair_do_not_both_win(
    store: KeyStore, make_key: MakeKey
) -> None:
    key = make_key("a")
    store.add(key)
    store.update(second := replaced(key), key)

    def enrol() -> None:
        store.add(make_key("b", spki=b"the pair"))

    def replace() -> None:
        store.update(replaced(second, b"the pair"), second)

    def outcome(change: Callable[[], None]) -> str:
        try:
            change()
        except SignetError as error:
            return error.reason.value
        return "OK"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(outcome, (enrol, replace))) == ["KEY_EXISTS", "OK"]


def test_a_change_counts_the_policy_version_up(
    place: Place, store: KeyStore, make_key: MakeKey
) -> None:
    key = make_key()
    store.add(key)
    [(before,)] = place.run("SELECT version FROM policy_version")
    store.update(replaced(key), key)
    assert place.run("SELECT version FROM policy_version") == [(before + 1,)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("DELETE FROM key_versions WHERE version = 1", "has lost versions of the key 'seal'"),
        ("UPDATE key_versions SET spki = cka_id", "version 1 of 'seal'.*does not match"),
        ("UPDATE key_versions SET protection_level = 'MELTED'", "version 1.*MELTED"),
    ],
)
def test_an_altered_row_is_refused(
    place: Place, store: KeyStore, make_key: MakeKey, change: str, sentence: str
) -> None:
    key = make_key()
    store.add(key)
    store.update(replaced(key), key)
    place.run(change)
    with pytest.raises(StateError, match=sentence):
        store.all()
