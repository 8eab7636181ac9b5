"""Limits and rules of approval, written for people."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_PERIODS: Final = {"MINUTE": "per minute", "DAY": "per day", "EVER": "in all"}


def limits_text(limits: Iterable[Mapping[str, Any]]) -> str:
    """Write limits; "" for none."""
    return ", ".join(f"{each['count']} {_PERIODS[each['period']]}" for each in limits)


def rule_text(rule: Mapping[str, Any]) -> str:
    """Write an approval rule."""
    return f"{rule['count']} of {rule['group'] or 'the security administrators'}"


def given(word: str, text: str) -> list[str]:
    """Return the text behind the word that leads to it, if there is a text."""
    return [f"{word} {text}"] if text else []


def policy_text(policy: Mapping[str, Any]) -> str:
    """Write a key's policy."""
    rule = policy.get("approval")
    found = [
        *given("at most", limits_text(policy.get("limits", ()))),
        *given("approved by", rule_text(rule) if rule else ""),
        *given("only with", ", ".join(policy.get("algorithms", ()))),
        *(["signatures not verified"] if policy.get("skip_verification") else []),
    ]
    return "; ".join(found) or "no limits"
