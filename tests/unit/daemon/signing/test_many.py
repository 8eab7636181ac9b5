"""Many of one caller together: each has its own outcome and its own record."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyState
from signetd.daemon.policy.evaluate import Decision
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy
from signetd.daemon.signing import Outcome, Released, SignInput
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.signing.test_desk import ASKER, Scene


@pytest.fixture
def scene(engine: Any, keys: Any) -> Scene:
    return Scene(engine, keys)


def request(key: str = "sm2", number: int = 0, **changes: Any) -> SignInput:
    return SignInput(key=key, digest=number.to_bytes(32, "big"), **changes)


def reasons(outcomes: list[Outcome]) -> list[str]:
    found = []
    for outcome in outcomes:
        if isinstance(outcome, Released):
            found.append("OK")
        else:
            found.append(outcome.reason.value if isinstance(outcome, SignetError) else "unforeseen")
    return found


async def test_each_has_its_own_signature_and_record_in_their_order(scene: Scene) -> None:
    keys = ["sm2", "ec_p256", "rsa_2048", "sm2"]
    asked = [request(key, number) for number, key in enumerate(keys)]
    outcomes = await scene.desk.sign_many(asked, ASKER)
    assert reasons(outcomes) == ["OK"] * 4
    for number, (outcome, event) in enumerate(zip(outcomes, scene.ledger.events, strict=True)):
        assert isinstance(outcome, Released)
        assert (outcome.number, outcome.signed.key.id) == (number + 1, keys[number])
        assert (event.resource, event.digest) == (f"keys/{keys[number]}", f"{number:064x}")
        assert (event.allowed, event.result, len(event.signature_digest)) == (True, "OK", 64)
        assert (event.key_version, event.token) == (1, "hsm1")


async def test_what_is_wrong_with_one_spoils_no_other(scene: Scene) -> None:
    scene.keys.change("ec_p256", state=KeyState.DISABLED)
    asked = [
        request(),
        request("unknown"),
        SignInput(key="sm2", digest=b"short"),
        request("ec_p256"),
        request(version=7),
        request("ed25519"),
        request(),
    ]
    outcomes = await scene.desk.sign_many(asked, ASKER)
    assert reasons(outcomes) == [
        "OK",
        "KEY_NOT_FOUND",
        "DIGEST_LENGTH_WRONG",
        "KEY_STATE_WRONG",
        "KEY_STATE_WRONG",
        "ALGORITHM_UNSUITABLE",
        "OK",
    ]
    assert [event.result for event in scene.ledger.events] == reasons(outcomes)
    refused = scene.ledger.events[1:6]
    assert not any(event.allowed or event.signature_digest for event in refused)


async def test_those_with_an_approval_keep_their_place(scene: Scene) -> None:
    asked = [request(), request(approval="approvals/a1"), request("rsa_2048")]
    outcomes = await scene.desk.sign_many(asked, ASKER)
    signed = [each.signed.key.id for each in outcomes if isinstance(each, Released)]
    assert signed == ["sm2", "sm2", "rsa_2048"]
    assert sorted(event.approval for event in scene.ledger.events) == ["", "", "approvals/a1"]


async def test_a_key_that_wants_an_approval_is_not_signed_with_without(
    scene: Scene, token: Any
) -> None:
    scene.keys.change("rsa_2048", policy=KeyPolicy(approval=ApprovalRule(count=1)))
    outcomes = await scene.desk.sign_many([request(), request("rsa_2048")], ASKER)
    assert reasons(outcomes) == ["OK", "APPROVAL_NEEDED"]
    assert len(token.orders) == 1
    event = scene.ledger.events[1]
    assert (event.allowed, event.result) == (False, "APPROVAL_NEEDED")
    assert event.digest, "an auditor must see what was asked for"


async def test_what_the_token_refuses_is_of_the_one_item(scene: Scene, token: Any) -> None:
    sign = token.sign

    async def fail_rsa(order: Any, requester: Any) -> bytes:
        if order.algorithm.startswith("RSA"):
            raise SignetError(Reason.TOKEN_FAILED, "It failed.")
        return bytes(await sign(order, requester))

    token.sign = fail_rsa
    outcomes = await scene.desk.sign_many([request("rsa_2048"), request()], ASKER)
    assert reasons(outcomes) == ["TOKEN_FAILED", "OK"]
    failed = scene.ledger.events[0]
    assert (failed.allowed, failed.result, failed.token) == (True, "TOKEN_FAILED", "")


async def test_a_change_of_policy_meanwhile_is_looked_at_again_without_signing_again(
    scene: Scene, token: Any
) -> None:
    scene.ledger.least = 3
    outcomes = await scene.desk.sign_many([request(), request("rsa_2048")], ASKER)
    assert reasons(outcomes) == ["OK", "OK"]
    assert len(token.orders) == 2


async def test_what_is_not_allowed_any_more_is_not_released(scene: Scene) -> None:
    scene.ledger.least = 2
    scene.gate.then = lambda: scene.keys.change("sm2", state=KeyState.DISABLED)
    outcomes = await scene.desk.sign_many([request(), request("rsa_2048")], ASKER)
    assert reasons(outcomes) == ["KEY_STATE_WRONG", "OK"]
    events = {event.resource: event for event in scene.ledger.events}
    assert not events["keys/sm2"].allowed
    assert events["keys/sm2"].signature_digest == ""


async def test_a_pair_that_was_replaced_before_the_request_came_does_not_sign(
    scene: Scene, token: Any
) -> None:
    scene.ledger.least = 2
    replaced = datetime.now(UTC) - timedelta(milliseconds=1)
    scene.gate.then = lambda: scene.keys.change("sm2", version=2, create_time=replaced)
    (outcome,) = await scene.desk.sign_many([request()], ASKER)
    assert isinstance(outcome, Released)
    assert (outcome.signed.key.version, len(token.orders)) == (2, 2)
    assert [event.key_version for event in scene.ledger.events] == [2]


async def test_a_pair_that_is_replaced_meanwhile_has_signed(scene: Scene, token: Any) -> None:
    scene.ledger.least = 2
    later = datetime.now(UTC) + timedelta(days=1)
    scene.gate.then = lambda: scene.keys.change("sm2", version=2, create_time=later)
    (outcome,) = await scene.desk.sign_many([request(version=1)], ASKER)
    assert isinstance(outcome, Released)
    assert (outcome.signed.key.version, len(token.orders)) == (1, 1)
    assert [event.key_version for event in scene.ledger.events] == [1]


async def test_a_policy_that_never_rests_is_told(scene: Scene) -> None:
    scene.ledger.least = 100
    outcomes = await scene.desk.sign_many([request(), request()], ASKER)
    assert reasons(outcomes) == ["POLICY_CHANGED", "POLICY_CHANGED"]
    assert [event.signature_digest for event in scene.ledger.events] == ["", ""]


async def test_a_policy_that_cannot_be_read_releases_nothing(scene: Scene) -> None:
    def fail() -> None:
        raise SignetError(Reason.INTERNAL, "The disk is gone.")

    scene.ledger.least = 2
    scene.gate.then = fail
    assert reasons(await scene.desk.sign_many([request()], ASKER)) == ["INTERNAL"]
    assert [event.signature_digest for event in scene.ledger.events] == [""]


async def test_an_error_that_nobody_foresaw_is_of_the_one_item(scene: Scene) -> None:
    signing = scene.gate.signing

    def stumble(asker: Any, key_id: str, *rest: Any, **named: Any) -> tuple[Any, Decision]:
        if key_id == "rsa_2048":
            raise ZeroDivisionError
        return signing(asker, key_id, *rest, **named)

    scene.gate.signing = stumble  # type: ignore[method-assign]
    outcomes = await scene.desk.sign_many([request("rsa_2048"), request()], ASKER)
    assert reasons(outcomes) == ["unforeseen", "OK"]
    assert [event.result for event in scene.ledger.events] == ["INTERNAL", "OK"]


async def test_an_engine_that_breaks_releases_nothing(scene: Scene, token: Any) -> None:
    async def stumble(*_: object) -> bytes:
        raise ZeroDivisionError

    token.sign = stumble
    assert reasons(await scene.desk.sign_many([request()] * 2, ASKER)) == ["unforeseen"] * 2
    assert {event.result for event in scene.ledger.events} == {"INTERNAL"}


async def test_an_audit_that_cannot_be_written_releases_nothing(scene: Scene) -> None:
    unavailable = SignetError(Reason.AUDIT_UNAVAILABLE, "The disk is full.")

    async def fail(entries: Any) -> Any:
        raise unavailable

    scene.ledger.write_many = fail  # type: ignore[method-assign]
    with pytest.raises(SignetError) as error:
        await scene.desk.sign_many([request(), request()], ASKER)
    assert error.value is unavailable


async def test_requests_that_are_given_up_are_recorded_each(scene: Scene, token: Any) -> None:
    begun = asyncio.Event()

    async def hang(*_: object) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return b""

    token.sign = hang
    asked = asyncio.create_task(scene.desk.sign_many([request(), request()], ASKER))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await scene.desk.drain()
    assert [event.result for event in scene.ledger.events] == ["CANCELLED"] * 2
    assert {event.signature_digest for event in scene.ledger.events} == {""}


async def test_a_change_of_the_key_counts_at_once(scene: Scene) -> None:
    """What was worked out for the key as it was is not used for the key as it is."""
    assert reasons(await scene.desk.sign_many([request()], ASKER)) == ["OK"]
    allowed = scene.keys.get("rsa_2048").policy
    policy = msgspec.structs.replace(allowed, approval=ApprovalRule(count=1))
    scene.keys.change("sm2", policy=policy)
    assert reasons(await scene.desk.sign_many([request()], ASKER)) == ["APPROVAL_NEEDED"]
