"""From a request to a signature that may leave: what the record says of those that do not."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Effect, Entry, Event, Outcome, Written
from signetd.daemon.keys import KeyState
from signetd.daemon.policy.evaluate import Decision, Option
from signetd.daemon.policy.types import ApprovalRule, Asker, Role
from signetd.daemon.signing import SigningDesk, SignInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester

ASKER = Asker(
    identity="app",
    roles=frozenset({Role.SIGNER}),
    request_id="r",
    requester=Requester(client="app"),
)
REQUEST = SignInput(key="sm2", digest=bytes(32), approval="approvals/a1")
CHANGED = SignetError(Reason.POLICY_CHANGED, "The policy was changed.")


class Gate:
    """Allows everything until it is refreshed, which does *then*."""

    def __init__(self, keys: Any) -> None:
        self.keys = keys
        self.version = 1
        self.then: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def refresh(self) -> None:
        self.version += 1
        self.then()

    def signing(
        self, asker: Asker, key_id: str, algorithm: Any, *, digest_given: bool
    ) -> tuple[Any, Decision]:
        options = (Option(grant_id="g1"),)
        return self.keys.get(key_id), Decision(
            allowed=True, version=self.version, alternatives=options
        )


class Approvals:
    """Everything is approved, until `failure` is set."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.taken: Exception | None = None  # why an approval cannot be kept for a request
        self.since: list[datetime | None] = []

    @contextmanager
    def reserve(self, approval: str, user: str) -> Iterator[None]:
        if self.taken is not None:
            raise self.taken
        yield

    async def effects_for_sign(
        self,
        approval: str,
        subject: Subject,
        user: str,
        wanted: Iterable[ApprovalRule],
        *,
        since: datetime | None = None,
    ) -> tuple[Effect, ...]:
        self.since.append(since)
        if self.failure is not None:
            raise self.failure
        return ()


