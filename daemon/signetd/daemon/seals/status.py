"""What can be said of a seal at a time, from its history and its validity; pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from signetd.daemon.seals.checks import written
from signetd.daemon.seals.types import (
    Act,
    RegisteredSeal,
    SealEvent,
    SealState,
    SealStatus,
)
from signetd.drivers.errors import Reason, SignetError

_MAKING: Final = frozenset({Act.MAKE, Act.IMPORT})


def status_at(
    seal: RegisteredSeal,
    events: Iterable[SealEvent],
    time: datetime,
    now: datetime,
    *,
    words: bool = True,
) -> SealStatus:
    """Return the status of *seal* at *time*; *events* are its history, the oldest first.

    What happened at that very moment counts as done. With *words*, the reasons that people gave
    are told. Raises INPUT_INVALID for a time to come:
    what will be is not known.
    """
    if time > now:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"time is {written(time)}, which is to come (it is {written(now)}); give a time until "
            "now, or leave it out.",
        )
    made = False
    last: SealEvent | None = None
    since: datetime | None = None
    for event in events:
        if event.time > time:
            break
        made = made or event.act in _MAKING
        if last is None or event.after is not last.after or event.act in _MAKING:
            since = event.time
        last = event
    if last is None or not made:
        return _status(seal, time, None, None, "it had not been made at that time")
    return _status(seal, time, last.after, since, _why_not(seal, last, time, words=words))


def is_valid(seal: RegisteredSeal, moment: datetime) -> bool:
    """Whether *moment* is within the seal's validity, both ends included."""
    return seal.valid_from <= moment <= seal.valid_until


def _why_not(seal: RegisteredSeal, last: SealEvent, time: datetime, *, words: bool) -> str:
    said = f": {last.reason}" if words and last.reason else ""
    match last.after:
        case SealState.MADE:
            return "it had been made and not filed"
        case SealState.SUSPENDED:
            return f"it had been suspended{said}"
        case SealState.CANCELLED:
            return f"it had been cancelled{said}"
    if not is_valid(seal, time):
        return f"it is valid from {written(seal.valid_from)} to {written(seal.valid_until)}"
    return ""


def _status(
    seal: RegisteredSeal,
    time: datetime,
    state: SealState | None,
    since: datetime | None,
    reason: str,
) -> SealStatus:
    return SealStatus(
        seal_id=seal.seal_id,
        sm3=seal.sm3,
        time=time,
        state=state,
        since=since,
        good=not reason,
        reason=reason,
    )
