"""What the ways to sign are worth, in the shortest form: that it measures, not how much."""

from pathlib import Path

import pytest

from benchmarks import client_cost
from benchmarks.client_cost import Row, Way


@pytest.mark.timeout(240)
def test_every_way_is_measured(tmp_path: Path) -> None:
    rows = client_cost.run(tmp_path, rounds=1, seconds=0.3)
    assert [row.way for row in rows] == [*client_cost.WAYS]
    for row in rows:
        (rate,), (client,) = row.rates, row.client
        assert rate > 10, row
        assert 0 < client < 0.1, row
        assert client_cost.cells(row, rows)["sign"] == row.way.how


def test_ratios_are_to_single_calls_alone_in_the_same_round() -> None:
    alone = Row(Way("aio", "alone", 16), [100.0, 200.0], [0.1, 0.1], [0.1, 0.1])
    shared = Row(Way("aio", "shared", 16), [140.0, 300.0], [0.1, 0.1], [0.1, 0.1])
    many = Row(Way("aio", "sign_many"), [500.0, 500.0], [0.1, 0.1], [0.1, 0.1])
    rows = [alone, shared, many]
    assert client_cost.ratios(shared, rows) == [1.4, 1.5]
    assert client_cost.ratios(many, rows) == [5.0, 2.5]
    assert client_cost.problems(rows) == ["aio, 16 tasks: sharing is worth 1.45 times, not 1.5"]
    shared.rates[0] = 160.0
    assert client_cost.problems(rows) == []
