"""Seals are suspended, resumed and cancelled, and all seals of a compromised key at once."""

import asyncio
from typing import Any

import msgspec
import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.keys import KeyState
from signetd.daemon.seals import keeper
from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import Act
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import Office, refusal, spki

IN_USE, SUSPENDED = messages.SEAL_STATE_IN_USE, messages.SEAL_STATE_SUSPENDED


async def compromise(office: Office, key: str, reason: str = "stolen") -> list[str]:
    reply = await office.call("other", "ReportKeyCompromise", key=f"keys/{key}", reason=reason)
    return list(reply.suspended)


async def test_a_seal_rests_and_comes_back_with_the_reasons_kept(every: Office) -> None:
    await every.in_use()
    every.later()
    suspended = await every.act("Suspend", reason="lost")
    assert (suspended.state, suspended.state_reason) == (SUSPENDED, "lost")
    every.later()
    resumed = await every.act("Resume", reason="found")
    assert (resumed.state, resumed.state_reason) == (IN_USE, "found")
    told = [(each.act, each.reason) for each in await every.events()][-2:]
    assert told == [("suspend", "lost"), ("resume", "found")]
    (record,) = every.records(operation="SealService/SuspendSeal")
    assert (record["resource"], record["detail"]) == ("seals/company", "suspend 3301-company")
    assert "lost" not in record["detail"]


@pytest.mark.parametrize("act", ["Suspend", "Resume", "Cancel"])
async def test_each_change_needs_a_reason_and_a_seal(office: Office, act: str) -> None:
    await office.in_use()
    if act == "Resume":
        await office.act("Suspend")
    assert (await refusal(office.act(act, reason=""))).reason is Reason.INPUT_MISSING
    assert (await refusal(office.act(act, reason="x" * 501))).reason is Reason.INPUT_INVALID
    assert (await refusal(office.act(act, "missing"))).reason is Reason.SEAL_NOT_FOUND
    assert (await office.act(act)).state_reason


async def test_what_was_withdrawn_is_final(office: Office) -> None:
    await office.apply()
    withdrawn = await office.act("Cancel", who="applicant")
    assert withdrawn.state == messages.SEAL_STATE_CANCELLED
    error = await refusal(office.act("Cancel"))
    assert (error.reason, "that is final" in error.message) == (Reason.SEAL_STATE_WRONG, True)


async def test_an_applicant_withdraws_what_is_not_made(office: Office) -> None:
    await office.apply()
    await office.review()
    assert (await office.act("Cancel", who="applicant")).state == messages.SEAL_STATE_CANCELLED


async def test_an_applicant_does_not_cancel_a_seal(office: Office) -> None:
    await office.made()
    error = await refusal(office.act("Cancel", who="applicant"))
    assert (error.reason, "is made" in error.message) == (Reason.PERMISSION_DENIED, True)
    await office.file()
    assert (await refusal(office.act("Cancel", who="applicant"))).reason is Reason.PERMISSION_DENIED
    assert (await office.act("Cancel")).state == messages.SEAL_STATE_CANCELLED


async def test_a_stranger_cancels_nothing_and_learns_nothing(office: Office) -> None:
    await office.apply()
    real = await refusal(office.act("Cancel", who="stranger"))
    missing = await refusal(office.act("Cancel", "nothing", who="stranger"))
    assert real.reason is missing.reason is Reason.PERMISSION_DENIED
    assert real.message.replace("company", "nothing") == missing.message


async def test_of_two_at_once_one_wins_and_the_other_is_told(every: Office) -> None:
    await every.in_use()
    begun = asyncio.Barrier(2)
    act = every.recorder.act

    async def together(*arguments: Any, **options: Any) -> Any:
        await begun.wait()  # both have seen the seal as it is in use
        return await act(*arguments, **options)

    every.recorder.act = together  # type: ignore[method-assign]
    results = await asyncio.gather(
        every.act("Suspend", who="reviewer"),
        every.act("Cancel", who="other"),
        return_exceptions=True,
    )
    errors = [each for each in results if isinstance(each, SignetError)]
    assert [each.reason for each in errors] == [Reason.SEAL_STATE_WRONG], results
    assert "by somebody else meanwhile" in errors[0].message
    found, events = await every.get(), await every.events()
    assert len(events) == 5, "four to be in use, and one of the two"
    assert (events[-1].to, found.state_reason) == (found.state, events[-1].reason)
    assert len(every.records(result="SEAL_STATE_WRONG")) == 1


