"""The changes of the fuzzer: well-formed frames around what is wrong inside; and a short run."""

import tracemalloc
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from signetd.seal import SealError, parse_seal, parse_stamp
from tests.fuzz import replay, seeds
from tests.fuzz.mutate import mutated, parsed
from tests.unit.seal import shapes

PARSERS: dict[str, Callable[[bytes], Any]] = {"seal": parse_seal, "stamp": parse_stamp}
KIND = pytest.mark.parametrize("kind", PARSERS)


@KIND
def test_seeds_are_read(kind: str) -> None:
    found = seeds.of(kind)
    assert len(found) >= 5
    for data in found:
        assert PARSERS[kind](data).der == data


@KIND
def test_trees_give_back_their_bytes(kind: str) -> None:
    for data in seeds.of(kind):
        trees = parsed(data)
        assert trees is None or b"".join(each.encoded() for each in trees) == data


def test_what_is_no_der_is_left_to_the_fuzzer() -> None:
    for data in (b"", b"\x30", b"\x30\x05a", b"\x04\xff"):
        assert mutated(data, Random(1)) is None


@KIND
def test_frames_fit_again_and_fields_are_reached(kind: str) -> None:
    """Some are read, most are refused, and those in many different fields."""
    chance = Random(38540)
    places: set[str] = set()
    read = 0
    for _ in range(4000):
        data = mutated(chance.choice(seeds.of(kind)[:5]), chance)
        assert data is not None
        try:
            PARSERS[kind](data)
            read += 1
        except SealError as error:
            places.add(error.place)
    assert 100 < read < 3900, f"{read} of 4000 were read"
    assert len(places) > 25, f"only these fields were refused: {sorted(places)}"


def test_repeating_what_is_large_takes_no_memory() -> None:
    """Elements repeated in repeated elements once took a gigabyte, which was the fuzzer's own."""
    large = shapes.seq(shapes.seq(shapes.octets(bytes(40_000))))
    tracemalloc.start()
    for seed in range(300):
        mutated(large, Random(seed))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 2**20, f"{peak} bytes at the most"


def test_replays_measure_memory() -> None:
    found = replay.replayed("seal", [shapes.seal(), b"\x30"], 2000)
    assert found["first"] > 1
    assert found["last"] - found["first"] < 5
