"""Who sees which seals; pages; the status that is published or not."""

from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.state.grants import create_grant
from signetd.drivers.errors import Reason
from tests.unit.daemon.places import new_database
from tests.unit.daemon.policy.values import grant
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import READS, Office, opened, refusal

SEES_ALL = ("reviewer", "auditor", "system")


async def names(office: Office, who: str, **fields: Any) -> list[str]:
    """Return the names of the seals that somebody lists, over all pages."""
    found: list[str] = []
    token = ""
    while True:
        reply = await office.call(who, "ListSeals", page_token=token, **fields)
        found.extend(seal.name.removeprefix("seals/") for seal in reply.seals)
        token = reply.next_page_token
        if not token:
            return found


async def three(office: Office) -> None:
    """Add `a` and `b` of the applicant, and `c` with a key that only administrators may read."""
    await office.in_use("a")
    await office.made("b", owner={"name": "x", "unified_social_credit_code": samples.OTHER_CODE})
    await office.apply("c", who="other", signing_key="keys/hidden")


async def test_signers_see_what_is_theirs_and_others_all(every: Office) -> None:
    await three(every)
    for who in SEES_ALL:
        assert await names(every, who) == ["a", "b", "c"]
    assert await names(every, "applicant") == ["a", "b"]
    assert await names(every, "stranger") == []
    allowed = grant("g3", identity="colleague", keys="hidden", operations=READS)
    with every.database.transaction("The test") as connection:
        create_grant(allowed)(connection, every.now)
    await every.book.refresh()
    assert await names(every, "colleague") == ["c"]


async def test_who_applied_sees_it_without_a_grant(office: Office) -> None:
    await office.apply("a")
    await office.change_key("sealing", certificates=())
    office.book._snapshot = type(office.book.snapshot)(
        office.book.snapshot.version, office.book.snapshot.identities, (), ()
    )
    assert (await office.get("a", "applicant")).name == "seals/a"
    assert (await refusal(office.get("a", "colleague"))).reason is Reason.PERMISSION_DENIED


@pytest.mark.parametrize("method", ["GetSeal", "ListSealEvents", "GetSealStatus"])
async def test_a_stranger_learns_nothing(office: Office, method: str) -> None:
    await office.in_use("a")
    real = await refusal(office.call("stranger", method, name="seals/a"))
    missing = await refusal(office.call("stranger", method, name="seals/b"))
    assert real.reason is missing.reason is Reason.PERMISSION_DENIED
    assert real.message.replace("'a'", "'b'") == missing.message
    known = await refusal(office.call("auditor", method, name="seals/b"))
    assert known.reason is Reason.SEAL_NOT_FOUND


async def test_lists_have_no_pictures_and_no_data(office: Office) -> None:
    await office.in_use("a")
    reply = await office.call("auditor", "ListSeals")
    (seal,) = reply.seals
    assert (seal.picture.data, seal.der, seal.filing_record) == (b"", b"", b"")
    assert (seal.picture.kind, seal.picture.width, bool(seal.sm3)) == ("PNG", 40, True)


async def test_pages_go_by_name(every: Office) -> None:
    for name in ("e", "b", "d", "a", "c"):
        await every.apply(name)
    for size in (1, 2, 3, 5, 1000):
        assert await names(every, "auditor", page_size=size) == ["a", "b", "c", "d", "e"]
        assert await names(every, "stranger", page_size=size) == []


