"""Versions in any order of replacing, destroying, disabling, with failures in between: a model."""

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signetd.daemon.keys import KeyManager, KeyState, versions
from signetd.drivers.errors import SignetError
from signetd.drivers.types import KeyType
from tests.unit.daemon.keys.conftest import FakeToken, MemoryStore


class Versions(RuleBasedStateMachine):
    """What is signed is written down as the public key of that moment; each must be found again."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store, self.token = MemoryStore(), self.loop.run_until_complete(_token())
        self.signed: list[tuple[int, bytes]] = []
        self.state, self.version = KeyState.ENABLED, 1
        self.destroyed: set[int] = set()
        self.start()
        self.run(self.keys.generate("a", "hsm1", KeyType.SM2, None))

    def start(self) -> None:
        self.keys = KeyManager(self.store, {"hsm1": self.token})
        self.run(self.keys.load())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.loop.close()

    @rule()
    def restart(self) -> None:
        self.start()

    @rule()
    def sign(self) -> None:
        key = self.keys.get("a")
        if key.state is KeyState.ENABLED:
            self.signed.append((key.version, key.spki))

    @precondition(lambda self: self.version < 8)
    @rule(fails=st.booleans())
    def replace(self, fails: bool) -> None:
        self.store.failure = OSError("full") if fails else None
        try:
            self.run(self.keys.replace("a"))
            assert self.state is not KeyState.DESTROYED
            self.version += 1
        except OSError:
            assert fails
        except SignetError:
            assert self.state is KeyState.DESTROYED
        self.store.failure = None

    @rule(on=st.booleans())
    def switch(self, on: bool) -> None:
        try:
            self.run(self.keys.enable("a") if on else self.keys.disable("a"))
            assert self.state is not KeyState.DESTROYED
            self.state = KeyState.ENABLED if on else KeyState.DISABLED
        except SignetError:
            assert self.state is KeyState.DESTROYED

    @rule(version=st.integers(1, 8), lies=st.booleans())
    def destroy_version(self, version: int, lies: bool) -> None:
        self.token.lies = lies
        possible = version < self.version and version not in self.destroyed
        try:
            self.run(self.keys.destroy("a", version))
            assert possible
            assert not lies
            self.destroyed.add(version)
        except SignetError:
            assert lies or not possible
        self.token.lies = False

    @precondition(lambda self: len(self.signed) > 3)
    @rule()
    def destroy(self) -> None:
        possible = self.state is KeyState.DISABLED
        try:
            self.run(self.keys.destroy("a"))
            assert possible
            self.state = KeyState.DESTROYED
            self.destroyed |= set(range(1, self.version + 1))
        except SignetError:
            assert not possible

    @invariant()
    def one_signs_and_all_verify(self) -> None:
        key = self.keys.get("a")
        assert key == self.store.kept["a"]
        assert (key.state, key.version) == (self.state, self.version)
        assert [each.version for each in versions.every(key)] == [*range(self.version, 0, -1)]
        for version, spki in self.signed:
            assert versions.at(key, version).spki == spki, "a signature is verified no more"
        assert {each.version for each in key.older if each.destroyed} == {
            each for each in self.destroyed if each != self.version
        }

    @invariant()
    def the_token_holds_what_is_not_destroyed_and_nothing_else(self) -> None:
        key = self.keys.get("a")
        left = {v.ref for v in versions.every(key) if v.version not in self.destroyed}
        assert {pair.ref for pair in self.token.pairs} == left


async def _token() -> FakeToken:
    return FakeToken()


Versions.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestVersions = Versions.TestCase
