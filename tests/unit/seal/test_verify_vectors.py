"""Every fixture of the manifest is judged as it says, by both rules; and as openssl says."""

from pathlib import Path
from typing import Final

import pytest

from signetd.gm import sm3
from signetd.pki import TrustStore
from signetd.seal import (
    Circumstances,
    SealError,
    parse_seal,
    parse_stamp,
    verify_seal,
    verify_stamp,
)
from signetd.seal.report import Report, Result, Rules
from signetd.seal.words import as_lines
from tests.unit.seal import judging, recipe
from tests.vectors.seals import loading
from tests.vectors.seals.loading import Case, Expected

CASES: Final = loading.cases()
READ_ANYWAY: Final = {
    "seal-utc-time",
    "seal-algorithm-sequence",
    "stamp-hash-tag",
    "stamp-utc-time",
    "stamp-local-time",
}
"""Not as the standard's syntax has it, but what makers write, and signed so: they are read."""
LENIENT: Final = {"stamp-superfluous-zero": "STAMP_SIGNATURE", "stamp-negative": "STAMP_SIGNATURE"}
"""Signatures with the right numbers, not in DER: a warning; see docs/seal-verification.md."""
BOTH: Final = tuple(Rules)


@pytest.fixture(scope="module")
def surroundings() -> tuple[TrustStore, loading.Surroundings]:
    found = loading.surroundings()
    return TrustStore.read(found.trust, "roots"), found


def judged(case: Case, rules: Rules, given: tuple[TrustStore, loading.Surroundings]) -> Report:
    store, around = given
    circumstances = Circumstances(
        rules=rules,
        at=case.at,
        makers=store,
        signers=store,
        time_authorities=store,
        others=around.intermediates,
        lists=around.crls,
    )
    if case.kind == "seal":
        return verify_seal(case.data, circumstances)
    return verify_stamp(case.data, circumstances, sm3.sm3(case.original))


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fixture(
    case: Case, rules: Rules, surroundings: tuple[TrustStore, loading.Surroundings]
) -> None:
    report = judged(case, rules, surroundings)
    expected = case.expected[rules.value]
    failed, warned = (judging.names(report, each) for each in (Result.FAILED, Result.WARNING))
    said = "\n".join([f"{case.name}: {case.shows}", *as_lines(report)])
    if case.name in READ_ANYWAY:
        assert not failed, said
    elif case.name in LENIENT:
        assert not failed and warned == {LENIENT[case.name]}, said
    elif expected is not None:
        _compare(expected, failed, warned - _remarked(case), said)


def _remarked(case: Case) -> set[str]:
    """Return the check that has a warning for what the manifest says of extensions."""
    critical = any(each[1] for each in case.fields.get("extensions", ()))
    return {f"{case.kind.upper()}_EXTENSIONS"} if critical else set()


def _compare(expected: Expected, failed: frozenset[str], warned: frozenset[str], said: str) -> None:
    if expected.verdict == "bad":
        assert failed, said
        # A maker of a stranger's CA is not trusted either.
        also = {"MAKER_TRUSTED"} if expected.check == "MAKER_CERTIFICATE" else set()
        assert not expected.check or failed - also == {expected.check}, said
        return
    assert not failed, said
    # What has expired is on no list of today, which is worth a warning wherever it is good.
    notices = {expected.notice} if expected.notice else set()
    assert notices <= warned <= notices | {"SIGNER_REVOCATION", "MAKER_REVOCATION"}, said


def test_what_is_tolerated_is_what_the_manifest_says_can_be() -> None:
    tolerable = {
        case.name
        for case in CASES
        if any(each is not None and each.tolerable for each in case.expected.values())
    }
    assert tolerable == READ_ANYWAY | LENIENT.keys()


CHECKS: Final = {
    "seal signature": "SEAL_SIGNATURE",
    "stamp signature": "STAMP_SIGNATURE",
    "signer in the seal": "SIGNER_IN_SEAL",
    "document digest": "DOCUMENT_DIGEST",
}
"""For what the recipe with the openssl command says."""


def _is_read(case: Case) -> bool:
    try:
        parse_seal(case.data) if case.kind == "seal" else parse_stamp(case.data)
    except SealError:
        return False
    return True


READ: Final = [each for each in CASES if _is_read(each)]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
def test_openssl_finds_the_same_signatures_good(
    case: Case, surroundings: tuple[TrustStore, loading.Surroundings], tmp_path: Path
) -> None:
    report = judged(case, Rules.GBT_38540, surroundings)
    original = case.original if case.kind == "stamp" else b""
    said = recipe.run(case.kind, loading.FOLDER / case.file, original, tmp_path)
    ours = {name: judging.of(report, CHECKS[name]).result for name in said.lines}
    bad = {name for name, result in ours.items() if result is Result.FAILED}
    # A signature by an algorithm that is not allowed is not looked at here; openssl is not told.
    assert {name for name, result in ours.items() if result is Result.NOT_CHECKED} == (
        {f"{case.kind} signature"} if case.name.endswith("-algorithm") else set()
    )
    lenient = {"stamp signature"} if case.name in LENIENT else set()
    assert said.bad == bad | lenient, f"{case.name}: openssl {said.lines}, the report {ours}"
