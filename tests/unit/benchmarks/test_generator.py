"""The load generators: their command line, their line of output, and the arithmetic in ours."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.bench import caller
from benchmarks.bench.generator import Address, Generator, read
from benchmarks.bench.requests import Request
from benchmarks.bench.tally import Tally

LINE = "1234 sig/s  p50=801us p90=950us p99=2103us max=3001us  ok=2468 failed=7\n"


def test_line_is_read() -> None:
    seen = read(LINE)
    assert (seen.rate, seen.p50, seen.p99) == (1234.0, 801e-6, 2103e-6)
    assert (seen.answered, seen.failed) == (2468, 7)


@pytest.mark.parametrize("line", ["", "0 sig/s: every request failed\n", LINE + LINE])
def test_other_output_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        read(line)


def test_our_line_is_of_all_processes_together() -> None:
    fast = Tally(2.0, [0.001] * 100, Counter())
    slow = Tally(2.0, [0.003] * 100, Counter({"UNAVAILABLE: gone": 2}))
    seen = read(caller.line([fast, slow], 10))
    assert seen.rate == 1000.0, "two processes with 50 requests/s each, 10 signatures in each"
    assert (seen.p50, seen.p99) == (0.001, 0.003)
    assert (seen.answered, seen.failed) == (200, 2)


def test_our_line_says_when_nothing_was_answered() -> None:
    nothing = Tally(1.0, [], Counter({"UNAVAILABLE: gone": 3}))
    assert caller.line([nothing], 1) == "0 sig/s: every request failed"


@pytest.mark.parametrize("text", ["1.5", "2m", "s"])
def test_a_duration_is_in_seconds(text: str) -> None:
    assert caller.seconds("1.5s") == 1.5
    with pytest.raises(ValueError, match=r"seconds|float"):
        caller.seconds(text)


@pytest.mark.parametrize("certificates", [None, Path("tls")])
def test_our_generator_takes_the_options_that_are_given(certificates: Path | None) -> None:
    address = Address("localhost:7443" if certificates else "unix:/run/x", certificates)
    request = Request("/pkg.Service/Method", b"", 100)
    options = Generator.options(address, request, Path("body"), 1, 0.25)
    read_ = caller.parser().parse_args(options)
    assert (read_.addr, read_.method, read_.weight) == (address.where, request.method, 100)
    assert (read_.conc, read_.conns, read_.duration, read_.warmup) == (1, 1, 0.25, 0.0)
    assert read_.ca == (certificates and certificates / "ca.pem")
    assert read_.server_name == ("localhost" if certificates else "")
