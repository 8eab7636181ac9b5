"""When somebody is told that a certificate ends."""

from datetime import timedelta

import pytest

from signetd.daemon.certificates import expiry
from signetd.daemon.keys import KeyState
from tests.unit.daemon.key_certificates.having import DAY, NOW, key, leaf, read, until

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "stage"),
    [
        (-SECOND, expiry.EXPIRED),
        (timedelta(), 1),
        (DAY, 1),
        (DAY + SECOND, 7),
        (7 * DAY, 7),
        (7 * DAY + SECOND, 30),
        (30 * DAY, 30),
        (30 * DAY + SECOND, None),
        (365 * DAY, None),
    ],
)
def test_stages(left: timedelta, stage: int | None) -> None:
    (certificate,) = read(until(NOW + left))
    assert expiry.stage(certificate, NOW) == stage


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (31 * DAY, None),
        (30 * DAY, "Its certificate expires in 30 days, at 2026-07-01T12:00:00Z; have a new one "),
        (1.5 * DAY, "Its certificate expires in 1 day, at 2026-06-03T00:00:00Z; "),
        (SECOND, "Its certificate expires in less than a day, at 2026-06-01T12:00:01Z; "),
        (-SECOND, "Its certificate expired at 2026-06-01T11:59:59Z; import a new one."),
    ],
)
def test_warnings(left: timedelta, text: str | None) -> None:
    found = expiry.warnings(key(until(NOW + left).der), NOW)
    assert len(found) == (text is not None)
    assert found == [] or found[0].startswith(text or "")


def test_one_that_is_not_valid_yet() -> None:
    found = expiry.warnings(key(leaf(life=(NOW + DAY, NOW + 2 * DAY)).der), NOW)
    assert found == ["Its certificate is not valid before 2026-06-02T12:00:00Z."]


def test_nothing_is_said_of_keys_without_a_certificate_and_of_destroyed_ones() -> None:
    old = until(NOW - DAY).der
    assert expiry.warnings(key(), NOW) == []
    assert expiry.warnings(key(old, state=KeyState.DESTROYED), NOW) == []
    assert expiry.warnings(key(old, state=KeyState.DISABLED), NOW) != []


def test_one_that_cannot_be_read_is_told_and_does_not_hide_the_key() -> None:
    assert expiry.own(key(b"\x30\x00")) is None
    assert "cannot be read" in expiry.warnings(key(b"\x30\x00"), NOW)[0]


def test_only_the_keys_own_certificate_counts() -> None:
    chain = (until(NOW + 90 * DAY).der, until(NOW + DAY).der)
    assert expiry.warnings(key(*chain), NOW) == []
