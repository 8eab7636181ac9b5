"""The short form of the chaos run, and that its judgement can be a bad one."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.chaos import growth, show
from tests.chaos.catalogue import catalogue
from tests.chaos.document import write_between_markers
from tests.chaos.processes import Census
from tests.chaos.record import Outcome
from tests.chaos.report import Run
from tests.chaos.run import run
from tests.chaos.verify import Verdict, Verifier

SECONDS, SEED = 12.0, 20240607
SHORT = (
    *("CKR_DEVICE_ERROR", "CKR_SESSION_HANDLE_INVALID", "hang", "abort", "flipped bit", "removal"),
    *("kill -9 of a worker", "wrong PIN from an administrator", "wrong PIN file, restarts"),
)


@pytest.mark.timeout(240)
def test_clients_get_right_signatures_or_reasons_whatever_the_token_does() -> None:
    faults = [fault for fault in catalogue() if fault.name in SHORT]
    assert len(faults) == len(SHORT)
    result = run(faults, seconds=SECONDS, seed=SEED)
    assert result.ok, show.as_text(result)


def test_names_of_fault_classes_are_unique() -> None:
    names = [fault.name for fault in catalogue()]
    assert len(names) == len(set(names))


PASSED = Run(
    seed=1,
    seconds=1,
    trials=[],
    outcomes=[Outcome("sm2", b"document", 0.0, 1.0, b"signature")],
    odd=[],
    verdict=Verdict(by_openssl=1, signatures=1),
    before=Census(4, 0, 40, 24, 100_000, 100_000),
    after=Census(4, 0, 40, 24, 100_000, 100_000),
    orphans=0,
    daemon_ended=0,
)


def failing(result: Run) -> list[str]:
    return [check.what for check in result.checks() if not check.ok]


def test_a_run_without_faults_or_signatures_is_not_passed() -> None:
    assert failing(PASSED) == []
    assert not PASSED.ok


def test_each_finding_fails_the_run() -> None:
    silent = Outcome("sm2", b"document", 0.0, 1.0, reason="", code="INTERNAL")
    told = replace(silent, reason="TOKEN_FAILED")
    after = PASSED.after
    wrong = replace(PASSED.verdict, wrong=["one"])
    twice = replace(PASSED.verdict, duplicates=["one"])
    missed = replace(PASSED.verdict, signatures=2)
    assert failing(replace(PASSED, outcomes=[*PASSED.outcomes, told])) == []
    for changed in (
        replace(PASSED, outcomes=[*PASSED.outcomes, silent]),
        replace(PASSED, odd=["an answer to nothing"]),
        replace(PASSED, verdict=wrong),
        replace(PASSED, verdict=twice),
        replace(PASSED, verdict=missed),
        replace(PASSED, after=replace(after, processes=5)),
        replace(PASSED, after=replace(after, zombies=1)),
        replace(PASSED, after=replace(after, daemon_descriptors=60)),
        replace(PASSED, after=replace(after, worker_descriptors=60)),
        replace(PASSED, orphans=1),
        replace(PASSED, daemon_ended=1),
    ):
        assert len(failing(changed)) == 1, changed


def test_a_signature_of_another_document_is_found() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    right = Outcome("ed25519", b"right", 0.0, 1.0, private.sign(b"right"))
    wrong = Outcome("ed25519", b"wrong", 0.0, 1.0, private.sign(b"another"))
    verifier = Verifier({"ed25519": spki}, Random(1))
    verdict = verifier.verify([right, wrong, right])
    assert len(verdict.wrong) == 2, "both programs say so"
    assert len(verdict.duplicates) == 1
    assert (verdict.by_cryptography, verdict.by_openssl) == (3, 3)


def test_growth_is_told_from_noise() -> None:
    noise = Random(1)
    flat = [(5.0 * n, 100 + noise.uniform(-1, 1)) for n in range(300)]
    rising = [(x, y + x / 3600 * 10) for x, y in flat]
    assert growth.fit("memory", "MiB", flat, limit=4.0).ok
    found = growth.fit("memory", "MiB", rising, limit=4.0)
    assert not found.ok
    assert found.per_hour == pytest.approx(10, abs=1)


def test_a_document_without_its_place_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("before\n<!-- it begin -->\nold\n<!-- it end -->\nafter\n")
    write_between_markers(file, "it", "new")
    assert file.read_text() == "before\n<!-- it begin -->\nnew\n<!-- it end -->\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        write_between_markers(file, "another", "new")
