"""Every chain of the forest, judged here, by the openssl command, and by cryptography."""

from pathlib import Path

import pytest

from tests.unit.pki import judges
from tests.unit.pki.cases import LABELS, case
from tests.unit.pki.holders import KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("label", LABELS)
def test_chain_fails_in_what_is_wrong_with_it_and_in_nothing_else(kind: str, label: str) -> None:
    chain = case(kind, label)
    report = judges.ours(chain)
    found = {(each.name, each.position) for each in report.failures}
    reasons = [f"{each.name} of {each.subject}: {each.reason}" for each in report.failures]
    assert found == chain.fails, f"what has failed: {reasons or 'nothing'}"
    assert report.valid == chain.expects


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519"])
@pytest.mark.parametrize("label", LABELS)
def test_openssl_agrees(kind: str, label: str, tmp_path: Path) -> None:
    chain = case(kind, label)
    if chain.openssl is None:
        return
    holds, said = judges.openssl(chain, tmp_path)
    assert holds == chain.openssl, f"openssl verify says: {said}"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("label", LABELS)
def test_cryptography_agrees(kind: str, label: str) -> None:
    chain = case(kind, label)
    if chain.library is None:
        return
    holds, said = judges.library(chain)
    assert holds == chain.library, f"cryptography's verifier says: {said}"
