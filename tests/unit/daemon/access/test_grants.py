"""Grants over the API: what is refused, what is recorded, and that nothing is lost."""

from typing import Any

import pytest
from google.protobuf import text_format

from signetd.api.v1 import access_service_pb2 as messages
from signetd.api.v1 import resources_pb2 as resources
from signetd.drivers.errors import Reason, SignetError

FULL = """
subject: "app" keys: "keys/invoice-*" operations: OPERATION_VERIFY operations: OPERATION_SIGN
effect: GRANT_EFFECT_ALLOW comment: "发票"
conditions {
  purposes: KEY_PURPOSE_SIGNING algorithms: ALGORITHM_SM2_SM3 algorithms: ALGORITHM_ED25519
  not_before { seconds: 1700000000 nanos: 5000 } not_after { seconds: 1900000000 }
  schedule {
    weekdays: WEEKDAY_MONDAY weekdays: WEEKDAY_SUNDAY start { seconds: 30600 }
    end { seconds: 86400 } time_zone: "Asia/Shanghai"
  }
  digest_only: true
  limits { count: 5 period: LIMIT_PERIOD_MINUTE } limits { count: 9 period: LIMIT_PERIOD_EVER }
  approval { count: 2 group: "groups/boss" }
}
"""


def grant(text: str = "", **fields: Any) -> messages.CreateGrantRequest:
    """A grant to sign with every key, with what *text* and *fields* replace."""
    changes = text_format.Parse(text, messages.Grant())
    changes.MergeFrom(messages.Grant(**fields))
    made = messages.Grant(
        subject=changes.subject or "app",
        keys=changes.keys or "keys/*",
        operations=changes.operations or [messages.OPERATION_SIGN],
    )
    changes.ClearField("subject")
    changes.ClearField("keys")
    changes.ClearField("operations")
    made.MergeFrom(changes)
    return messages.CreateGrantRequest(grant=made)


async def test_a_grant_comes_back_as_it_was_given(world: Any) -> None:
    given = grant(FULL)
    made = await world.ask("CreateGrant", given)
    assert made.name.startswith("grants/g")
    assert (made.creator, made.create_time.ToDatetime().year) == ("root", 2026)
    expected = given.grant
    expected.name, expected.creator = made.name, "root"
    expected.create_time.CopyFrom(made.create_time)
    expected.operations.sort()
    for field in (made.operations, made.conditions.algorithms, expected.conditions.algorithms):
        field.sort()
    assert made == expected
    assert world.last()[2:] == (
        made.name,
        "ALLOW SIGN, VERIFY with keys/invoice-* to app if purposes, algorithms, not_before, "
        "not_after, schedule, digest_only, limits, approval",
    )


async def test_stamps_have_limits_and_approvals_like_signatures(world: Any) -> None:
    given = grant("operations: OPERATION_STAMP conditions { limits { count: 1 period: 2 } }")
    given.grant.conditions.approval.count = 1
    made = await world.ask("CreateGrant", given)
    assert list(made.operations) == [messages.OPERATION_STAMP]
    assert made.conditions == given.grant.conditions


async def test_a_grant_counts_until_it_is_deleted(world: Any) -> None:
    made = await world.ask("CreateGrant", grant(subject="groups/boss"))
    assert await allowed(world)
    await world.ask("DeleteGrant", messages.DeleteGrantRequest(name=made.name))
    assert world.last()[1:] == (
        "AccessService/DeleteGrant",
        made.name,
        "ALLOW SIGN with keys/* to groups/boss",
    )
    assert not await allowed(world)
    with pytest.raises(SignetError, match="no grant") as caught:
        await world.ask("DeleteGrant", messages.DeleteGrantRequest(name=made.name))
    assert caught.value.reason is Reason.GRANT_NOT_FOUND


async def allowed(world: Any) -> bool:
    request = messages.ExplainAccessRequest(
        identity="app", key="keys/new", operation=messages.OPERATION_SIGN
    )
    return bool((await world.ask("ExplainAccess", request)).allowed)


