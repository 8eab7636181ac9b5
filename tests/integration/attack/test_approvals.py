"""Approvals in the hands of somebody who wants to sign more, or something else, with them."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from tests.integration.attack import samples
from tests.integration.attack.scene import Scene

SIGN, APPROVE = "SigningService/Sign", "ApprovalService/ApproveApproval"
INVALID = "APPROVAL_INVALID"
VOTERS = ("voter-1", "voter-2")


def guarded(town: Scene, key: str, *members: str, count: int = 1) -> str:
    """Make a key with which signatures must be approved by some of *members*."""
    town.key(key)
    town.group(key, *members)
    rule = resources.ApprovalRule(count=count, group=f"groups/{key}")
    town.policy(key, resources.KeyPolicy(approval=rule))
    town.grant("signer", key)
    return key


def uses(town: Scene, key: str) -> int:
    return len(town.records(resource=f"keys/{key}", kind="use", result="OK"))


def test_an_approval_is_good_for_one_signature_of_many_at_once(town: Scene) -> None:
    key = guarded(town, "race", *VOTERS)
    name = samples.approved(town, "once", key=key, voters=VOTERS[:1])
    with ThreadPoolExecutor(8) as threads:
        item = samples.item("once", key, approval=name)
        calls = [threads.submit(town.by("signer").call, SIGN, item) for _ in range(8)]
        found = Counter(call.result().result for call in calls)
    assert found == {"OK": 1, INVALID: 7}
    assert town.by("signer").call(SIGN, item).result == INVALID
    assert uses(town, key) == 1
    assert len(town.records(resource=f"keys/{key}", allowed=0, result=INVALID)) == 8


def test_a_batch_uses_an_approval_once(town: Scene) -> None:
    key = guarded(town, "batch", *VOTERS)
    name = samples.approved(town, "batch", key=key, voters=VOTERS[:1])
    batch = signing.BatchSignRequest(requests=[samples.item("batch", key, approval=name)] * 20)
    results = town.by("signer").done("SigningService/BatchSign", batch).results
    assert Counter(each.WhichOneof("outcome") for each in results) == {"response": 1, "error": 19}
    assert uses(town, key) == 1


def test_an_approval_is_for_what_was_approved_and_nothing_else(town: Scene) -> None:
    key, other = guarded(town, "exactly", *VOTERS), guarded(town, "exactly-2", *VOTERS)
    town.grant("other", key)
    name = samples.approved(town, "this", key=key, voters=VOTERS[:1])
    begun = town.daemon.count("C_SignInit")
    for who, item in (
        ("signer", samples.item("that", key, approval=name)),
        ("signer", samples.item("this", other, approval=name)),
        ("signer", signing.SignRequest(key=f"keys/{key}", digest=bytes(32), approval=name)),
        ("other", samples.item("this", key, approval=name)),
    ):
        assert town.by(who).call(SIGN, item).result == INVALID, (who, item)
    assert town.by("signer").call(SIGN, samples.item("this", key)).result == "APPROVAL_NEEDED"
    wrong = samples.item("this", key, approval=name, algorithm=resources.ALGORITHM_SM2_SM3)
    assert town.by("signer").call(SIGN, wrong).result == "ALGORITHM_UNSUITABLE"
    assert town.daemon.count("C_SignInit") == begun, "the token was asked"
    right = samples.item("this", key, approval=name)
    assert town.by("signer").call(SIGN, right).result == "OK", "it was not used up by all that"


def test_another_algorithm_for_the_same_digest_is_another_signature(town: Scene) -> None:
    """PKCS#1 was approved, and PSS over the same SHA-256 is asked for."""
    made = keys.GenerateKeyRequest(
        key_id="two-ways", token="tokens/t", key_type=resources.KEY_TYPE_RSA_2048
    )
    town.by("security").done("KeyService/GenerateKey", made)
    town.group("two-ways", *VOTERS)
    rule = resources.ApprovalRule(count=1, group="groups/two-ways")
    town.policy("two-ways", resources.KeyPolicy(approval=rule))
    town.grant("signer", "two-ways")
    name = samples.approved(town, "rsa", key="two-ways", voters=VOTERS[:1])
    item = samples.item(
        "rsa", "two-ways", approval=name, algorithm=resources.ALGORITHM_RSA_PSS_SHA256
    )
    assert town.by("signer").call(SIGN, item).result == INVALID


def _expire(town: Scene, name: str) -> None:
    file = town.daemon.folder / "state" / "signetd.db"
    with closing(sqlite3.connect(file, timeout=20)) as connection, connection:
        changed = connection.execute(
            "update approvals set expire_time = '2020-01-01 00:00:00.000000' where id = ?",
            (name.removeprefix("approvals/"),),
        )
        assert changed.rowcount == 1


