"""Stamps with time stamps of an authority, and without one where none is to be had."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from signetd.api.v1 import seal_service_pb2 as seals
from signetd.pki import Revocation, TrustStore
from signetd.seal import Circumstances, Rules, Verdict, parse_seal, parse_stamp, verify_stamp
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
_IF_KNOWN = 'revocation = "if-known"\n'  # the authority has no revocation lists
_NOBODY = "http://127.0.0.1:9/tsa"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A daemon that asks an authority, whose tokens the openssl command makes."""
    with scene(*PEOPLE) as town:
        made = Office(town)
        with tsa.tsa(made.folder / "tsa", "rsa") as url:
            made.url = url
            made.start(_IF_KNOWN + _TABLE.format(url=url, on_failure="refuse"))
            open_office(made)
            yield made


def restart(office: Office, url: str, on_failure: str, options: str = _IF_KNOWN) -> None:
    office.town.stop()
    office.start(options + _TABLE.format(url=url, on_failure=on_failure))


def accepted(office: Office, seal: str) -> None:
    """Have an application for a seal of version 5 accepted."""
    office.apply(seal, office.key(), format=seals.SEAL_FORMAT_V5)
    review = seals.ReviewSealRequest(name=f"seals/{seal}", accepted=True)
    office.done("reviewer", "ReviewSeal", review)


def making(seal: str) -> seals.MakeSealRequest:
    return seals.MakeSealRequest(name=f"seals/{seal}", maker_key="keys/maker", seal_id=seal)


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


def test_a_seal_of_version_5_has_one_of_its_own(office: Office) -> None:
    made = office.made("five", office.key(), format=seals.SEAL_FORMAT_V5)
    found = parse_seal(made.der)
    assert found.time_token is not None
    assert openssl_verifies(office, found.signature, found.time_token)
    assert not openssl_verifies(office, found.signature + b".", found.time_token)
    assert made.state_reason == ""
    office.filed("five")
    assert office.recipe(office.stamped("five").stamp)[0] == "exit 0"
    four = office.made("four", office.key(), format=seals.SEAL_FORMAT_V4)
    assert parse_seal(four.der).time_token is None


def test_a_seal_with_a_time_stamp_that_would_not_verify_here_is_not_made(office: Office) -> None:
    accepted(office, "strict")
    restart(office, office.url, "refuse", 'revocation = "required"\n')
    answer = office.town.by("reviewer").call("SealService/MakeSeal", making("strict"))
    assert (answer.result, "SEAL_TIMESTAMP" in answer.message) == ("SEAL_INVALID", True), answer
    assert office.get("strict").state == seals.SEAL_STATE_ACCEPTED
    restart(office, office.url, "refuse")
    assert office.done("reviewer", "MakeSeal", making("strict")).state == seals.SEAL_STATE_MADE


def test_without_being_asked_for_there_is_none(office: Office) -> None:
    made = office.stamped(office.seal())
    assert parse_stamp(made.stamp).time_token is None
    assert (made.timestamped, made.timestamp_failure) == (False, "")


def test_where_the_configuration_refuses_nothing_is_stamped(office: Office) -> None:
    seal = office.seal()
    accepted(office, "unmade")
    restart(office, _NOBODY, "refuse")
    answer = office.town.by("reviewer").call("SealService/MakeSeal", making("unmade"))
    assert (answer.result, answer.code) == ("TIMESTAMP_FAILED", "UNAVAILABLE")
    assert office.get("unmade").state == seals.SEAL_STATE_ACCEPTED
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
    accepted(office, "bare")
    seal_made = office.done("reviewer", "MakeSeal", making("bare"))
    assert seal_made.state_reason.startswith("made without a time stamp: ")
    assert parse_seal(seal_made.der).time_token is None
    (record,) = office.town.records(operation="make-seal", resource="keys/maker")[-1:]
    assert " made without a time stamp: " in json.loads(record.json)["detail"]