async def test_grants_are_listed_by_age_and_by_subject(world: Any) -> None:
    made = [
        (await world.ask("CreateGrant", grant(subject=subject))).name
        for subject in ("app", "groups/boss", "app")
    ]
    token, found = "", []
    for _ in range(3):
        request = messages.ListGrantsRequest(page_size=1, page_token=token)
        answer = await world.ask("ListGrants", request)
        token = answer.next_page_token
        found += [each.name for each in answer.grants]
    assert (found, token) == (made, "")
    for subject, names in (("app", made[::2]), ("groups/boss", made[1:2]), ("nobody", [])):
        answer = await world.ask("ListGrants", messages.ListGrantsRequest(subject=subject))
        assert [each.name for each in answer.grants] == names


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        ('subject: "nobody"', Reason.IDENTITY_NOT_FOUND, "'nobody'"),
        ('subject: "groups/none"', Reason.GROUP_NOT_FOUND, "groups/none"),
        ('subject: "groups/"', Reason.INPUT_INVALID, "grant.subject"),
        ('keys: "invoice-*"', Reason.INPUT_INVALID, "grant.keys .*give keys/"),
        ('keys: "keys/A"', Reason.INPUT_INVALID, "grant.keys"),
        ('keys: "keys/"', Reason.INPUT_INVALID, "grant.keys"),
        ('keys: "keys/a?"', Reason.INPUT_INVALID, "grant.keys"),
        ('keys: "keys/7*"', Reason.INPUT_INVALID, "grant.keys"),
        ("operations: OPERATION_UNSPECIFIED", Reason.INPUT_MISSING, "grant.operations"),
        ("operations: 99", Reason.INPUT_INVALID, "grant.operations"),
        ("effect: 99", Reason.INPUT_INVALID, "grant.effect"),
        ("conditions { purposes: 0 }", Reason.INPUT_MISSING, "conditions.purposes"),
        ("conditions { algorithms: 0 }", Reason.INPUT_MISSING, "conditions.algorithms"),
        ("conditions { not_before { seconds: -99999999999999 } }", Reason.INPUT_INVALID, "years"),
        (
            "conditions { not_before { seconds: 5 } not_after { seconds: 5 } }",
            Reason.INPUT_INVALID,
            "never count",
        ),
        ("conditions { limits { count: 0 period: 2 } }", Reason.INPUT_INVALID, "limits.count"),
        ("conditions { limits { count: 1 } }", Reason.INPUT_MISSING, "limits.period"),
        ("conditions { approval { count: 17 } }", Reason.INPUT_INVALID, "approval.count"),
        (
            'conditions { approval { count: 1 group: "groups/none" } }',
            Reason.GROUP_NOT_FOUND,
            "groups/none",
        ),
        (
            "effect: GRANT_EFFECT_DENY conditions { limits { count: 1 period: 2 } }",
            Reason.INPUT_INVALID,
            "forbidding grant",
        ),
        (
            "effect: GRANT_EFFECT_DENY conditions { approval { count: 1 } }",
            Reason.INPUT_INVALID,
            "forbidding grant",
        ),
        (
            "operations: OPERATION_VERIFY conditions { limits { count: 1 period: 2 } }",
            Reason.INPUT_INVALID,
            "neither SIGN nor STAMP",
        ),
        (f'comment: "{"x" * 501}"', Reason.INPUT_INVALID, "501 characters"),
    ],
)
async def test_grants_that_are_refused(text: str, reason: Reason, says: str, world: Any) -> None:
    with pytest.raises(SignetError, match=says) as caught:
        await world.ask("CreateGrant", grant(text))
    assert caught.value.reason is reason
    assert world.ledger.entries == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (messages.Grant(), "grant.subject is missing"),
        (messages.Grant(subject="app"), "grant.keys is missing"),
        (messages.Grant(subject="app", keys="keys/*"), "grant.operations is missing"),
    ],
)
async def test_what_a_grant_must_have(given: messages.Grant, says: str, world: Any) -> None:
    with pytest.raises(SignetError, match=says) as caught:
        await world.ask("CreateGrant", messages.CreateGrantRequest(grant=given))
    assert caught.value.reason is Reason.INPUT_MISSING


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ('end { seconds: 60 } time_zone: "Mars/Base"', "does not know"),
        ("end { seconds: 60 }", "time_zone is missing"),
        ('time_zone: "UTC"', "schedule.end above 0"),
        ('end { seconds: 86460 } time_zone: "UTC"', "at most 24 h"),
        ('start { seconds: 86400 } end { seconds: 60 } time_zone: "UTC"', "below 24 h"),
        ('start { seconds: -60 } end { seconds: 60 } time_zone: "UTC"', "from 0 s"),
        ('end { seconds: 61 } time_zone: "UTC"', "schedule.end must be whole minutes"),
        ('start { nanos: 1 } end { seconds: 60 } time_zone: "UTC"', "start must be whole"),
        ('weekdays: 0 end { seconds: 60 } time_zone: "UTC"', "weekdays has an entry"),
        ('weekdays: 8 end { seconds: 60 } time_zone: "UTC"', "weekdays has an entry"),
    ],
)
async def test_schedules_that_are_refused(schedule: str, says: str, world: Any) -> None:
    with pytest.raises(SignetError, match=says):
        await world.ask("CreateGrant", grant(f"conditions {{ schedule {{ {schedule} }} }}"))


async def test_a_limit_for_a_period_is_given_once(world: Any) -> None:
    limit = resources.UseLimit(count=1, period=resources.LIMIT_PERIOD_DAY)
    conditions = messages.Conditions(limits=[limit, limit])
    with pytest.raises(SignetError, match="two limits for one period"):
        await world.ask("CreateGrant", grant(conditions=conditions))
