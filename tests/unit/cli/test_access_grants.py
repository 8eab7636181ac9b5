"""``signetctl access grant``: what is said to it arrives, and what it prints can be read."""

from typing import Any

import pytest

SCHEDULE = ("--weekdays", "mon-fri", "--from", "08:00", "--until", "18:00", "--zone")


@pytest.mark.usefixtures("world")
def test_a_grant_arrives_with_all_its_conditions(as_json: Any) -> None:
    made = as_json(
        *("access", "grant", "add", "--to", "app", "--keys", "invoice-*"),
        *("--operation", "sign", "--operation", "verify", "--purpose", "signing"),
        *("--algorithm", "sm2-sm3", "--algorithm", "ed25519", "--digest-only"),
        *("--not-before", "2026-01-01T00:00+08:00", "--not-after", "2027-01-01T00:00Z"),
        *(*SCHEDULE, "Asia/Shanghai", "--per-minute", "2", "--per-day", "30", "--in-all", "400"),
        *("--approvals", "2", "--approvers", "boss", "--comment", "发票"),
    )
    assert made.pop("name").startswith("grants/g")
    assert made.pop("create_time").startswith("2026-")
    assert made == {
        "subject": "app",
        "keys": "keys/invoice-*",
        "operations": ["SIGN", "VERIFY"],
        "effect": "ALLOW",
        "comment": "发票",
        "creator": "root",
        "conditions": {
            "purposes": ["SIGNING"],
            "algorithms": ["ED25519", "SM2_SM3"],
            "not_before": "2025-12-31T16:00:00Z",
            "not_after": "2027-01-01T00:00:00Z",
            "schedule": {
                "weekdays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
                "start": "28800s",
                "end": "64800s",
                "time_zone": "Asia/Shanghai",
            },
            "digest_only": True,
            "limits": [
                {"count": 2, "period": "MINUTE"},
                {"count": 30, "period": "DAY"},
                {"count": 400, "period": "EVER"},
            ],
            "approval": {"count": 2, "group": "groups/boss"},
        },
    }


@pytest.mark.usefixtures("world")
def test_grants_are_listed_and_removed(as_json: Any) -> None:
    common = ("--keys", "keys/*", "--operation", "sign")
    one = as_json("access", "grant", "add", "--to", "app", *common)
    two = as_json("access", "grant", "add", "--to-group", "boss", "--deny", *common)
    assert (two["subject"], two["effect"]) == ("groups/boss", "DENY")
    assert as_json("access", "grant", "list") == [one, two]
    assert as_json("access", "grant", "list", "--to", "app") == [one]
    assert as_json("access", "grant", "list", "--to-group", "boss") == [two]
    as_json("access", "grant", "remove", one["name"])
    as_json("access", "grant", "remove", two["name"].removeprefix("grants/"))
    assert as_json("access", "grant", "list") == []


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", "MON TUE WED THU FRI"),
        ("sat-mon", "MON SAT SUN"),
        ("Wed, mon", "MON WED"),
        ("sun", "SUN"),
    ],
)
@pytest.mark.usefixtures("world")
def test_weekdays(text: str, days: str, as_json: Any) -> None:
    made = as_json(
        *("access", "grant", "add", "--to", "app", "--keys", "*", "--operation", "sign"),
        *("--weekdays", text, "--zone", "UTC"),
    )
    schedule = made["conditions"]["schedule"]
    assert " ".join(day[:3] for day in schedule["weekdays"]) == days
    assert (schedule["start"], schedule["end"]) == ("0s", "86400s")


@pytest.mark.usefixtures("world")
def test_tables_are_for_people(signetctl: Any) -> None:
    said = signetctl(
        *("access", "grant", "add", "--to", "app", "--keys", "*", "--operation", "sign"),
        *("--digest-only", "--per-day", "5", "--approvals", "1", *SCHEDULE, "UTC"),
    ).stdout
    words = (
        "at mon tue wed thu fri 08:00-18:00 UTC; digests only; at most 5 per day; "
        "approved by 1 of the security administrators"
    )
    assert words in said
    assert words in signetctl("access", "grant", "list").stdout
    shown = signetctl("access", "identity", "list").stdout
    assert "SIGNER" in shown
    assert "no" in shown
    assert "groups/boss" in signetctl("access", "group", "list").stdout
