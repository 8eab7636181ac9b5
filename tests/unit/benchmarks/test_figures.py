"""Medians and ratios: of each round, not of the medians; and what tables say of them."""

from dataclasses import replace

import pytest

from benchmarks.bench import figures
from benchmarks.bench.instant import Own
from benchmarks.bench.loads import Load
from benchmarks.bench.rounds import failures
from benchmarks.bench.starting import Start
from benchmarks.bench.usage import Memory, Usage
from tests.unit.benchmarks.bench_samples import UNARY, case, sample


def test_ratios_are_those_of_each_round() -> None:
    row = figures.of_case(case())
    assert row["token_rate"] == 1000.0
    assert row["reference_to_token"] == 0.5
    assert row["signetd_to_token"] == 0.25
    assert row["signetd_to_reference"] == 0.5
    assert row["signetd_to_reference_range"] == [0.25, 0.5]


def test_a_missing_round_is_an_error_and_no_shorter_list() -> None:
    with pytest.raises(ValueError, match="shorter"):
        figures.ratios([1.0, 2.0], [1.0])


def test_without_reference_its_columns_are_empty() -> None:
    alone = case()
    alone.reference.clear()
    row = figures.of_case(alone)
    assert row["signetd_to_token"] == 0.25
    assert row["reference_to_token"] is None
    cells = figures.case_cells(row)
    assert (cells["refserver"], cells["signetd : refserver"]) == ("–", "–")


def test_processor_time_is_for_each_signature_not_for_each_request() -> None:
    batches = sample(5000.0, answered=100, size=10)
    assert batches.server_each == pytest.approx(0.0005)
    assert batches.workers_each == pytest.approx(0.0002)
    assert sample(0.0, answered=0).server_each == 0.5, "nothing was made: no division by zero"


def test_cells_are_in_the_units_of_their_heads() -> None:
    cells = figures.case_cells(figures.of_case(case()))
    assert cells["p50 (ms)"] == "1.00"
    assert cells["p99 (ms)"] == "4.00"
    assert cells["daemon CPU (µs each)"] == "5,000"
    assert cells["signetd : refserver"] == "0.50 (0.25–0.50)"


def test_added_latency_is_beyond_the_tokens_own_time_and_for_single_requests_only() -> None:
    assert figures.added_latency(case()) is None, "16 in flight wait for each other"
    alone = replace(case(workers=2), load=Load("unary", 1))
    # Two processes made 1000 together, each of them one in 2 ms; the request took 1 ms.
    assert figures.added_latency(alone) == pytest.approx(-0.001)
    row = figures.of_case(alone)
    assert figures.case_cells(row)["added (ms)"] == "-1.00"
    assert figures.case_cells(figures.of_case(case()))["added (ms)"] == "–"


def test_own_cost() -> None:
    own = Own(Load("batch", 4, 100), [sample(7000.0, size=100), sample(9000.0, size=100)])
    row = figures.of_own(own)
    assert row["load"] == "batch 4 × 100"
    assert row["rate"] == 8000.0
    assert figures.own_cells(row)["daemon CPU (µs each)"] == "50"


def test_the_daemons_part_of_a_start_is_reckoned_in_each_round() -> None:
    memory = Memory(80.0, (40.0, 44.0))
    start = Start(500, [2.0, 3.0, 9.0], [2.1, 3.1, 9.1], [1.5, 1.0, 8.0], [0.2] * 3)
    start.used, start.memory = [Usage(0.9, 0.6)] * 3, [memory] * 3
    row = figures.of_start(start)
    assert row["besides_token"] == 1.0
    assert (row["daemon_cpu"], row["workers_cpu"]) == (0.9, 0.6)
    assert (row["daemon_mebibytes"], row["worker_mebibytes"]) == (80.0, 44.0)
    cells = {each["what"]: each["measured"] for each in figures.start_cells(row)}
    assert cells["ready, with 500 keys"] == "3.00 s"
    assert cells["`signetctl --help`"] == "200 ms"


def test_failed_requests_are_told_with_the_row_and_the_server() -> None:
    bad = case(workers=2)
    bad.signetd.append(sample(1.0, failed=3))
    assert failures(bad) == [f"SM2, {UNARY.shown}, unix, 2 workers: 3 requests to signetd failed"]
    assert failures(case()) == []
