"""ExplainAccess over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from signetd.api.v1 import access_service_pb2 as messages
from signetd.api.v1 import resources_pb2 as resources
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy, Operation, Period, UseLimit
from signetd.daemon.state.access_tables import USE_COUNTERS
from signetd.daemon.state.grants import create_grant
from signetd.daemon.state.groups import set_group
from signetd.daemon.state.identities import create_identity
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm
from tests.unit.daemon.policy.values import BEGIN, KEY, grant, group, identity

LIMITED = KeyPolicy(
    limits=(UseLimit(count=2, period=Period.EVER),),
    approval=ApprovalRule(count=2, group="boss"),
)
SIGN = messages.OPERATION_SIGN


def asked(**fields: Any) -> messages.ExplainAccessRequest:
    values: dict[str, Any] = {"identity": "app", "key": "keys/seal", "operation": SIGN} | fields
    return messages.ExplainAccessRequest(**values)


@pytest.fixture
def world(service: Any) -> Any:
    """`app` may sign digests with SM2 with the key `seal`, which is limited and needs approval."""
    narrow = grant(
        "g1",
        operations=frozenset({Operation.SIGN}),
        algorithms=frozenset({Algorithm.SM2_SM3}),
        digest_only=True,
        not_before=datetime(2026, 11, 1, tzinfo=UTC),
    )
    with service.engine.begin() as connection:
        for name in ("app", "a", "b"):
            create_identity(identity(name))(connection, BEGIN)
        set_group(group("boss", "a", "b"))(connection, BEGIN)
        create_grant(narrow)(connection, BEGIN)
    service.keys.all["seal"] = msgspec.structs.replace(KEY, policy=LIMITED)
    return service


IN_TIME = datetime(2026, 11, 2, tzinfo=UTC)


async def test_it_says_yes_and_who_must_approve(world: Any) -> None:
    found = await world.ask("ExplainAccess", asked(time=IN_TIME))
    assert (found.allowed, found.summary) == (
        True,
        "Yes: grants/g1 allows it, once it is approved as told.",
    )
    assert list(found.approvals) == [resources.ApprovalRule(count=2, group="groups/boss")]
    assert all(reason.supports for reason in found.reasons)
    assert {reason.grant for reason in found.reasons} == {"", "grants/g1"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"message": True}, "does not hold: only for digests"),
        ({"time": IN_TIME - timedelta(days=2)}, "does not hold: only from"),
        ({"algorithm": resources.ALGORITHM_ED25519}, "ED25519 does not suit"),
        ({"operation": messages.OPERATION_READ}, "no grant allows it"),
    ],
)
async def test_it_says_no_and_why(fields: Any, says: str, world: Any) -> None:
    found = await world.ask("ExplainAccess", asked(**{"time": IN_TIME} | fields))
    assert not found.allowed
    assert any(says in reason.text for reason in found.reasons if not reason.supports)


async def test_limits_are_looked_at_as_they_are_now(world: Any) -> None:
    with world.engine.begin() as connection:
        connection.execute(insert(USE_COUNTERS).values(scope="keys/seal", span="", count=2))
    found = await world.ask("ExplainAccess", asked(time=IN_TIME))
    assert (found.allowed, found.summary) == (False, "No: the key has 2 of 2 uses in all.")


async def test_there_need_not_be_such_a_key(world: Any) -> None:
    fields = {"key": "keys/new", "algorithm": resources.ALGORITHM_SM2_SM3, "time": IN_TIME}
    found = await world.ask("ExplainAccess", asked(**fields))
    assert found.allowed
    assert any("there is no key 'new'" in reason.text for reason in found.reasons)


async def test_without_a_time_it_is_about_now(world: Any) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    read = {"operations": frozenset({Operation.READ})}
    with world.engine.begin() as connection:
        create_grant(grant("g2", not_before=now - hour, not_after=now + hour, **read))(
            connection, BEGIN
        )
    question = asked(operation=messages.OPERATION_READ)
    assert (await world.ask("ExplainAccess", question)).allowed
    question.time.FromDatetime(now + 2 * hour)
    assert not (await world.ask("ExplainAccess", question)).allowed


@pytest.mark.parametrize(
    ("fields", "reason", "says"),
    [
        ({"identity": ""}, Reason.INPUT_MISSING, "identity is missing"),
        ({"identity": "nobody"}, Reason.IDENTITY_NOT_FOUND, "no identity 'nobody'"),
        ({"key": "seal"}, Reason.INPUT_INVALID, "keys/{key}"),
        ({"operation": 0}, Reason.INPUT_MISSING, "operation is missing"),
        ({"algorithm": 99}, Reason.INPUT_INVALID, "algorithm"),
    ],
)
async def test_questions_that_are_refused(
    fields: Any, reason: Reason, says: str, world: Any
) -> None:
    with pytest.raises(SignetError, match=says) as caught:
        await world.ask("ExplainAccess", asked(**fields))
    assert caught.value.reason is reason
