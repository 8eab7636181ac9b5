"""What the contract and the guide say of sizes is what is built."""

import re
from pathlib import Path

from signetd.seal import limits

_ROOT = Path(__file__).parents[3]


def test_a_picture_is_as_wide_and_high_as_the_contract_says() -> None:
    contract = (_ROOT / "proto/signetd/api/v1/seal_service.proto").read_text()
    told = re.findall(r"(width|height) in millimetres, 1 to ([\d,]+)\.", contract)
    most = f"{limits.PICTURE_MM:,}"
    assert told == [("width", most), ("height", most)], "make the comments say PICTURE_MM"


def test_a_picture_is_as_wide_and_high_as_the_guide_says() -> None:
    guide = (_ROOT / "docs/seals.md").read_text()
    assert f"{limits.PICTURE_MM} mm wide and high" in guide
