"""What people write about approvals, and the names of approvals."""

from datetime import timedelta

import pytest

from signetd.daemon.approvals import texts
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.samples import REQUESTER, SUBJECT


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("", Reason.INPUT_MISSING),
        (" \n", Reason.INPUT_MISSING),
        ("字" * 1001, Reason.INPUT_INVALID),
        ("pay 10\x1b[2K", Reason.INPUT_INVALID),
        ("pay \u202e01", Reason.INPUT_INVALID),
        ("a\x00", Reason.INPUT_INVALID),
        ("a\u2028b", Reason.INPUT_INVALID),
    ],
)
async def test_summaries_that_mislead_or_say_nothing(
    office: Office, summary: str, expected: Reason
) -> None:
    office.call(REQUESTER, "CreateApproval")
    with pytest.raises(SignetError) as caught:
        await office.approvals.create(REQUESTER, SUBJECT, summary)
    assert caught.value.reason is expected


@pytest.mark.parametrize("summary", ["字" * 1000, "采购合同\n第二行　全角空格", "👨‍👩‍👧 ok"])
async def test_summaries_of_all_languages(office: Office, summary: str) -> None:
    office.call(REQUESTER, "CreateApproval")
    made = await office.approvals.create(REQUESTER, SUBJECT, summary)
    assert made.summary == summary
    assert made.expire_time - made.create_time == timedelta(hours=24)


@pytest.mark.parametrize("name", ["a1", "approvals/", "approvals/A", "approvals/a/b", "keys/a"])
def test_names_of_no_approval(name: str) -> None:
    with pytest.raises(SignetError) as caught:
        texts.read_name(name, "name")
    assert caught.value.reason is Reason.INPUT_INVALID


def test_new_names_can_be_read_and_differ() -> None:
    made = {texts.new_id() for _ in range(100)}
    assert len(made) == 100
    assert {texts.read_name(f"approvals/{one}", "name") for one in made} == made
