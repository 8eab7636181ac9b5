"""The store keeps registrations whole, across restarts and from several threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy
from signetd.daemon.state import KeyStore, StateError
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import Place

MakeKey = Callable[..., RegisteredKey]


@pytest.fixture
def store(place: Place) -> Iterator[KeyStore]:
    database = place.open()
    yield database.keys
    database.close()


def test_a_new_database_is_empty(store: KeyStore) -> None:
    assert store.all() == []


def test_keys_survive_a_restart_with_every_field(place: Place, make_key: MakeKey) -> None:
    keys = [make_key("a"), make_key("b", state=KeyState.DISABLED, cka_id=b"")]
    database = place.open()
    for key in reversed(keys):
        database.keys.add(key)
    database.close()
    database = place.open()
    found = database.keys.all()
    database.close()
    assert found == keys
    assert found[0].create_time.tzinfo is UTC


def test_times_of_other_zones_are_kept_as_the_same_instant(
    store: KeyStore, make_key: MakeKey
) -> None:
    time = datetime(2025, 1, 1, 3, tzinfo=timezone(timedelta(hours=8)))
    store.add(make_key(create_time=time))
    assert store.all()[0].create_time == time


def test_a_time_without_a_zone_is_refused(store: KeyStore, make_key: MakeKey) -> None:
    with pytest.raises(SignetError, match=r"registered keys cannot be.*ValueError") as error:
        store.add(make_key(create_time=datetime(2025, 1, 1)))
    assert error.value.reason is Reason.INTERNAL
    assert store.all() == []


def test_update_replaces_the_key(store: KeyStore, make_key: MakeKey) -> None:
    key = make_key()
    store.add(key)
    later = key.update_time + timedelta(seconds=1)
    changed = msgspec.structs.replace(key, state=KeyState.DESTROYED, update_time=later)
    store.update(changed, key)
    assert store.all() == [changed]
    with pytest.raises(SignetError, match="was changed by somebody else") as error:
        store.update(msgspec.structs.replace(key, state=KeyState.DISABLED), key)
    assert error.value.reason is Reason.POLICY_CHANGED
    assert store.all() == [changed]


def test_a_policy_asks_a_group_that_there_is(store: KeyStore, make_key: MakeKey) -> None:
    key = make_key()
    store.add(key)
    policy = KeyPolicy(approval=ApprovalRule(count=1, group="none"))
    with pytest.raises(SignetError, match="no group groups/none") as error:
        store.update(msgspec.structs.replace(key, policy=policy), key)
    assert error.value.reason is Reason.GROUP_NOT_FOUND
    assert store.all() == [key]


def test_a_policy_is_kept_and_one_from_before_a_field_has_its_default(
    place: Place, make_key: MakeKey
) -> None:
    key = make_key(policy=KeyPolicy(skip_verification=True))
    database = place.open()
    database.keys.add(key)
    assert database.keys.all() == [key]
    place.run("""UPDATE keys SET policy = '{"limits":[],"approval":null,"algorithms":[]}'""")
    [older] = database.keys.all()
    database.close()
    assert older.policy == KeyPolicy()
    assert not older.policy.skip_verification


def test_update_of_an_unknown_key_is_refused(store: KeyStore, make_key: MakeKey) -> None:
    with pytest.raises(SignetError) as error:
        store.update(make_key(), make_key())
    assert error.value.reason is Reason.POLICY_CHANGED
    assert store.all() == []


def test_a_name_is_stored_once(store: KeyStore, make_key: MakeKey) -> None:
    store.add(make_key("a"))
    with pytest.raises(SignetError, match="a key 'a' already") as error:
        store.add(make_key("a", spki=b"another"))
    assert error.value.reason is Reason.KEY_EXISTS


def test_a_public_key_is_stored_once(store: KeyStore, make_key: MakeKey) -> None:
    store.add(make_key("first"))
    with pytest.raises(SignetError, match="as the key 'first'") as error:
        store.add(make_key("second", spki=make_key("first").spki))
    assert error.value.reason is Reason.KEY_EXISTS


def test_threads_may_write_at_the_same_time(store: KeyStore, make_key: MakeKey) -> None:
    keys = [make_key(f"key-{number:02}") for number in range(24)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.add, keys))
    assert store.all() == keys


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE keys SET state = 'MELTED'", "'seal' cannot be read.*MELTED"),
        ("UPDATE keys SET spki = cka_id", "'seal'.*does not match its fingerprint"),
    ],
)
def test_an_altered_row_is_refused(
    place: Place, make_key: MakeKey, change: str, sentence: str
) -> None:
    database = place.open()
    database.keys.add(make_key())
    place.run(change)
    with pytest.raises(StateError, match=sentence):
        database.keys.all()
    database.close()
