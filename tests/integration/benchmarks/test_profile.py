"""The profile of a signature's way on a real daemon, in its shortest form."""

import sys
from pathlib import Path

import pytest

from benchmarks import profile
from benchmarks.stages import parts, spans
from benchmarks.stages.spans import STAGES


@pytest.mark.timeout(240)
def test_stages_and_parts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--requests", "20", "--seconds", "0.3", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["profile", *arguments])
    profile.main()
    shown = capsys.readouterr().out
    for stage in (*STAGES, "a signature"):
        assert f"| {stage} " in shown, f"{stage} is missing:\n{shown}"
    for part in ("desk", "gate", "ledger", "frames to and from workers"):
        assert f"| {part} " in shown.partition("cProfile")[2], f"{part} is missing:\n{shown}"


@pytest.mark.timeout(240)
def test_each_stage_takes_time(tmp_path: Path) -> None:
    found = profile.stages(tmp_path, 30)
    assert len(found) == 30
    each = spans.medians(found)
    assert all(seconds > 0 for seconds in each.values()), each
    assert sum(each.values()) < 30


def test_parts_name_folders_that_are_there() -> None:
    """A part whose folder was renamed would silently be counted among the others."""
    root = Path(__file__).resolve().parents[3]
    ours = [piece for piece in parts.PARTS if piece.startswith("signetd/")]
    for piece in ours:
        there = [
            source
            for source in ("daemon", "drivers", "client", "softhsm")
            if [*root.glob(f"{source}/{piece}*")]
        ]
        assert there, f"{piece} of benchmarks/stages/parts.py is nowhere"
