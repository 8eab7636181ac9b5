"""Arguments and options that the commands below ``signetctl seal`` share."""

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The seal's name")]
Reason = Annotated[str, typer.Option(help="Why; it stays in the seal's history")]

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SECOND: Final = timedelta(seconds=1)
ZONE: Final = "a day by the clock of this machine, or a time with its zone"


class Kind(StrEnum):
    """What a seal is (电子印章管理办法, article 3)."""

    LEGAL_NAME = "legal-name"
    DEPARTMENT = "department"
    BUSINESS = "business"
    PERSONAL_NAME = "personal-name"


class Layout(StrEnum):
    """How the data of a seal is laid out."""

    V4 = "v4"
    V5 = "v5"


class State(StrEnum):
    """Where a seal is in its life."""

    APPLIED = "applied"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    MADE = "made"
    IN_USE = "in-use"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


def moment(text: str, option: str, *, end: bool = False) -> datetime:
    """Read a time with its zone, or a day: its first second here, or its last one at the *end*.

    Raises BadParameter.
    """
    try:
        if _DAY.fullmatch(text):
            return _edge(date.fromisoformat(text), end=end)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(
            f"{text} is neither a day such as 2027-01-01 nor a time such as "
            "2027-01-01T09:30+08:00, with its zone",
            param_hint=option,
        )
    return found


def _edge(day: date, *, end: bool) -> datetime:
    if not end:
        return datetime.combine(day, time.min).astimezone()
    return (datetime.combine(day + timedelta(days=1), time.min) - _SECOND).astimezone()
