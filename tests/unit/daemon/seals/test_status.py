"""What is said of a seal at a time."""

from datetime import datetime

import msgspec
import pytest

from signetd.daemon.seals.status import is_valid, status_at
from signetd.daemon.seals.types import Act, SealEvent, SealState
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.seals.samples import DAY, NOW
from tests.unit.daemon.seals.values import seal

START = NOW - 20 * DAY
SEAL = seal(valid_from=START + DAY, valid_until=NOW + DAY, seal_id="3301", sm3="ab")
_STEPS = (
    (0, Act.APPLY, None, SealState.APPLIED, ""),
    (1, Act.ACCEPT, SealState.APPLIED, SealState.ACCEPTED, ""),
    (2, Act.MAKE, SealState.ACCEPTED, SealState.MADE, ""),
    (3, Act.FILE, SealState.MADE, SealState.IN_USE, ""),
    (4, Act.SUSPEND, SealState.IN_USE, SealState.SUSPENDED, "lost"),
    (5, Act.COMPROMISE, SealState.SUSPENDED, SealState.SUSPENDED, "known"),
    (6, Act.RESUME, SealState.SUSPENDED, SealState.IN_USE, "found"),
    (7, Act.CANCEL, SealState.IN_USE, SealState.CANCELLED, "dissolved"),
)
EVENTS = [
    SealEvent(
        number=number,
        time=START + day * DAY,
        identity="x",
        act=act,
        before=before,
        after=after,
        reason=reason,
    )
    for number, (day, act, before, after, reason) in enumerate(_STEPS, 1)
]


@pytest.mark.parametrize(
    ("day", "state", "since", "reason"),
    [
        (-1, None, None, "it had not been made at that time"),
        (0, None, None, "it had not been made at that time"),
        (1.5, None, None, "it had not been made at that time"),
        (2, SealState.MADE, 2, "it had been made and not filed"),
        (3, SealState.IN_USE, 3, ""),
        (3.9, SealState.IN_USE, 3, ""),
        (4, SealState.SUSPENDED, 4, "it had been suspended: lost"),
        (5.5, SealState.SUSPENDED, 4, "it had been suspended: known"),
        (6.5, SealState.IN_USE, 6, ""),
        (19, SealState.CANCELLED, 7, "it had been cancelled: dissolved"),
    ],
)
def test_the_status_at_each_time(
    day: float, state: SealState | None, since: float | None, reason: str
) -> None:
    found = status_at(SEAL, EVENTS, START + day * DAY, NOW)
    assert (found.state, found.reason, found.good) == (state, reason, not reason)
    assert found.since == (None if since is None else START + since * DAY)
    assert (found.seal_id, found.sm3) == ("3301", "ab")


@pytest.mark.parametrize("time", [START + 3 * DAY, START + 6 * DAY])
def test_one_in_use_is_good_only_while_it_is_valid(time: datetime) -> None:
    late = msgspec.structs.replace(SEAL, valid_from=START + 4 * DAY, valid_until=START + 5 * DAY)
    found = status_at(late, EVENTS, time, NOW)
    assert (found.state, found.good) == (SealState.IN_USE, False)
    assert "it is valid from" in found.reason


def test_both_ends_of_the_validity_count() -> None:
    assert is_valid(SEAL, SEAL.valid_from)
    assert is_valid(SEAL, SEAL.valid_until)
    assert not is_valid(SEAL, SEAL.valid_until + DAY / 86400)


def test_what_will_be_is_not_known() -> None:
    with pytest.raises(SignetError, match="which is to come") as caught:
        status_at(SEAL, EVENTS, NOW + DAY, NOW)
    assert caught.value.reason is Reason.INPUT_INVALID


def test_an_imported_seal_begins_as_one_that_is_made() -> None:
    event = msgspec.structs.replace(EVENTS[0], act=Act.IMPORT, after=SealState.MADE)
    assert status_at(SEAL, [event], NOW, NOW).state is SealState.MADE
    assert status_at(SEAL, [event], START - DAY, NOW).state is None


def test_an_application_that_was_withdrawn_is_no_seal() -> None:
    withdrawn = [
        EVENTS[0],
        msgspec.structs.replace(EVENTS[1], act=Act.CANCEL, after=SealState.CANCELLED),
    ]
    assert status_at(SEAL, withdrawn, NOW, NOW).state is None
