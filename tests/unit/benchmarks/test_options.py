"""The command line of the bench, and what is measured by it."""

import re
from pathlib import Path

import pytest

from benchmarks.bench.options import KEYS, QUICK, read


def test_everything_is_measured_where_nothing_is_said() -> None:
    options = read([])
    names = [algorithm.name for algorithm in options.plan.algorithms]
    assert names == ["SM2", "RSA-2048", "P-256", "Ed25519"]
    shown = [load.shown for load in options.plan.loads]
    assert shown == [
        *("unary 1", "unary 16", "unary 64", "batch 4 × 10", "batch 4 × 100"),
        *("stream 1 × 16", "stream 4 × 16", "stream 1 × 100 gathered"),
    ]
    assert options.plan.verification == [True, False]
    assert (options.plan.transports, options.plan.workers) == (("unix", "mtls"), (1, 2))
    assert options.instant
    assert options.keys == KEYS == 500
    assert len(options.plan.cases()) == 4 * 8 * (2 + 1) * 2, (
        "without verification over the socket alone"
    )


def test_parts_are_chosen() -> None:
    options = read(
        [
            *("--what", "batch", "--algorithms", "sm2, P-256", "--transports", "mtls"),
            *("--workers", "2", "--seconds", "0.5", "--rounds", "3", "--verification", "off"),
        ]
    )
    assert [load.shown for load in options.plan.loads] == ["batch 4 × 10", "batch 4 × 100"]
    assert [algorithm.name for algorithm in options.plan.algorithms] == ["SM2", "P-256"]
    assert (options.plan.transports, options.plan.workers) == (("mtls",), (2,))
    assert (options.plan.seconds, options.plan.rounds) == (0.5, 3)
    assert options.plan.verification == [False]
    assert not options.instant
    assert options.keys == 0, "no start is measured"
    assert options.command == (
        "make bench WHAT=batch ALGORITHMS=sm2,P-256 TRANSPORTS=mtls WORKERS=2 "
        "VERIFICATION=off SECONDS_=0.5 ROUNDS=3"
    )


def test_quick_mode_is_a_part_and_gives_way_to_what_is_said() -> None:
    options = read(["--quick", "--seconds", "0.2"])
    assert options.plan.seconds == 0.2
    assert options.plan.rounds == QUICK.rounds
    assert len(options.plan.cases()) == 2 * 5
    assert options.plan.verification == [True]
    assert options.keys == KEYS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--what", "streams"], "what: streams; choose from unary, batch, stream, instant, start"),
        (["--what", ","], "what: nothing; choose from"),
        (["--algorithms", "DSA"], "algorithms: DSA; choose from SM2"),
        (["--transports", "tcp"], "transports: tcp; choose from unix, mtls"),
        (["--verification", "yes"], "verification: yes; choose from on, off"),
        (["--workers", "0"], "workers: 0; give whole numbers from 1 to 64"),
        (["--workers", "1,two"], "workers: 1,two; give whole numbers"),
        (["--rounds", "0"], "rounds: 0; give a number over 0"),
        (["--seconds", "-1"], "seconds: -1.0; give a number over 0"),
        (["--refserver", "/nowhere/ref"], "refserver: there is no program /nowhere/ref"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        read(arguments)


def test_programs_are_shown_by_their_names_alone(tmp_path: Path) -> None:
    program = tmp_path / "ref"
    program.touch()
    options = read(["--refserver", str(program)])
    assert options.refserver == program.resolve()
    assert options.command == "make bench REFSERVER=ref"
