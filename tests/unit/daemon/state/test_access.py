"""Reading who may do what, the counters, and the version; and what is said when it cannot be."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, insert, text

from signetd.daemon.audit.types import Charge
from signetd.daemon.policy.types import Role
from signetd.daemon.state.access_tables import POLICY_VERSION, USE_COUNTERS
from signetd.daemon.state.grants import create_grant
from signetd.daemon.state.identities import create_identity, delete_identity
from signetd.daemon.state.policy_version import bump_version, read_version
from signetd.daemon.state.usage import UsageStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.policy.values import grant, identity
from tests.unit.daemon.state.access_changes import Changes


def test_a_new_database_lets_nobody_do_anything(changes: Changes) -> None:
    found = changes.store.snapshot()
    assert (found.version, found.identities, found.groups, found.grants) == (1, (), (), ())


def test_the_version_goes_back_with_what_it_counted(changes: Changes) -> None:
    with pytest.raises(SignetError):
        changes.make(create_identity(identity()), create_identity(identity()))
    assert changes.store.version() == 1
    assert changes.store.snapshot().identities == ()


def test_of_two_who_remove_each_other_one_stays(changes: Changes) -> None:
    for name in ("a", "b"):
        changes.make(create_identity(identity(name, Role.SECURITY_ADMIN)))

    def removed(name: str) -> bool:
        try:
            changes.make(delete_identity(name))
        except SignetError as error:
            assert error.reason is Reason.ROLES_CONFLICT
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(removed, "ab")) == [False, True]


def test_a_lost_version_is_told(changes: Changes) -> None:
    with changes.engine.begin() as connection:
        connection.execute(delete(POLICY_VERSION))
        for ask in (read_version, bump_version):
            with pytest.raises(SignetError, match="policy_version") as caught:
                ask(connection)
            assert caught.value.reason is Reason.INTERNAL


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE identities SET roles = '[\"king\"]'", "identity 'app' cannot be read.*king"),
        ("UPDATE grants SET conditions = '{'", "grant 'g1' cannot be read"),
        ("UPDATE grants SET effect = 'MAYBE'", "grant 'g1' cannot be read.*MAYBE"),
    ],
)
def test_a_row_that_cannot_be_understood_is_told(
    change: str, sentence: str, changes: Changes
) -> None:
    """It is not left out: a prohibition might be among them."""
    changes.make(create_identity(identity()), create_grant(grant("g1")))
    with changes.engine.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(SignetError, match=sentence) as caught:
        changes.store.snapshot()
    assert caught.value.reason is Reason.INTERNAL


def test_a_database_that_fails_is_told(changes: Changes) -> None:
    with changes.engine.begin() as connection:
        connection.execute(text("DROP TABLE grants"))
    with pytest.raises(SignetError, match="Who may do what cannot be read") as caught:
        changes.store.snapshot()
    assert caught.value.reason is Reason.INTERNAL


def test_counters(changes: Changes) -> None:
    rows = [
        {"scope": "keys/a", "span": "", "count": 7},
        {"scope": "keys/a", "span": "2026-11-25", "count": 3},
        {"scope": "keys/b", "span": "", "count": 9},
    ]
    with changes.engine.begin() as connection:
        connection.execute(insert(USE_COUNTERS), rows)
    asked = [Charge(scope="keys/a"), Charge(scope="keys/b", window="2026-11-25")]
    found = UsageStore(changes.engine).counts(asked)
    assert found == {("keys/a", ""): 7, ("keys/b", "2026-11-25"): 0}
    assert UsageStore(changes.engine).counts([]) == {}
