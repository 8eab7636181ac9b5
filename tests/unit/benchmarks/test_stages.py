"""The stages of a signature, and the parts of a profile."""

import asyncio
import cProfile
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.stages import parts, spans
from benchmarks.stages.hooks import around
from benchmarks.stages.parts import Times
from benchmarks.stages.spans import STAGES, Recorder

CLIENT = (0.0, 100.0)
DAEMON = {
    "call": [(10.0, 90.0)],
    "gate": [(11.0, 13.0), (21.0, 24.0)],
    "read": [(14.0, 17.0)],
    "desk": [(20.0, 85.0)],
    "pool": [(26.0, 60.0)],
    "ledger": [(61.0, 80.0)],
}
WORKER = {"answer": [(30.0, 50.0)], "token": [(32.0, 40.0)], "verification": [(41.0, 48.0)]}
EXPECTED = {
    "grpc": 20.0,
    "grpc: read": 3.0,
    "dispatch": 5.0,
    "gate": 5.0,
    "desk": 9.0,
    "frame to worker": 4.0,
    "worker": 5.0,
    "worker: token": 8.0,
    "worker: verification": 7.0,
    "frame back": 10.0,
    "ledger": 19.0,
    "reply": 5.0,
}


def test_stages_add_up_to_what_the_client_waits() -> None:
    found = spans.split(CLIENT, DAEMON, WORKER)
    assert found == EXPECTED
    assert set(found) == set(STAGES)
    assert sum(found.values()) == spans.length(CLIENT)


def test_a_request_that_did_not_reach_the_token_is_no_signature() -> None:
    with pytest.raises(KeyError, match="pool"):
        spans.split(CLIENT, {**{k: v for k, v in DAEMON.items() if k != "pool"}}, WORKER)


def test_medians_are_of_each_stage() -> None:
    others = [{stage: value * factor for stage, value in EXPECTED.items()} for factor in (1, 2, 9)]
    assert spans.medians(others)["ledger"] == 38.0


async def test_clocks_note_functions_and_coroutines_by_request(tmp_path: Path) -> None:
    class Called:
        async def call(self, value: int) -> int:
            await asyncio.sleep(0.01)
            return self.inner(value)

        def inner(self, value: int) -> int:
            if value < 0:
                raise ValueError("value")
            return value + 1

    recorder = Recorder()
    around(Called, "call", "call", recorder, begins=True)
    around(Called, "inner", "inner", recorder)
    assert Called().inner(1) == 2, "before the first request: not noted"
    assert await Called().call(1) == 2
    with pytest.raises(ValueError, match="value"):
        await Called().call(-1)
    recorder.write(tmp_path / "spans")
    records = json.loads((tmp_path / "spans").read_text())
    assert [sorted(record) for record in records] == [["call", "inner"]] * 2
    for record in records:
        (call,), (inner,) = record["call"], record["inner"]
        assert call[0] <= inner[0] <= inner[1] <= call[1]
        assert spans.length(call) >= 0.01


def test_a_clock_for_what_is_not_there_is_an_error() -> None:
    with pytest.raises(AttributeError):
        around(SimpleNamespace(), "sign", "desk", Recorder())


DESK = ("/x/signetd/daemon/signing/desk.py", 1, "sign")
OTHER = ("/x/somewhere/else.py", 2, "f")
BUILT_IN = ("~", 0, "<built-in method len>")


def test_what_is_built_in_belongs_to_its_callers() -> None:
    profile = {
        DESK: Times(1.0, {}),
        OTHER: Times(2.0, {}),
        BUILT_IN: Times(6.0, {DESK: 4.0, OTHER: 1.5}),
    }
    assert parts.by_part(profile) == {"desk": 5.0, "others": 3.5, "built-in functions": 0.5}
    assert parts.longest(profile, 2) == [(BUILT_IN[2], 6.0), ("somewhere/else.py:2 f", 2.0)]


def test_a_profile_is_read_with_callers(tmp_path: Path) -> None:
    def work() -> int:
        return sum(len(str(number)) for number in range(2000))

    profile = cProfile.Profile()
    profile.runcall(work)
    profile.dump_stats(tmp_path / "profile")
    found = parts.read(tmp_path / "profile")
    (length,) = [times for (file, _, name), times in found.items() if name.endswith("len>")]
    assert length.own > 0
    assert sum(length.by_caller.values()) == pytest.approx(length.own)
