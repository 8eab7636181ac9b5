"""Reports, whatever is in them: verdict, lines for people, JSON; and whatever bytes are given."""

import json
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.seal import Format, Language, as_json, as_lines, verify_seal, verify_stamp
from signetd.seal.report import Check, Report, Result, Rules, Verdict
from signetd.seal.verify_findings import OF_SEAL, OF_STAMP, Findings, Name, failed, passed
from signetd.seal.words import NAMES_ZH
from tests.unit.seal import workshop
from tests.unit.seal.workshop import SealPlan, StampPlan

CHECKS: Final = st.builds(
    Check,
    name=st.sampled_from([each.value for each in Name]),
    about=st.sampled_from(["seal", "stamp", "document"]),
    result=st.sampled_from(Result),
    reason=st.text(),
    reason_zh=st.text(),
    clause=st.text(),
)
REPORTS: Final = st.builds(
    Report, rules=st.sampled_from(Rules), checks=st.lists(CHECKS, max_size=30).map(tuple)
)


@settings(deadline=None)
@given(REPORTS)
def test_good_is_that_something_passed_and_nothing_failed(report: Report) -> None:
    results = [each.result for each in report.checks]
    good = Result.PASSED in results and Result.FAILED not in results
    assert (report.verdict is Verdict.GOOD) == good


@settings(deadline=None)
@given(REPORTS)
def test_one_more_failure_is_never_better(report: Report) -> None:
    more = Check(
        name="FORMAT", about="seal", result=Result.FAILED, reason="", reason_zh="", clause=""
    )
    assert Report(rules=report.rules, checks=(*report.checks, more)).verdict is Verdict.BAD


@settings(deadline=None)
@given(REPORTS)
def test_json_has_the_verdict_and_each_check(report: Report) -> None:
    read = json.loads(json.dumps(as_json(report)))
    assert read.keys() == {"verdict", "checks"}
    assert read["verdict"] == report.verdict.value in ("good", "bad")
    assert len(read["checks"]) == len(report.checks)
    for got, each in zip(read["checks"], report.checks, strict=True):
        assert got["name"] == each.name and got["result"] == each.result.value
        assert got["reason"] == each.reason and got["clause"] == each.clause
        assert got["about"] == each.about and got["reason_zh"] == each.reason_zh


@settings(deadline=None)
@given(REPORTS, st.sampled_from(Language))
def test_a_line_for_the_verdict_and_one_for_each_check(report: Report, language: Language) -> None:
    first, *lines = as_lines(report, language)
    assert len(lines) == len(report.checks)
    good = report.verdict is Verdict.GOOD
    assert ("BAD" in first, "无效" in first) == (
        (not good and language is Language.ENGLISH),
        (not good and language is Language.CHINESE),
    )
    for line, each in zip(lines, report.checks, strict=True):
        reason = each.reason if language is Language.ENGLISH else each.reason_zh
        assert each.name in line and reason in line and each.clause in line


def test_every_check_has_a_chinese_name() -> None:
    assert list(NAMES_ZH) == [each.value for each in Name], "words.NAMES_ZH has all, in their order"


@pytest.mark.parametrize("rules", tuple(Rules))
@pytest.mark.parametrize("form", [None, *Format])
def test_every_check_has_a_clause_in_every_format(form: Format | None, rules: Rules) -> None:
    for subject, names in (("seal", OF_SEAL), ("stamp", OF_STAMP)):
        report = Findings(subject).report(names, form, rules)
        assert all(each.clause for each in report.checks)
        assert len({each.name for each in report.checks}) == len(names)


def test_the_checks_of_a_seal_are_in_the_report_of_a_stamp_in_the_same_order() -> None:
    assert [each for each in OF_STAMP if each in OF_SEAL] == list(OF_SEAL)
    assert OF_SEAL[0] is OF_STAMP[0] is Name.FORMAT


@pytest.mark.parametrize("form", tuple(Format))
def test_each_reason_is_there_in_both_languages(form: Format) -> None:
    for report in (workshop.judged(StampPlan(SealPlan(form))), workshop.judged(SealPlan(form))):
        for each in report.checks:
            assert each.reason and each.reason_zh, each
            assert any("\u4e00" <= c <= "\u9fff" for c in each.reason_zh + "与"), each


def test_a_check_is_made_once() -> None:
    findings = Findings("seal")
    findings.add(Name.FORMAT, passed("", ""))
    with pytest.raises(ValueError, match="FORMAT was checked before"):
        findings.add(Name.FORMAT, failed("", ""))


def test_what_is_from_the_file_cannot_steer_a_terminal() -> None:
    findings = Findings("seal")
    findings.add(Name.FORMAT, failed("\x1b[2J\r\n", "\x1b]0;x\x07坏"))
    check = findings.report(OF_SEAL, None, Rules.GBT_38540).checks[0]
    assert check.reason == "\\x1b[2J\\x0d\\x0a" and check.reason_zh == "\\x1b]0;x\\x07坏"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_report(data: bytes) -> None:
    given = workshop.circumstances()
    for report in (verify_seal(data, given), verify_stamp(data, given, None)):
        assert report.verdict is Verdict.BAD
        assert report.checks[0].result is Result.FAILED


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_stamp_spoilt_in_several_places_gives_a_bad_report(data: st.DataObject) -> None:
    stamp = bytearray(workshop.stamp_once())
    places = st.lists(st.integers(0, len(stamp) - 1), min_size=1, max_size=4, unique=True)
    for place in data.draw(places):
        stamp[place] ^= data.draw(st.integers(1, 255))
    report = verify_stamp(bytes(stamp), workshop.circumstances(), workshop.DOCUMENT)
    assert report.verdict is Verdict.BAD, f"{as_lines(report)}"
