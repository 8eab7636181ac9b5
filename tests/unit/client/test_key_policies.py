"""What the client makes of purposes and policies of keys."""

import pytest

from signetd.api.v1 import resources_pb2 as resources
from signetd.client import InvalidRequest, KeyPolicyItem, _operations


def test_a_policy_is_written_whole() -> None:
    item = KeyPolicyItem(
        per_minute=1, in_all=9, approvals=2, approvers="board", algorithms=("rsa-pss-sha256",)
    )
    operation = _operations.set_key_policy("k", item)
    assert (operation.request.name, operation.again) == ("keys/k", True)
    policy = operation.request.policy
    assert [(each.count, each.period) for each in policy.limits] == [
        (1, resources.LIMIT_PERIOD_MINUTE),
        (9, resources.LIMIT_PERIOD_EVER),
    ]
    assert (policy.approval.count, policy.approval.group) == (2, "groups/board")
    assert list(policy.algorithms) == [resources.ALGORITHM_RSA_PSS_SHA256]
    assert not policy.skip_verification


def test_verification_is_left_out_only_when_asked_for() -> None:
    item = KeyPolicyItem(skip_verification=True)
    assert _operations.set_key_policy("k", item).request.policy.skip_verification


def test_an_empty_policy_is_sent_too() -> None:
    request = _operations.set_key_policy("k", KeyPolicyItem()).request
    assert request.HasField("policy")
    assert not request.policy.HasField("approval")


def test_purposes_have_their_names() -> None:
    made = _operations.generate_key("k", "t", "sm2", None, "seal-making").request
    assert made.purpose == resources.KEY_PURPOSE_SEAL_MAKING
    enrolled = _operations.enrol_key("k", "t", b"1", "", None).request
    assert enrolled.purpose == resources.KEY_PURPOSE_UNSPECIFIED
    with pytest.raises(InvalidRequest, match="signing, seal-making, sealing, audit"):
        _operations.generate_key("k", "t", "sm2", None, "stamps")
