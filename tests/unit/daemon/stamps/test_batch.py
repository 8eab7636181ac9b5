"""Batches of stamps: the order is kept, and each item has a result of its own."""

import pytest

from signetd.daemon.rpc import stamp_api
from signetd.drivers.errors import Reason
from signetd.seal import parse_stamp
from tests.unit.daemon.seals.office import refusal
from tests.unit.daemon.stamps.office import StampOffice, order


async def test_seals_and_documents_of_every_kind_in_one_batch(every: StampOffice) -> None:
    await every.sealed("one")
    await every.sealed("two")
    await every.act("Suspend", "two")
    given = [
        order("one", document_digest=bytes([number]) * 32)
        if number % 3
        else order(("two", "missing")[number % 2])
        for number in range(30)
    ]
    given[5] = order("one", document_digest=b"short")
    given[7].seal = "no name"
    reply = await every.batch(*given)
    assert len(reply.results) == 30
    wanted = {5: "DIGEST_LENGTH_WRONG", 7: "INPUT_INVALID"}
    for number, result in enumerate(reply.results):
        if number % 3 and number not in wanted:
            found = parse_stamp(result.response.stamp)
            assert found.data_hash == bytes([number]) * 32
        else:
            reason = wanted.get(number) or ("SEAL_STATE_WRONG", "PERMISSION_DENIED")[number % 2]
            assert reason in str(result.error.details[0]), (number, result.error)
    records = every.records(operation="stamp")
    assert len(records) == 30, "one record for each, refused or not"
    numbers = [each.response.audit_number for each in reply.results if each.HasField("response")]
    written = {each["number"]: each["digest"] for each in records if each["result"] == "OK"}
    assert sorted(numbers) == sorted(written)
    assert every.last.facts == {"items": 30, "failed": 12}


async def test_sizes_of_batches(office: StampOffice) -> None:
    assert (await refusal(office.batch())).reason is Reason.BATCH_EMPTY
    assert (await refusal(office.batch(*[order()] * 1001))).reason is Reason.BATCH_TOO_LARGE


async def test_a_reply_that_grows_too_large_takes_no_more(
    office: StampOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.sealed()
    size = len((await office.stamp()).stamp)
    monkeypatch.setattr(stamp_api, "MAX_REPLY_BYTES", 10 * size)
    reply = await office.batch(*[order()] * 200)
    made = [each for each in reply.results if each.HasField("response")]
    assert 10 < len(made) < 200
    assert "another batch" in reply.results[-1].error.message
    assert (await office.get()).uses == 1 + len(made), "what does not leave is not made"
    refused = office.records(operation="stamp", result="BATCH_TOO_LARGE")
    assert len(refused) == 200 - len(made)
