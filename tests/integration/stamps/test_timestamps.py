"""Stamps with time stamps of an authority, and without one where none is to be had."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from signetd.pki import Revocation, TrustStore
from signetd.seal import Circumstances, Rules, Verdict, parse_stamp, verify_stamp
from tests import tsa
from tests.integration.attack.scene import scene
from tests.integration.stamps.conftest import DOCUMENT, PEOPLE, Office, digest, open_office

_TABLE = """
[timestamps]
urls = ["{url}"]
trust = "tsa/trust"
hash = "sha256"
attempt_timeout = 1.0
on_failure = "{on_failure}"
"""
_NOBODY = "http://127.0.0.1:9/tsa"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A daemon that asks an authority, whose tokens the openssl command makes."""
    with scene(*PEOPLE) as town:
        made = Office(town)
        with tsa.tsa(made.folder / "tsa", "rsa") as url:
            made.start(_TABLE.format(url=url, on_failure="refuse"))
            open_office(made)
            yield made


def restart(office: Office, url: str, on_failure: str) -> None:
    office.town.stop()
    office.start(_TABLE.format(url=url, on_failure=on_failure))


def openssl_verifies(office: Office, signature: bytes, token: bytes) -> bool:
    """Ask the openssl command whether the token is of the signature, by the authority."""
    (office.folder / "signature").write_bytes(signature)
    (office.folder / "token.tst").write_bytes(token)
    done = subprocess.run(
        [
            "openssl", "ts", "-verify", "-token_in", "-in", "token.tst", "-data", "signature",
            "-CAfile", "tsa/trust/root.pem", "-untrusted", "tsa/chain.pem",
        ],
        cwd=office.folder, capture_output=True, timeout=60,
    )  # fmt: skip
    return done.returncode == 0


def test_the_authority_vouches_for_the_signature(office: Office) -> None:
    made = office.stamped(office.seal(), timestamp=True)
    assert made.timestamped
    assert not made.timestamp_failure
    found = parse_stamp(made.stamp)
    assert found.time_token is not None
    assert openssl_verifies(office, found.signature, found.time_token)
    assert not openssl_verifies(office, found.signature + b".", found.time_token)
    assert office.recipe(made.stamp)[0] == "exit 0"
    roots = TrustStore.read(office.folder / "roots")
    given = Circumstances(
        rules=Rules.GBT_38540,
        at=datetime.now(UTC),
        makers=roots,
        signers=roots,
        time_authorities=TrustStore.read(office.folder / "tsa" / "trust"),
        others=[office.ca.intermediate],
        revocation=Revocation.IF_KNOWN,
    )
    report = verify_stamp(made.stamp, given, digest(DOCUMENT))
    results = {each.name: each.result for each in report.checks}
    assert report.verdict is Verdict.GOOD, results
    assert results["STAMP_TIMESTAMP"] != "not_checked"
    (record,) = office.town.records(made.audit_number - 1, operation="stamp")
    assert " timestamped " in json.loads(record.json)["detail"]


def test_without_being_asked_for_there_is_none(office: Office) -> None:
    made = office.stamped(office.seal())
    assert parse_stamp(made.stamp).time_token is None
    assert (made.timestamped, made.timestamp_failure) == (False, "")


def test_where_the_configuration_refuses_nothing_is_stamped(office: Office) -> None:
    seal = office.seal()
    restart(office, _NOBODY, "refuse")
    before = office.town.last()
    answer = office.stamp(seal, timestamp=True)
    assert (answer.result, answer.code) == ("TIMESTAMP_FAILED", "UNAVAILABLE")
    (record,) = office.town.records(before, operation="stamp")
    assert record.result == "TIMESTAMP_FAILED"
    assert "signature_digest" not in json.loads(record.json)
    assert office.get(seal).uses == 0
    office.stamped(seal)


def test_where_it_lets_that_pass_the_reply_and_the_record_say_so(office: Office) -> None:
    seal = office.seal()
    restart(office, _NOBODY, "degrade")
    made = office.stamped(seal, timestamp=True)
    assert not made.timestamped
    assert "127.0.0.1:9" in made.timestamp_failure
    assert parse_stamp(made.stamp).time_token is None
    assert office.recipe(made.stamp)[0] == "exit 0"
    (record,) = office.town.records(made.audit_number - 1, operation="stamp")
    assert "no time stamp (" in json.loads(record.json)["detail"]
