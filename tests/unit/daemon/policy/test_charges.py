"""What a signature costs."""

from datetime import datetime, timedelta, timezone

import pytest

from signetd.daemon.audit.types import Alternative, Charge
from signetd.daemon.policy.charges import approvals_of, charges_of, key_charges, window
from signetd.daemon.policy.evaluate import Option
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy, Period, UseLimit
from tests.unit.daemon.policy.values import NOW

LIMITS = tuple(UseLimit(count=number, period=period) for number, period in enumerate(Period, 1))
CHINA = timezone(timedelta(hours=8))


def test_windows_are_of_utc() -> None:
    late = datetime(2026, 11, 26, 7, 59, 59, tzinfo=CHINA)
    assert window(Period.DAY, late) == "2026-11-25"
    assert window(Period.MINUTE, late) == "2026-11-25T23:59"
    assert window(Period.EVER, late) == ""
    with pytest.raises(ValueError, match="time zone"):
        window(Period.DAY, datetime(2026, 1, 1))


def test_a_grant_is_charged_for_each_of_its_limits() -> None:
    charged = charges_of(Option(grant_id="g1", limits=LIMITS), NOW)
    assert charged == Alternative(
        grant="g1",
        charges=(
            Charge(scope="grants/g1", window="2026-11-25T13:45", limit=1),
            Charge(scope="grants/g1", window="2026-11-25", limit=2),
            Charge(scope="grants/g1", limit=3),
        ),
    )
    assert charges_of(Option(grant_id="g2"), NOW) == Alternative(grant="g2")


def test_a_key_always_counts_its_uses() -> None:
    assert key_charges("seal", KeyPolicy(), NOW) == (Charge(scope="keys/seal"),)
    assert key_charges("seal", KeyPolicy(limits=LIMITS), NOW) == (
        Charge(scope="keys/seal", limit=3),
        Charge(scope="keys/seal", window="2026-11-25T13:45", limit=1),
        Charge(scope="keys/seal", window="2026-11-25", limit=2),
    )


def test_both_rules_must_be_met() -> None:
    of_key, of_grant = ApprovalRule(count=1), ApprovalRule(count=2, group="boss")
    option = Option(grant_id="g1", approval=of_grant)
    assert approvals_of(option, KeyPolicy(approval=of_key)) == (of_key, of_grant)
    assert approvals_of(Option(grant_id="g1"), KeyPolicy()) == ()
