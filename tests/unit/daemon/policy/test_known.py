"""A decision is remembered for as long as nothing that it rests on has changed."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.daemon.policy import gate as gates
from signetd.daemon.policy.evaluate import Decision, decide
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.known import MAX_KNOWN, KnownDecisions
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import Asker, Role
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester
from tests.unit.daemon.policy.values import KEY, NOW, grant, identity

ASKER = Asker(
    identity="app",
    roles=frozenset({Role.SIGNER}),
    request_id="r",
    requester=Requester(client="app"),
)


class Book:
    """A policy that a test changes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    async def refresh(self) -> None:
        """Nothing has changed."""


class Keys:
    """One key, which a test changes."""

    def __init__(self) -> None:
        self.key = KEY

    def get(self, key_id: str) -> RegisteredKey:
        if key_id != self.key.id:
            raise SignetError(Reason.KEY_NOT_FOUND, "There is no such key.")
        return self.key


class Scene:
    """A gate that counts how often it decides."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *grants: Any) -> None:
        self.moment: datetime = NOW
        self.book = Book(Snapshot(version=1, identities=[identity()], grants=grants))
        self.keys = Keys()
        self.gate = Gate(self.book, self.keys, lambda: self.moment)
        self.decided = 0

        def counted(*arguments: Any) -> Decision:
            self.decided += 1
            return decide(*arguments)

        monkeypatch.setattr(gates, "decide", counted)

    def ask(self, key_id: str = "seal") -> tuple[RegisteredKey, Decision]:
        return self.gate.signing(ASKER, key_id, None, digest_given=True)

    def change(self, *grants: Any) -> None:
        before = self.book.snapshot
        self.book.snapshot = Snapshot(
            version=before.version + 1, identities=[identity()], grants=grants
        )


def test_what_asks_for_the_same_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, grant())
    assert scene.ask() == scene.ask()
    assert scene.decided == 1


def test_another_policy_is_decided_by_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, grant())
    scene.ask()
    scene.change()
    with pytest.raises(SignetError) as error:
        scene.ask()
    assert error.value.reason is Reason.PERMISSION_DENIED
    scene.change(grant())
    assert scene.ask()[1].version == 3


def test_a_key_that_was_changed_is_looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, grant())
    scene.ask()
    scene.keys.key = msgspec.structs.replace(KEY, state=KeyState.DISABLED)
    assert scene.ask()[0].state is KeyState.DISABLED
    scene.keys.key = msgspec.structs.replace(KEY, id="other")
    with pytest.raises(SignetError) as error:
        scene.ask()
    assert error.value.reason is Reason.KEY_NOT_FOUND


@pytest.mark.parametrize("condition", ["not_before", "not_after"])
def test_what_depends_on_the_time_is_never_remembered(
    monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    end = NOW + timedelta(seconds=1)
    conditions: dict[str, Any] = {condition: end}
    scene = Scene(monkeypatch, grant(**conditions))
    early, late = (True, False) if condition == "not_after" else (False, True)
    for moment, allowed in ((NOW, early), (NOW, early), (end, late), (NOW, early)):
        scene.moment = moment
        if allowed:
            scene.ask()
        else:
            with pytest.raises(SignetError):
                scene.ask()
    assert scene.decided == 4


def test_a_credential_that_does_not_count_any_more_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(monkeypatch, grant())
    asker = msgspec.structs.replace(ASKER, credential=identity().credential)
    scene.gate.signing(asker, "seal", None, digest_given=True)
    scene.book.snapshot = Snapshot(
        version=2, identities=[identity(disabled=True)], grants=[grant()]
    )
    with pytest.raises(SignetError, match="disabled"):
        scene.gate.signing(asker, "seal", None, digest_given=True)


def test_no_more_are_kept_than_may_be() -> None:
    known, snapshot = KnownDecisions(), Snapshot(version=1)
    decision = Decision(allowed=True, version=1)
    for number in range(MAX_KNOWN + 1):
        asked = ("app", f"k{number}", None, True)
        assert known.get(snapshot, asked) is None
        known.keep(asked, (KEY, decision))
    assert known.get(snapshot, ("app", "k0", None, True)) is None
    assert known.get(snapshot, ("app", f"k{MAX_KNOWN}", None, True)) == (KEY, decision)
