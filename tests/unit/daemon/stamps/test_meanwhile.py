"""What happens while a stamp is made: nothing leaves that its record does not allow."""

import asyncio
from typing import Any

import pytest

from signetd.daemon.keys import KeyState
from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import Act
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import refusal
from tests.unit.daemon.stamps.office import SPKI, StampOffice


@pytest.mark.parametrize(("act", "state"), [("Suspend", "SUSPENDED"), ("Cancel", "CANCELLED")])
async def test_a_seal_that_is_stopped_meanwhile_stamps_nothing(
    every: StampOffice, act: str, state: str
) -> None:
    await every.sealed()
    every.meanwhile(lambda: every.act(act, reason="found out"))
    since = every.later(5)
    error = await refusal(every.stamp())
    assert (error.reason, error.metadata) == (Reason.SEAL_STATE_WRONG, {"state": state})
    assert f"since {since:%Y-%m-%d %H:%M:%S} UTC (found out)" in error.message
    record = every.last_record()
    assert (record["operation"], record["result"]) == ("stamp", "SEAL_STATE_WRONG")
    assert "signature_digest" not in record, "what was signed is not named: it did not leave"
    assert (await every.get()).uses == 0


async def test_another_daemon_may_have_stopped_it(every: StampOffice) -> None:
    """Behind the back of this one: only the database knows."""
    await every.sealed()

    async def elsewhere() -> None:
        seen = every.database.seals.get("company")
        assert seen is not None
        step = Step(act=Act.SUSPEND, identity="reviewer", reason="elsewhere")
        with every.database.transaction("The test") as connection:
            every.database.seals.move(seen, step)(connection, every.later())

    every.meanwhile(elsewhere)
    assert (await refusal(every.stamp())).reason is Reason.SEAL_STATE_WRONG


async def test_a_seal_that_was_stopped_and_resumed_meanwhile_stamps_nothing(
    every: StampOffice,
) -> None:
    """The stamp may be of the time between, when its seal was not to be used."""
    await every.sealed()

    async def twice() -> None:
        await every.act("Suspend")
        every.later(5)
        await every.act("Resume")

    every.meanwhile(twice)
    error = await refusal(every.stamp())
    assert (error.reason, "stamp again" in error.message) == (Reason.SEAL_STATE_WRONG, True)
    await every.stamp()


async def test_a_key_that_is_disabled_meanwhile_stamps_nothing(every: StampOffice) -> None:
    await every.sealed()
    every.meanwhile(lambda: every.change_key("stamping", state=KeyState.DISABLED))
    assert (await refusal(every.stamp())).reason is Reason.KEY_STATE_WRONG
    assert every.last_record()["result"] == "KEY_STATE_WRONG"


async def test_a_certificate_that_is_replaced_meanwhile_stamps_nothing(office: StampOffice) -> None:
    await office.sealed()
    renewed = samples.certificate(SPKI, "stamping", serial=78)
    office.meanwhile(lambda: office.change_key("stamping", certificates=(renewed,)))
    assert (await refusal(office.stamp())).reason is Reason.CERTIFICATE_UNSUITABLE


async def test_another_grant_meanwhile_changes_nothing(office: StampOffice) -> None:
    await office.sealed()
    office.meanwhile(lambda: office.allow("stranger"))
    made = await office.stamp()
    assert office.last_record()["number"] == made.audit_number
    assert office.token.signed == 2, "the seal, and one stamp: it was not signed twice"


async def test_of_many_stamps_those_that_leave_were_written_before_the_suspension(
    every: StampOffice,
) -> None:
    await every.sealed()
    begun = asyncio.Event()

    async def tell() -> None:
        begun.set()

    every.meanwhile(tell)
    stamps = [asyncio.create_task(_tried(every)) for _ in range(64)]
    await begun.wait()
    await every.act("Suspend")
    results = await asyncio.gather(*stamps)
    (suspended,) = every.records(operation="SealService/SuspendSeal")
    released = [each.audit_number for each in results if not isinstance(each, Reason)]
    refused = [each for each in results if isinstance(each, Reason)]
    assert all(number < suspended["number"] for number in released)
    assert set(refused) <= {Reason.SEAL_STATE_WRONG}
    assert len(released) + len(refused) == 64
    written = [each["number"] for each in every.records(operation="stamp", result="OK")]
    assert sorted(released) == written, "each stamp that left has its record, and none else"
    assert (await every.get()).uses == len(released)


async def _tried(office: StampOffice) -> Any:
    try:
        return await office.stamp()
    except SignetError as error:
        return error.reason


async def test_a_caller_who_goes_away_gets_nothing_and_it_is_written_down(
    office: StampOffice,
) -> None:
    await office.sealed()
    begun, never = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        await never.wait()

    office.meanwhile(hang)
    task = asyncio.create_task(office.stamp())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await office.desk.drain()
    record = office.last_record()
    assert (record["operation"], record["result"]) == ("stamp", "CANCELLED")
    assert (await office.get()).uses == 0


async def test_a_token_that_fails_is_written_down(office: StampOffice) -> None:
    await office.sealed()
    office.token.failure = SignetError(Reason.TOKEN_ABSENT, "It is gone.")
    assert (await refusal(office.stamp())).reason is Reason.TOKEN_ABSENT
    assert office.last_record()["result"] == "TOKEN_ABSENT"
    office.token.failure = None
    await office.stamp()
    assert [each["use"] for each in office.records(operation="stamp", result="OK")] == [1]
