"""The helper that spoils files spoils what it says, and openssl notices what it has spoilt."""

from pathlib import Path
from typing import Final

from tests.unit.seal import recipe, tamper
from tests.vectors.seals import loading

_HEADER: Final = 8
"""Octets before the fields of toSign: two tags, each with a length of three octets."""


def test_each_octet_is_flipped_once() -> None:
    data = bytes(range(40))
    copies = list(tamper.flipped(data))
    assert [each.offset for each in copies] == list(range(40))
    for offset, copy in copies:
        differing = [i for i in range(40) if copy[i] != data[i]]
        assert differing == [offset], f"the copy for octet {offset} differs at {differing}"
        assert (copy[offset] ^ data[offset]).bit_count() == 1


def test_each_bit_has_its_turn() -> None:
    data = bytes(64)
    assert {copy[offset] for offset, copy in tamper.flipped(data)} == {1 << i for i in range(8)}
    assert {copy[offset] for offset, copy in tamper.flipped(data, 8)} == {1 << i for i in range(8)}


def test_shorter_and_longer() -> None:
    assert [each.data for each in tamper.truncated(b"abc")] == [b"", b"a", b"ab"]
    for offset, copy in tamper.lengthened(b"abc"):
        assert offset == 3 and copy[:3] == b"abc" and len(copy) == 4


def test_openssl_accepts_no_stamp_whose_signed_part_is_spoilt(tmp_path: Path) -> None:
    """Every 97th octet, to be quick. Tags and lengths around it are signed by nobody."""
    stamp = loading.case("v4-stamp-unit")
    end = _HEADER + int.from_bytes(stamp.data[_HEADER - 2 : _HEADER])
    path = tmp_path / "spoilt.dat"
    for offset, copy in tamper.flipped(stamp.data, 97):
        if _HEADER <= offset < end:
            path.write_bytes(copy)
            said = recipe.run("stamp", path, stamp.original, tmp_path)
            assert said.code != 0, f"octet {offset} of what is signed was altered, and is good"