def _reject(town: Scene, name: str) -> None:
    request = approval.RejectApprovalRequest(name=name)
    town.by("voter-2").done("ApprovalService/RejectApproval", request)


def _cancel(town: Scene, name: str) -> None:
    request = approval.CancelApprovalRequest(name=name)
    town.by("signer").done("ApprovalService/CancelApproval", request)


@pytest.mark.parametrize("end", [_expire, _reject, _cancel])
def test_an_approval_that_is_over_does_not_come_back(
    town: Scene, end: Callable[[Scene, str], None]
) -> None:
    key = guarded(town, f"over-{end.__name__.strip('_')}", *VOTERS)
    asked = samples.approval_of(town, "over", key=key)
    town.by("voter-1").done(APPROVE, samples.vote(asked))
    end(town, asked.name)
    item = samples.item("over", key, approval=asked.name)
    assert town.by("signer").call(SIGN, item).result == INVALID
    assert town.by("voter-2").call(APPROVE, samples.vote(asked)).result == "APPROVAL_STATE_WRONG"
    assert town.by("signer").call(SIGN, item).result == INVALID
    assert uses(town, key) == 0


def test_whoever_is_no_approver_any_more_has_not_approved(town: Scene) -> None:
    key = guarded(town, "removed", *VOTERS)
    name = samples.approved(town, "removed", key=key, voters=VOTERS[:1])
    item = samples.item("removed", key, approval=name)
    town.group(key, "voter-2")
    assert town.by("signer").call(SIGN, item).result == INVALID
    town.group(key, *VOTERS)
    assert town.update("security", "voter-1", access.ROLE_SIGNER, disabled=True).result == "OK"
    assert town.by("signer").call(SIGN, item).result == INVALID
    assert town.update("security", "voter-1", access.ROLE_SIGNER).result == "OK"
    assert town.by("signer").call(SIGN, item).result == "OK"


def test_nobody_approves_what_is_their_own(town: Scene) -> None:
    """The requester is a member, asks for two votes, gets one, and wants to be the other."""
    key = guarded(town, "own", "signer", "voter-1", count=2)
    asked = samples.approval_of(town, "own", key=key)
    item = samples.item("own", key, approval=asked.name)
    town.by("voter-1").done(APPROVE, samples.vote(asked))
    assert town.by("signer").call(APPROVE, samples.vote(asked)).result == "PERMISSION_DENIED"
    again = town.by("voter-1").call(APPROVE, samples.vote(asked))
    assert again.result == "APPROVAL_STATE_WRONG", "one person is one vote"
    assert town.by("signer").call(SIGN, item).result == INVALID


def test_a_stricter_rule_counts_for_what_was_approved_before(town: Scene) -> None:
    key = guarded(town, "stricter", *VOTERS)
    asked = samples.approval_of(town, "stricter", key=key)
    town.by("voter-1").done(APPROVE, samples.vote(asked))
    rule = resources.ApprovalRule(count=2, group=f"groups/{key}")
    town.policy(key, resources.KeyPolicy(approval=rule))
    item = samples.item("stricter", key, approval=asked.name)
    assert town.by("signer").call(SIGN, item).result == INVALID
    town.by("voter-2").done(APPROVE, samples.vote(asked))
    assert town.by("signer").call(SIGN, item).result == "OK"


def test_a_vote_is_for_the_digest_that_was_seen(town: Scene) -> None:
    """Who was shown another document than the one that is asked for does not approve it."""
    key = guarded(town, "seen", *VOTERS)
    shown, asked = (samples.approval_of(town, text, key=key) for text in ("shown", "asked"))
    vote = approval.ApproveApprovalRequest(name=asked.name, digest=shown.digest)
    assert town.by("voter-1").call(APPROVE, vote).result == INVALID
    vote = approval.ApproveApprovalRequest(name=asked.name)
    assert town.by("voter-1").call(APPROVE, vote).result == "INPUT_MISSING"


def test_administrators_do_not_vote_for_a_group(town: Scene) -> None:
    key = guarded(town, "powerless", *VOTERS)
    asked = samples.approval_of(town, "powerless", key=key)
    for who in ("security", "auditor"):
        assert town.by(who).call(APPROVE, samples.vote(asked)).result == "PERMISSION_DENIED"
    assert town.by("system").call(APPROVE, samples.vote(asked)).result == "APPROVAL_NOT_FOUND"
