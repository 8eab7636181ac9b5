"""The bench on real parts, in its shortest form: that it measures, not how much."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.bench import __main__ as bench
from benchmarks.bench import raw, tokens
from benchmarks.bench.algorithms import ALGORITHMS

ROOT = Path(__file__).resolve().parents[3]
P256 = next(algorithm for algorithm in ALGORITHMS if algorithm.name == "P-256")


def program(folder: Path, name: str, module: str) -> Path:
    """A module as a program of its own."""
    file = folder / name
    file.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m {module} "$@"\n')
    file.chmod(0o700)
    return file


def run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str
) -> tuple[dict[str, object], str]:
    """Run the command as from the shell; return the JSON, and what went into the document."""
    result, document = folder / "result.json", folder / "doc.md"
    document.write_text("before\n<!-- bench begin -->\n<!-- bench end -->\nafter\n")
    places = ("--json", str(result), "--markdown", str(document), "--folder", str(folder))
    monkeypatch.setattr(sys, "argv", ["bench", *arguments, *places])
    assert bench.main() == 0
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    return json.loads(result.read_text()), text


@pytest.mark.timeout(240)
def test_quick_mode_on_the_instant_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ("--quick", "--what", "instant", "--seconds", "0.2", "--rounds", "1")
    found, text = run(monkeypatch, tmp_path, *arguments)
    rows = found["instant"]
    assert isinstance(rows, list)
    assert [row["load"] for row in rows] == [
        *("unary 1", "unary 16", "batch 4 × 100"),
        *("stream 4 × 16", "stream 1 × 100 gathered"),
    ]
    for row in rows:
        assert row["rate"] > 10, row
        assert 0 < row["p50"] <= row["p99"] < 30, row
        assert f"{row['rate']:,.0f}" in text
    assert "signatures" not in found, "nothing else was asked for"
    assert not [*tmp_path.glob(".bench-*")], "nothing is left over"


@pytest.mark.timeout(240)
def test_token_reference_and_signetd_side_by_side(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reference = program(tmp_path, "ref", "tests.integration.benchmarks.reference")
    generator = program(tmp_path, "generator", "benchmarks.bench.caller")
    found, _ = run(
        *(monkeypatch, tmp_path, "--what", "batch", "--algorithms", "P-256", "--workers", "1"),
        *("--seconds", "0.2", "--rounds", "1", "--verification", "on"),
        *("--refserver", str(reference), "--loadgen", str(generator)),
    )
    rows = found["signatures"]
    assert isinstance(rows, list)
    assert [(row["load"], row["transport"]) for row in rows] == [
        *(("batch 4 × 10", "unix"), ("batch 4 × 10", "mtls")),
        *(("batch 4 × 100", "unix"), ("batch 4 × 100", "mtls")),
    ]
    for row in rows:
        assert row["token_rate"] > 100, row
        assert row["signetd_to_token"] > 0, row
        assert (row["reference_to_token"] is None) == (row["transport"] == "mtls"), row
        # Ticks are 10 ms: whether a single short round has any is a matter of luck.
        assert row["daemon_cpu_each"] >= 0
    assert found["generator"] == "generator"
    assert found["problems"] == []


@pytest.mark.timeout(240)
def test_streams_beside_the_reference_with_and_without_verification(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reference = program(tmp_path, "ref", "tests.integration.benchmarks.reference")
    found, text = run(
        *(monkeypatch, tmp_path, "--what", "stream", "--algorithms", "P-256", "--workers", "1"),
        *("--transports", "unix", "--seconds", "0.2", "--rounds", "1"),
        *("--verification", "on,off", "--refserver", str(reference)),
    )
    rows = found["signatures"]
    assert isinstance(rows, list)
    assert [(row["load"], row["verified"]) for row in rows] == [
        (load, verified)
        for load in ("stream 1 × 16", "stream 4 × 16", "stream 1 × 100 gathered")
        for verified in (True, False)
    ]
    for row in rows:
        assert row["rate"] > 10, row
        assert row["signetd_to_reference"] > 0, row
    assert len({row["reference_to_token"] for row in rows}) == 1, "single calls of one measurement"
    assert text.count("≥ 0.75") == 3, "those without verification have a target"
    assert found["problems"] == []


@pytest.mark.timeout(240)
def test_start_with_keys_and_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ("--what", "start", "--keys", "3", "--rounds", "1")
    found, text = run(monkeypatch, tmp_path, *arguments)
    row = found["start"]
    assert isinstance(row, dict)
    assert 0 < row["token"] < row["ready"] <= row["first_signature"] < 60
    assert row["besides_token"] == pytest.approx(row["ready"] - row["token"])
    assert 10 < row["worker_mebibytes"] < row["daemon_mebibytes"] < 1000
    assert "ready, with 3 keys" in text


def test_the_raw_loop_says_why_it_does_not_begin(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    loop = raw.RawLoop(tmp_path, tokens.make(tmp_path / "token"))
    with pytest.raises(RuntimeError, match="its message is above"):
        loop.rate(P256, 1, 0.1)
    assert "no private key is labelled p256" in capfd.readouterr().err


def test_the_raw_loop_counts_the_keys_of_a_token(tmp_path: Path) -> None:
    token = tokens.make(tmp_path / "token")
    count, seconds = raw.RawLoop(tmp_path, token).opening(token)
    assert count == 0
    assert 0 < seconds < 10


def test_what_is_wrong_on_the_command_line_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--what", "streams"])
    assert bench.main() == 2
    assert "bench: what: streams; choose from" in capsys.readouterr().err
