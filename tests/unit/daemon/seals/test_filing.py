"""Seals are filed with a signed record; from then on they can be used, and replace others."""

import json
from datetime import timedelta

import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.keys import KeyState
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import Office, application, certificate, refusal


async def change(office: Office, new: str = "new", who: str = "applicant") -> None:
    """Apply for a seal in the place of `company`."""
    fields = application(new, title="新名称")
    await office.call(who, "ChangeSeal", name="seals/company", application=fields, reason="renamed")


async def test_a_record_tells_what_was_filed_where_and_by_whom(every: Office) -> None:
    filed = await every.in_use()
    assert (filed.state, filed.filing_number) == (messages.SEAL_STATE_IN_USE, "F-1")
    ((kind, body),) = every.statements.made
    assert json.loads(filed.filing_record) == {"kind": kind, **body}
    assert body == {
        "seal": "seals/company",
        "seal_id": "3301-company",
        "seal_sm3": filed.sm3,
        "seal_title": "测试有限公司",
        "seal_kind": "LEGAL_NAME",
        "seal_format": 4,
        "seal_origin": "MADE",
        "owner_name": "测试有限公司",
        "owner_unified_social_credit_code": samples.CODE,
        "valid_from": f"{samples.NOW - samples.DAY:%Y-%m-%dT%H:%M:%SZ}",
        "valid_until": f"{samples.NOW + 300 * samples.DAY:%Y-%m-%dT%H:%M:%SZ}",
        "maker_certificate_sha256": Certificate.read(certificate("maker")).fingerprint,
        "replaces": "",
        "filing_number": "F-1",
        "remark": "",
        "filed_by": "reviewer",
        "filed_at": f"{samples.NOW:%Y-%m-%dT%H:%M:%SZ}",
    }
    (record,) = every.records(operation="SealService/FileSeal")
    assert (record["resource"], record["detail"]) == ("seals/company", "3301-company under F-1")


async def test_without_a_signature_nothing_is_filed(office: Office) -> None:
    await office.made()
    office.statements.failure = SignetError(Reason.STATEMENT_UNSIGNED, "No key.")
    assert (await refusal(office.file())).reason is Reason.STATEMENT_UNSIGNED
    found = await office.get()
    assert (found.state, found.filing_number) == (messages.SEAL_STATE_MADE, "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"filing_number": ""}, Reason.INPUT_MISSING),
        ({"filing_number": "x" * 65}, Reason.INPUT_INVALID),
        ({"remark": "x" * 501}, Reason.INPUT_INVALID),
    ],
)
async def test_what_is_wrong_with_a_filing(
    office: Office, fields: dict[str, str], reason: Reason
) -> None:
    await office.made()
    assert (await refusal(office.file(**fields))).reason is reason


async def test_what_is_not_made_or_over_is_not_filed(office: Office) -> None:
    await office.apply()
    assert (await refusal(office.file())).reason is Reason.SEAL_STATE_WRONG
    await office.review()
    await office.make()
    office.now += timedelta(days=301)
    assert (await refusal(office.file())).reason is Reason.SEAL_NOT_VALID_NOW


async def test_a_seal_whose_key_does_not_sign_is_not_filed(office: Office) -> None:
    await office.made()
    await office.change_key("sealing", state=KeyState.DISABLED)
    assert (await refusal(office.file())).reason is Reason.KEY_STATE_WRONG


async def test_a_changed_seal_takes_the_place_of_the_old_when_it_is_filed(every: Office) -> None:
    await every.in_use()
    every.later()
    await change(every)
    await every.review("new", reason="as asked")
    await every.make("new")
    old = await every.get()
    assert (old.state, old.replaced_by) == (messages.SEAL_STATE_IN_USE, "")
    every.later()
    new = await every.file("new", filing_number="F-2")
    old = await every.get()
    assert (new.state, new.replaces) == (messages.SEAL_STATE_IN_USE, "seals/company")
    assert (old.state, old.replaced_by) == (messages.SEAL_STATE_CANCELLED, "seals/new")
    assert old.state_reason == "replaced by seals/new"
    first, *_ = await every.events("new")
    assert (first.act, first.reason) == ("change", "renamed")
    *_, last = await every.events()
    assert (last.act, last.identity, last.time) == ("cancel", "reviewer", new.update_time)


async def test_a_suspended_seal_can_be_changed_too(office: Office) -> None:
    await office.in_use()
    await office.act("Suspend")
    await change(office)
    await office.review("new")
    await office.make("new")
    await office.file("new")
    assert (await office.get()).state == messages.SEAL_STATE_CANCELLED


async def test_of_two_that_would_take_a_place_one_does(every: Office) -> None:
    await every.in_use()
    for name in ("new", "newer"):
        await change(every, name)
        await every.review(name)
        await every.make(name)
    await every.file("new")
    error = await refusal(every.file("newer"))
    assert (error.reason, "'new' already" in error.message) == (Reason.SEAL_STATE_WRONG, True)
    assert (await every.get("newer")).state == messages.SEAL_STATE_MADE
    assert (await every.events("newer"))[-1].act == "make"


async def test_a_seal_that_was_cancelled_meanwhile_stays_as_it_is(office: Office) -> None:
    await office.in_use()
    await change(office)
    await office.act("Cancel", reason="dissolved")
    await office.review("new")
    await office.make("new")
    assert (await office.file("new")).state == messages.SEAL_STATE_IN_USE
    old = await office.get()
    assert (old.state_reason, old.replaced_by) == ("dissolved", "")


async def test_what_is_not_in_use_is_not_changed(office: Office) -> None:
    await office.made()
    error = await refusal(change(office))
    assert "is MADE and cannot be changed: it can be filed, or cancelled" in error.message
    assert (await refusal(office.get("new"))).reason is Reason.SEAL_NOT_FOUND


async def test_who_does_not_see_a_seal_cannot_change_it(office: Office) -> None:
    await office.in_use()
    assert (await refusal(change(office, who="stranger"))).reason is Reason.PERMISSION_DENIED
