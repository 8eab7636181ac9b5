"""Whatever is changed in an export is found, at whatever position."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.audit.conftest import Export
from tests.unit.audit.exports import verify, words


def is_found(export: Export, data: bytes) -> bool:
    return not verify(data, trusted=[export.spki]).ok


def join(lines: list[bytes]) -> bytes:
    return b"\n".join([*lines, b""])


def test_what_nobody_has_changed_is_right(small: Export, large: Export) -> None:
    for export in (small, large):
        report = verify(export.data, trusted=[export.spki])
        assert report.ok, words(report)


@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_is_found(bit: int, small: Export) -> None:
    missed = []
    for position in range(len(small.data)):
        changed = bytearray(small.data)
        changed[position] ^= 1 << bit
        if not is_found(small, bytes(changed)):
            missed.append(position)
    assert not missed, f"bit {bit} of the bytes {missed} can be flipped without being found"


def test_every_flipped_bit_is_found_without_a_signature(unsigned: Export) -> None:
    missed = []
    for position in range(len(unsigned.data)):
        changed = bytearray(unsigned.data)
        changed[position] ^= 1 << (position % 8)
        if verify(bytes(changed), unsigned=True).ok:
            missed.append(position)
    assert not missed


def test_every_truncation_is_found(small: Export) -> None:
    missed = [size for size in range(len(small.data)) if not is_found(small, small.data[:size])]
    assert not missed, f"the file can be cut off after {missed} bytes without being found"


def test_every_line_that_is_missing_is_found(large: Export) -> None:
    for index in range(len(large.lines)):
        assert is_found(large, join(large.lines[:index] + large.lines[index + 1 :])), index


def test_every_line_that_is_doubled_is_found(large: Export) -> None:
    for index in range(len(large.lines)):
        assert is_found(large, join(large.lines[: index + 1] + large.lines[index:])), index


@given(data=st.data())
def test_lines_in_another_order_are_found(data: st.DataObject, large: Export) -> None:
    order = data.draw(st.permutations(range(len(large.lines))))
    assume(order != list(range(len(large.lines))))
    assert is_found(large, join([large.lines[index] for index in order]))


@given(data=st.data())
def test_two_lines_swapped_are_found(data: st.DataObject, large: Export) -> None:
    lines = list(large.lines)
    one, other = data.draw(
        st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True)
    )
    lines[one], lines[other] = lines[other], lines[one]
    assert is_found(large, join(lines))


@given(data=st.data(), inserted=st.binary(min_size=1, max_size=40))
def test_whatever_is_inserted_is_found(data: st.DataObject, inserted: bytes, large: Export) -> None:
    position = data.draw(st.integers(0, len(large.data)))
    assert is_found(large, large.data[:position] + inserted + large.data[position:])


@given(data=st.data())
def test_whatever_is_cut_out_is_found(data: st.DataObject, large: Export) -> None:
    start = data.draw(st.integers(0, len(large.data) - 1))
    end = data.draw(st.integers(start + 1, len(large.data)))
    assert is_found(large, large.data[:start] + large.data[end:])


@given(noise=st.binary(max_size=300))
def test_noise_is_never_right_and_never_crashes(noise: bytes) -> None:
    assert not verify(noise, unsigned=True).ok


@given(data=st.data(), noise=st.text(alphabet='{}[]":,0123456789abetrufalsn\\-.\n', max_size=60))
def test_a_line_of_noise_never_crashes(data: st.DataObject, noise: str, large: Export) -> None:
    lines = list(large.lines)
    index = data.draw(st.integers(0, len(lines) - 1))
    assume(lines[index] != noise.encode())
    lines[index] = noise.encode()
    assert is_found(large, join(lines))
