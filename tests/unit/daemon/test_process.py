"""What the daemon asks of the system for its own process."""

import resource

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