async def test_a_compromised_key_suspends_all_its_seals_and_is_disabled(every: Office) -> None:
    await every.in_use("a")
    await every.in_use("b", signing_key="keys/sealing-2")
    await every.made("c")
    await every.in_use("d")
    await every.act("Suspend", "d", reason="earlier")
    await every.apply("e")
    every.later()
    assert await compromise(every, "sealing") == ["seals/a"]
    assert every.keys.get("sealing").state is KeyState.DISABLED
    states = {seal: (await every.get(seal)).state for seal in "abcde"}
    assert states == {
        "a": SUSPENDED,
        "b": IN_USE,
        "c": messages.SEAL_STATE_MADE,
        "d": SUSPENDED,
        "e": messages.SEAL_STATE_APPLIED,
    }
    for seal in "acd":
        last = (await every.events(seal))[-1]
        assert (last.act, last.identity, last.reason) == ("compromise", "other", "stolen")
    for seal in "be":
        assert (await every.events(seal))[-1].act != "compromise"
    (record,) = every.records(operation="SealService/ReportKeyCompromise")
    assert (record["resource"], record["result"]) == ("keys/sealing", "OK")


async def test_a_compromised_makers_key_suspends_what_it_made(every: Office) -> None:
    await every.in_use("a")
    await every.in_use("b", signing_key="keys/sealing-2")
    assert await compromise(every, "maker") == ["seals/a", "seals/b"]
    error = await refusal(every.act("Resume", "a"))
    assert (error.reason, "'maker'" in error.message) == (Reason.KEY_STATE_WRONG, True)
    await every.change_key("maker", state=KeyState.ENABLED)
    assert (await every.act("Resume", "a")).state == IN_USE


async def test_more_seals_than_fit_into_a_statement(every: Office) -> None:
    await every.in_use("first")
    seen = every.database.seals.get("first")
    assert seen is not None
    await copies(every, seen, 250)
    found = await compromise(every, "sealing")
    assert len(found) == 251
    assert found == sorted(found)
    assert (await every.get("copy-249")).state == SUSPENDED
    assert [each.act for each in await every.events("copy-249")] == ["import", "compromise"]


async def test_a_suspended_seal_waits_for_its_key(office: Office) -> None:
    await office.in_use()
    await compromise(office, "sealing")
    error = await refusal(office.act("Resume"))
    assert (error.reason, "Enable the key if" in error.message) == (Reason.KEY_STATE_WRONG, True)
    await office.change_key("sealing", state=KeyState.ENABLED)
    assert (await office.act("Resume")).state == IN_USE


@pytest.mark.parametrize("key", ["sealing", "maker"])
async def test_another_pair_of_the_same_name_trusts_no_old_seal(office: Office, key: str) -> None:
    await office.in_use()
    await compromise(office, key)
    pair = spki("a new pair")
    renewed = samples.certificate(pair, "new")
    await office.change_key(key, state=KeyState.ENABLED, spki=pair, certificates=(renewed,))
    error = await refusal(office.act("Resume"))
    assert (error.reason, "another key pair" in error.message) == (Reason.KEY_STATE_WRONG, True)


async def test_a_made_seal_is_not_filed_after_a_compromise_of_its_maker(office: Office) -> None:
    await office.made()
    assert await compromise(office, "maker") == []
    assert (await refusal(office.file())).reason is Reason.KEY_STATE_WRONG


async def test_a_makers_key_that_is_only_retired_is_no_harm(office: Office) -> None:
    await office.made()
    await office.change_key("maker", state=KeyState.DISABLED)
    assert (await office.file()).state == IN_USE


async def test_a_key_that_there_is_not_is_not_compromised(office: Office) -> None:
    assert (await refusal(compromise(office, "nothing"))).reason is Reason.KEY_NOT_FOUND
    assert (await refusal(compromise(office, "maker", ""))).reason is Reason.INPUT_MISSING


async def test_what_cannot_be_recorded_does_not_happen(every: Office) -> None:
    await every.in_use()
    await every.ledger.close()
    for work in (every.act("Suspend"), compromise(every, "sealing")):
        assert (await refusal(work)).reason is Reason.SHUTTING_DOWN
    assert (await every.get()).state == IN_USE
    assert every.keys.get("sealing").state is KeyState.ENABLED


async def test_a_history_has_an_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "MAX_EVENTS", 5)
    await office.in_use()
    await office.act("Suspend")
    error = await refusal(office.act("Resume"))
    assert error.reason is Reason.LIMIT_REACHED
    assert (await office.act("Cancel")).state == messages.SEAL_STATE_CANCELLED


async def copies(office: Office, seal: Any, number: int) -> None:
    """Add so many seals like one."""
    store = office.database.seals
    with office.database.transaction("The test") as connection:
        for place in range(number):
            copy = msgspec.structs.replace(
                seal, id=f"copy-{place}", seal_id=f"copy-{place}", sm3=f"{place:064x}"
            )
            store.add(copy, Step(act=Act.IMPORT, identity="other"))(connection, office.now)
