"""Time stamps over stamps: where there are none, and where one would spoil the stamp."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from signetd.daemon.seals.stamp_tokens import StampTokens
from signetd.daemon.timestamps import Stamped
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import parse_stamp
from tests.unit.daemon.seals.office import refusal
from tests.unit.daemon.stamps.office import StampOffice

TIME = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Authority:
    """Gives a token of a time, with an accuracy in seconds."""

    def __init__(self, time: datetime, accuracy: float | None = None) -> None:
        found = None if accuracy is None else SimpleNamespace(delta=timedelta(seconds=accuracy))
        self.token: Any = SimpleNamespace(der=b"token", gen_time=time, accuracy=found)

    async def stamp(self, data: bytes, deadline: float | None) -> Stamped:
        return Stamped(self.token)


@pytest.mark.parametrize(
    ("late", "accuracy", "good"),
    [(0, None, True), (30, None, True), (-1, None, False), (-1, 1.0, True), (-2, 1.0, False)],
)
async def test_a_token_from_before_the_stamp_would_make_both_bad(
    late: int, accuracy: float | None, good: bool
) -> None:
    authority = Authority(TIME + timedelta(seconds=late), accuracy)
    refusing, lenient = StampTokens(authority), StampTokens(authority, degrade=True)
    if good:
        assert (await refusing.over(b"signature", TIME, None)).der == b"token"
        return
    error = await refusal(refusing.over(b"signature", TIME, None))
    assert (error.reason, "Set the clock" in error.message) == (Reason.TIMESTAMP_FAILED, True)
    found = await lenient.over(b"signature", TIME, None)
    assert (found.der, found.failure) == (None, error.message)


async def test_without_authorities_it_is_refused_before_anything_is_signed(
    office: StampOffice,
) -> None:
    await office.sealed()
    office.desk._tokens = StampTokens(None)
    signed = office.token.signed
    error = await refusal(office.stamp(timestamp=True))
    assert (error.reason, office.token.signed) == (Reason.TIMESTAMP_FAILED, signed)
    assert "[timestamps]" in error.message


async def test_the_failure_is_told_to_the_caller_and_written_down(office: StampOffice) -> None:
    await office.sealed()
    office.authority.answer = lambda: Stamped(None, "nobody answers")
    made = await office.stamp(timestamp=True)
    assert (made.timestamped, made.timestamp_failure) == (False, "nobody answers")
    found = parse_stamp(made.stamp)
    assert found.time_token is None
    assert office.authority.asked == [found.signature]
    assert "no time stamp (nobody answers)" in office.last_record()["detail"]


async def test_a_stamp_that_gets_no_time_stamp_is_written_down_as_refused(
    office: StampOffice,
) -> None:
    await office.sealed()

    def fail() -> Stamped:
        raise SignetError(Reason.TIMESTAMP_FAILED, "nobody answers")

    office.authority.answer = fail
    assert (await refusal(office.stamp(timestamp=True))).reason is Reason.TIMESTAMP_FAILED
    record = office.last_record()
    assert record["result"] == "TIMESTAMP_FAILED"
    assert "signature_digest" not in record
    assert (await office.get()).uses == 0


async def test_a_token_that_cannot_be_in_a_stamp(office: StampOffice) -> None:
    await office.sealed()
    token: Any = SimpleNamespace(der=b"no SEQUENCE", gen_time=office.now, accuracy=None)
    office.authority.answer = lambda: Stamped(token)
    error = await refusal(office.stamp(timestamp=True))
    assert (error.reason, "time_token" in error.message) == (Reason.TIMESTAMP_FAILED, True)
