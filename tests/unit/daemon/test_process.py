"""What the daemon asks of the system for its own process."""

import resource
import subprocess
import sys

import pytest

from signetd.daemon.process import allow_files


@pytest.mark.parametrize(
    ("soft", "hard", "allowed", "asked"),
    [
        (1024, 4096, 2000, (2000, 4096)),
        (1024, 1500, 1500, (1500, 1500)),
        (1024, resource.RLIM_INFINITY, 2000, (2000, resource.RLIM_INFINITY)),
        (3000, 4096, 2000, None),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 2000, None),
    ],
)
def test_open_files_are_allowed_as_far_as_the_system_lets_us(
    soft: int,
    hard: int,
    allowed: int,
    asked: tuple[int, int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: set_to.append(limits))
    assert allow_files(2000) == allowed
    assert set_to == ([] if asked is None else [asked])


@pytest.mark.parametrize("fails", [False, True])
def test_garbage_is_collected_from_the_start_of_the_workers_on(fails: bool) -> None:
    """It rests before (see __main__). What has been loaded is not looked through any more."""
    code = f"""
import asyncio, gc
from types import SimpleNamespace
gc.disable()
from signetd.daemon import lifecycle

class Pool:
    async def start(self):
        await asyncio.sleep(0.2)
        assert gc.isenabled(), "not before the workers are there"
        if {fails}:
            raise OSError("no worker")

try:
    asyncio.run(lifecycle._start_tokens(SimpleNamespace(tokens={{"a": Pool(), "b": Pool()}})))
    assert not {fails}
except OSError:
    assert {fails}
assert gc.get_freeze_count() > 10_000
assert len(gc.get_objects()) < 5_000  # the frozen are not among them
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