class Ledger:
    """Keeps what is written; what was decided by a version before *least* is refused."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.least = 0

    def check(self) -> None:
        """Nothing is wrong."""

    async def write(self, entry: Entry) -> Written:
        if 0 < entry.policy_version < self.least:
            raise CHANGED
        self.events.append(entry.event)
        return Written(number=len(self.events), time=datetime.now(UTC))

    async def write_many(self, entries: Sequence[Entry]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for entry in entries:
            try:
                outcomes.append(await self.write(entry))
            except SignetError as error:
                outcomes.append(error)
        return outcomes


class Scene:
    """The desk and what is around it."""

    def __init__(self, engine: Any, keys: Any) -> None:
        self.keys = keys
        self.gate, self.approvals, self.ledger = Gate(keys), Approvals(), Ledger()
        gate: Any = self.gate
        self.desk = SigningDesk(engine._engine, gate, self.approvals, self.ledger)

    async def refused(self) -> Event:
        """Sign in vain; return the only record."""
        with pytest.raises((SignetError, ZeroDivisionError)):
            await self.desk.sign(REQUEST, ASKER)
        (event,) = self.ledger.events
        assert event.signature_digest == "", "no signature was released"
        return event


@pytest.fixture
def scene(engine: Any, keys: Any) -> Scene:
    return Scene(engine, keys)


async def test_a_signature_is_written_down_before_it_is_released(scene: Scene) -> None:
    released = await scene.desk.sign(REQUEST, ASKER)
    (event,) = scene.ledger.events
    assert (event.allowed, event.result, released.number) == (True, "OK", 1)
    assert (event.approval, len(event.signature_digest)) == ("approvals/a1", 64)


async def test_a_change_of_policy_meanwhile_is_looked_at_again(scene: Scene) -> None:
    scene.ledger.least = 3
    await scene.desk.sign(REQUEST, ASKER)
    assert [event.result for event in scene.ledger.events] == ["OK"]


async def test_an_approval_is_for_the_pair_that_has_signed(scene: Scene) -> None:
    """Also when another one has come in its place before the signature is written down."""
    before = scene.keys.get("sm2").create_time
    later = before + timedelta(days=1)
    scene.ledger.least = 2
    scene.gate.then = lambda: scene.keys.change("sm2", version=2, create_time=later)
    await scene.desk.sign(REQUEST, ASKER)
    assert scene.approvals.since == [before, before, before]
    scene.approvals.since.clear()
    await scene.desk.sign(REQUEST, ASKER)
    assert scene.approvals.since == [later, later]


async def test_a_pair_that_was_replaced_before_the_request_came_does_not_sign(
    scene: Scene,
) -> None:
    """Another daemon has done so, and this one learns of it when it writes the signature down."""
    scene.ledger.least = 2
    replaced = datetime.now(UTC) - timedelta(milliseconds=1)
    scene.gate.then = lambda: scene.keys.change("sm2", version=2, create_time=replaced)
    released = await scene.desk.sign(REQUEST, ASKER)
    assert released.signed.key.version == 2
    (event,) = scene.ledger.events
    assert (event.result, event.key_version) == ("OK", 2)
    assert scene.approvals.since[-1] == replaced


async def test_a_version_that_was_asked_for_and_replaced_before_is_refused(scene: Scene) -> None:
    scene.ledger.least = 2
    replaced = datetime.now(UTC) - timedelta(milliseconds=1)
    scene.gate.then = lambda: scene.keys.change("sm2", version=2, create_time=replaced)
    with pytest.raises(SignetError, match="hash the document anew"):
        await scene.desk.sign(msgspec.structs.replace(REQUEST, version=1), ASKER)
    (event,) = scene.ledger.events
    assert (event.result, event.signature_digest) == ("KEY_STATE_WRONG", "")


async def test_a_policy_that_never_rests_is_told(scene: Scene) -> None:
    scene.ledger.least = 100
    assert (await scene.refused()).result == "POLICY_CHANGED"


async def test_what_is_not_allowed_any_more_is_not_released(scene: Scene) -> None:
    scene.ledger.least = 2
    scene.gate.then = lambda: scene.keys.change("sm2", state=KeyState.DISABLED)
    event = await scene.refused()
    assert (event.allowed, event.result) == (False, "KEY_STATE_WRONG")


async def test_an_approval_that_does_not_count_any_more_releases_nothing(scene: Scene) -> None:
    def withdraw() -> None:
        scene.approvals.failure = SignetError(Reason.APPROVAL_INVALID, "Taken back.")

    scene.ledger.least = 2
    scene.gate.then = withdraw
    event = await scene.refused()
    assert (event.allowed, event.result) == (False, "APPROVAL_INVALID")


async def test_a_policy_that_cannot_be_read_releases_nothing(scene: Scene) -> None:
    def fail() -> None:
        raise SignetError(Reason.INTERNAL, "The disk is gone.")

    scene.ledger.least = 2
    scene.gate.then = fail
    assert (await scene.refused()).result == "INTERNAL"


async def test_an_error_that_nobody_foresaw_is_written_down_too(scene: Scene) -> None:
    scene.approvals.failure = ZeroDivisionError()
    assert (await scene.refused()).result == "INTERNAL"


async def test_what_the_token_refuses_was_allowed(scene: Scene, token: Any) -> None:
    token.failure = SignetError(Reason.TOKEN_FAILED, "It failed.")
    event = await scene.refused()
    assert (event.allowed, event.result) == (True, "TOKEN_FAILED")


async def test_a_request_that_is_given_up_is_recorded(scene: Scene, token: Any) -> None:
    """Its caller has gone, or its deadline has passed, while the token was at work."""
    begun = asyncio.Event()

    async def hang(*_: object) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return b""

    token.sign = hang
    asked = asyncio.create_task(scene.desk.sign(REQUEST, ASKER))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await scene.desk.drain()
    (event,) = scene.ledger.events
    assert (event.result, event.signature_digest) == ("CANCELLED", "")


async def test_a_version_that_does_not_sign_is_refused(scene: Scene, token: Any) -> None:
    with pytest.raises(SignetError, match=r"version 2 of the key.*does not sign") as error:
        await scene.desk.sign(msgspec.structs.replace(REQUEST, version=2), ASKER)
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert token.orders == []
    (event,) = scene.ledger.events
    assert (event.result, event.signature_digest) == ("KEY_STATE_WRONG", "")
    assert (await scene.desk.sign(msgspec.structs.replace(REQUEST, version=1), ASKER)).number == 2


async def test_a_refusal_for_a_taken_approval_names_what_was_to_be_signed(scene: Scene) -> None:
    scene.approvals.taken = SignetError(Reason.APPROVAL_INVALID, "another request has it")
    event = await scene.refused()
    assert (event.result, event.allowed) == ("APPROVAL_INVALID", False)
    assert event.digest and event.algorithm, "an auditor must see what was asked for"
