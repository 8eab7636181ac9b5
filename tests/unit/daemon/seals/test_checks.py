"""What callers say of seals: what is refused names the field, the limit and the way out."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.seals import checks, credit_code
from signetd.daemon.seals.types import Owner, SealPicture
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Format
from tests.unit.daemon.seals.samples import CODE, DAY, NOW, OTHER_CODE, png

REAL_CODES = (CODE, OTHER_CODE, "9144030071526726XG", "91110000802100433B")
"""Codes of well-known companies, as the public register has them."""
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PICTURE = SealPicture(kind="png", data=png(), width=40, height=30)


def refusal(check: object, *arguments: object) -> SignetError:
    with pytest.raises(SignetError) as caught:
        check(*arguments)  # type: ignore[operator]
    return caught.value


@pytest.mark.parametrize("code", REAL_CODES)
def test_codes_of_real_companies_are_right(code: str) -> None:
    credit_code.check(code, "code")


@given(st.sampled_from(REAL_CODES), st.integers(0, 17), st.sampled_from(LETTERS))
def test_one_mistyped_character_is_noticed(code: str, place: int, letter: str) -> None:
    wrong = code[:place] + letter + code[place + 1 :]
    if wrong != code:
        assert refusal(credit_code.check, wrong, "code").reason is Reason.INPUT_INVALID


@given(st.sampled_from(REAL_CODES), st.integers(0, 16))
def test_two_swapped_characters_are_noticed(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped != code:
        assert refusal(credit_code.check, swapped, "code").reason is Reason.INPUT_INVALID


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "code is missing"),
        (CODE[:-1], "17 characters; it must have 18"),
        (CODE.lower(), "capital letters without I, O, S, V and Z"),
        ("9I330100799655058B", "capital letters"),
        ("91A30100799655058B", "third to eighth characters are digits"),
        ("９1330100799655058B", "capital letters"),
        (CODE[:-1] + "C", "wrong check character"),
    ],
)
def test_a_wrong_code_says_what_is_wrong(code: str, said: str) -> None:
    assert said in refusal(credit_code.check, code, "code").message


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("", "title is missing"),
        ("章" * 201, "201 characters; 1 to 200"),
        ("合同\n专用章", "control characters"),
        ("合同\u202e章", "control characters"),
        (" 章", "blanks at an end"),
    ],
)
def test_titles_that_cannot_stand_in_a_seal(title: str, said: str) -> None:
    assert said in refusal(checks.check_title, title, "title").message


def test_a_title_of_200_characters_can() -> None:
    checks.check_title("章" * 200, "title")


def test_an_owner_has_a_name_and_a_code() -> None:
    checks.check_owner(Owner(name="某公司", code=CODE))
    assert "owner.name" in refusal(checks.check_owner, Owner(name="", code=CODE)).message
    said = refusal(checks.check_owner, Owner(name="某公司", code="1")).message
    assert "owner.unified_social_credit_code" in said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", "reason is missing"),
        (" \n", "reason is missing"),
        ("x" * 501, "it may have 500"),
        ("x\u202ey", "U+202E"),
    ],
)
def test_reasons_that_cannot_be_kept(reason: str, said: str) -> None:
    assert said in refusal(checks.check_reason, reason).message


def test_a_reason_can_have_lines() -> None:
    checks.check_reason("x" * 498 + "\ny")


@pytest.mark.parametrize("seal_id", ["", "a b", "é", "x" * 65, "a\n", "\x7f"])
def test_codes_that_no_seal_can_have(seal_id: str) -> None:
    assert "64 printable ASCII" in refusal(checks.check_seal_id, seal_id).message


@pytest.mark.parametrize("number", ["", " a", "a ", " ", "公安", "x" * 65, "a\n"])
def test_numbers_that_nothing_is_filed_under(number: str) -> None:
    assert "64 printable ASCII" in refusal(checks.check_filing_number, number).message


def test_numbers_of_all_lengths() -> None:
    for number in ("1", "No 5", "x" * 64):
        checks.check_filing_number(number)
    for code in ("1", "!~", "x" * 64):
        checks.check_seal_id(code)


def test_a_picture_is_kept_with_its_kind_as_seals_write_it() -> None:
    assert checks.checked_picture(PICTURE).kind == "PNG"


@pytest.mark.parametrize(
    ("changes", "reason", "said"),
    [
        ({"kind": ""}, Reason.INPUT_MISSING, "picture.kind is missing"),
        ({"data": b""}, Reason.INPUT_MISSING, "picture.data is missing"),
        ({"kind": "WEBP"}, Reason.PICTURE_UNSUITABLE, "none of PNG, JPG"),
        ({"kind": "JPG"}, Reason.PICTURE_UNSUITABLE, "it is PNG, and picture.kind says JPG"),
        ({"data": b"no picture"}, Reason.PICTURE_UNSUITABLE, "does not begin as PNG does"),
        ({"data": png()[:30]}, Reason.PICTURE_UNSUITABLE, "no PNG that can be used"),
        ({"data": b"x" * ((1 << 20) + 1)}, Reason.PICTURE_UNSUITABLE, "(1 MiB)"),
        ({"width": 0}, Reason.PICTURE_UNSUITABLE, "picture.width"),
        ({"height": 1001}, Reason.PICTURE_UNSUITABLE, "picture.height"),
    ],
)
def test_pictures_that_no_seal_has(changes: dict[str, object], reason: Reason, said: str) -> None:
    error = refusal(checks.checked_picture, msgspec.structs.replace(PICTURE, **changes))
    assert (error.reason, said in error.message) == (reason, True), error.message


def test_validity_is_in_whole_seconds_of_utc() -> None:
    east = timezone(timedelta(hours=8))
    first = datetime(2026, 1, 1, 8, 0, 0, 999999, east)
    found = checks.checked_validity(first, first + DAY, NOW.replace(year=2020))
    assert found == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


def test_validity_that_goes_backwards_or_is_over() -> None:
    error = refusal(checks.checked_validity, NOW, NOW - DAY, NOW)
    assert "valid_until" in error.message
    assert "not after valid_from" in error.message
    assert "not after" in refusal(checks.checked_validity, NOW, NOW, NOW).message
    assert "has passed" in refusal(checks.checked_validity, NOW - 2 * DAY, NOW - DAY, NOW).message


def test_the_oldest_layout_is_not_made() -> None:
    assert "V4 or V5" in refusal(checks.check_format, Format.V1).message