async def test_pages_of_some_states_and_of_an_owner(every: Office) -> None:
    await three(every)
    in_use, applied = messages.SEAL_STATE_IN_USE, messages.SEAL_STATE_APPLIED
    assert await names(every, "auditor", states=[in_use]) == ["a"]
    assert await names(every, "auditor", states=[applied, in_use], page_size=1) == ["a", "c"]
    code = samples.OTHER_CODE
    assert await names(every, "auditor", unified_social_credit_code=code) == ["b"]
    fields = {"unified_social_credit_code": samples.CODE, "states": [applied]}
    assert await names(every, "auditor", **fields) == ["c"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"page_size": 1001}, "page_size"),
        ({"page_token": "x"}, "page_token"),
        ({"states": [0]}, "SEAL_STATE_UNSPECIFIED"),
        ({"states": [99]}, "states has the number 99"),
        ({"unified_social_credit_code": "1"}, "unified_social_credit_code"),
    ],
)
async def test_what_is_wrong_with_a_list(office: Office, fields: dict[str, Any], said: str) -> None:
    error = await refusal(office.call("auditor", "ListSeals", **fields))
    assert (error.reason, said in error.message) == (Reason.INPUT_INVALID, True)


async def test_the_status_can_be_asked_for_by_any_of_three_names(every: Office) -> None:
    filed = await every.in_use("a")
    every.later(60)
    for fields in ({"name": "seals/a"}, {"seal_id": "3301-a"}, {"sm3": filed.sm3}):
        status = await every.call("auditor", "GetSealStatus", **fields)
        assert (status.good, status.state, status.reason) == (True, filed.state, "")
        assert (status.seal_id, status.sm3, status.since) == (
            "3301-a",
            filed.sm3,
            filed.update_time,
        )


async def test_the_status_of_the_past_stays_what_it_was(office: Office) -> None:
    await office.in_use("a")
    office.later(60)
    good = office.now
    office.later(60)
    await office.act("Cancel", "a", reason="dissolved")
    now = await office.call("auditor", "GetSealStatus", name="seals/a")
    assert (now.good, now.reason) == (False, "it had been cancelled: dissolved")
    then = await office.call("auditor", "GetSealStatus", name="seals/a", time=good)
    assert then.good
    before = await office.call(
        "auditor", "GetSealStatus", name="seals/a", time=samples.NOW - samples.DAY
    )
    assert (before.state, before.good) == (messages.SEAL_STATE_UNSPECIFIED, False)
    future = office.call("auditor", "GetSealStatus", name="seals/a", time=office.now + samples.DAY)
    assert (await refusal(future)).reason is Reason.INPUT_INVALID


@pytest.mark.parametrize("fields", [{}, {"seal_id": ""}, {"sm3": ""}, {"name": ""}])
async def test_it_must_be_said_which_seal_is_meant(office: Office, fields: dict[str, str]) -> None:
    error = await refusal(office.call("auditor", "GetSealStatus", **fields))
    assert error.reason is Reason.INPUT_MISSING


async def test_where_it_is_published_everybody_is_told(tmp_path: Path) -> None:
    database = new_database(tmp_path / "state")
    async with opened(database, published=True) as office:
        filed = await office.in_use("a")
        for fields in ({"name": "seals/a"}, {"seal_id": "3301-a"}, {"sm3": filed.sm3}):
            assert (await office.call("stranger", "GetSealStatus", **fields)).good
        for fields in ({"name": "seals/b"}, {"seal_id": "b"}, {"sm3": "b"}):
            error = await refusal(office.call("stranger", "GetSealStatus", **fields))
            assert error.reason is Reason.SEAL_NOT_FOUND
        assert (await refusal(office.get("a", "stranger"))).reason is Reason.PERMISSION_DENIED
        await office.act("Suspend", "a", reason="an inside matter")
        told = await office.call("stranger", "GetSealStatus", name="seals/a")
        assert (told.good, told.reason) == (False, "it had been suspended")
        told = await office.call("applicant", "GetSealStatus", name="seals/a")
        assert told.reason == "it had been suspended: an inside matter"
        await office.apply("plan")
        error = await refusal(office.call("stranger", "GetSealStatus", name="seals/plan"))
        assert error.reason is Reason.SEAL_NOT_FOUND
        assert not (await office.call("applicant", "GetSealStatus", name="seals/plan")).good
    database.close()
