"""Policies of keys between the messages of the API, the daemon, and the words of the audit."""

import pytest

from signetd.daemon.policy.types import ApprovalRule, KeyPolicy, Period, UseLimit
from signetd.daemon.rpc import policy_convert
from signetd.drivers.types import Algorithm

LIMITS = (UseLimit(count=3, period=Period.DAY), UseLimit(count=9, period=Period.EVER))


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (KeyPolicy(), "no limits"),
        (KeyPolicy(skip_verification=True), "signatures not verified"),
        (KeyPolicy(limits=LIMITS), "3 per DAY, 9 per EVER"),
        (
            KeyPolicy(
                limits=LIMITS[:1],
                approval=ApprovalRule(count=2, group="board"),
                algorithms=frozenset({Algorithm.SM2_SM3}),
                skip_verification=True,
            ),
            "3 per DAY, 2 approvals of groups/board, SM2_SM3, signatures not verified",
        ),
    ],
)
def test_a_policy_is_the_same_after_its_message_and_is_told_whole(
    policy: KeyPolicy, text: str
) -> None:
    assert policy_convert.policy(policy_convert.policy_message(policy)) == policy
    assert policy_convert.policy_text(policy) == text
