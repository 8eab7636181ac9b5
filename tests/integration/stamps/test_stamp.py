"""Seals are applied by a running daemon with a token, and openssl says what was made."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import google_crc32c
import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approvals
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from signetd.pki import Certificate, RevocationList, TrustStore
from signetd.seal import Circumstances, Rules, Verdict, parse_stamp, verify_stamp
from tests.integration.attack.calls import Answer
from tests.integration.attack.scene import FOUNDER
from tests.integration.stamps.conftest import DAY, DOCUMENT, PROPERTY, Office, digest, order


def test_a_stamp_is_made_that_openssl_verifies(office: Office) -> None:
    seal = office.seal()
    made = office.stamped(seal)
    assert office.recipe(made.stamp) == [
        "exit 0",
        "stamp signature: good",
        "seal signature: good",
        "signer in the seal: good",
        "document digest: good",
    ]
    assert office.recipe(made.stamp, DOCUMENT + b".")[0] == "exit 1"
    assert made.stamp_crc32c == google_crc32c.value(made.stamp)
    found = parse_stamp(made.stamp)
    assert found.seal.der == office.get(seal).der
    assert (found.property_info, found.data_hash) == (PROPERTY, digest(DOCUMENT))


@pytest.mark.parametrize("form", [seals.SEAL_FORMAT_V4, seals.SEAL_FORMAT_V5])
def test_the_verifier_finds_it_good_with_everything_checked(office: Office, form: int) -> None:
    made = office.stamped(office.seal(format=form))
    report = verify_stamp(made.stamp, circumstances(office), digest(DOCUMENT))
    assert report.verdict is Verdict.GOOD, [
        each for each in report.checks if each.result == "failed"
    ]
    passed = {each.name for each in report.checks if each.result == "passed"}
    assert {"STAMP_SIGNATURE", "SIGNER_IN_SEAL", "SIGNER_REVOCATION", "MAKER_REVOCATION"} <= passed


def circumstances(office: Office) -> Circumstances:
    """What a verifier elsewhere has: the root, the CA, and the lists of both."""
    roots = TrustStore.read(office.folder / "roots")
    return Circumstances(
        rules=Rules.GBT_38540,
        at=datetime.now(UTC),
        makers=roots,
        signers=roots,
        others=[Certificate.read(office.ca.intermediate)],
        lists=[
            RevocationList.read(each.read_bytes()) for each in (office.folder / "crls").iterdir()
        ],
    )


def test_one_record_names_the_key_and_the_seal(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    before = office.town.last()
    made = office.stamped(seal)
    (record,) = office.town.records(before, operation="stamp")
    body = json.loads(record.json)
    assert (record.number, record.resource) == (made.audit_number, f"keys/{key}")
    assert (body["digest"], body["use"]) == (digest(DOCUMENT).hex(), 1)
    assert body["detail"].startswith(f"seals/{seal} ")
    shown = office.town.by(FOUNDER).done(
        "KeyService/GetKey", keys.GetKeyRequest(name=f"keys/{key}")
    )
    assert (shown.uses, office.get(seal).uses) == (1, 1)


def refused(answer: Answer, reason: str, said: str = "") -> None:
    assert (answer.result, said in answer.message) == (reason, True), answer.message


def test_states_in_which_nothing_is_stamped(office: Office) -> None:
    key = office.key()
    office.made("unfiled", key)
    refused(office.stamp("unfiled"), "SEAL_STATE_WRONG", "MADE since")
    office.filed("unfiled")
    office.stamped("unfiled")
    office.act("Suspend", "unfiled", "audit")
    refused(office.stamp("unfiled"), "SEAL_STATE_WRONG", "(audit)")
    office.act("Resume", "unfiled")
    office.stamped("unfiled")
    office.act("Cancel", "unfiled")
    refused(office.stamp("unfiled"), "SEAL_STATE_WRONG", "CANCELLED since")


def test_a_seal_that_is_not_valid_yet_or_any_more(office: Office) -> None:
    now = datetime.now(UTC)
    early = office.seal(valid_from=now + DAY)
    refused(office.stamp(early), "SEAL_NOT_VALID_NOW", "wait until then")
    late = office.seal(valid_until=datetime.now(UTC) + timedelta(seconds=8))
    refused(office.until_changed(late), "SEAL_NOT_VALID_NOW", "apply for one")


def test_who_may_not_stamp_does_not_learn_what_there_is(office: Office) -> None:
    seal = office.seal()
    known, unknown = office.stamp(seal, "stranger"), office.stamp("missing", "stranger")
    assert known.result == unknown.result == "PERMISSION_DENIED"
    assert known.message.replace(seal, "missing") == unknown.message
    assert office.stamp("missing").result == "PERMISSION_DENIED"
    assert office.stamp(seal, "applicant").result == "PERMISSION_DENIED", "who sees it only"
    assert office.stamp(seal, "reviewer").result == "PERMISSION_DENIED"


def test_what_cannot_be_stamped(office: Office) -> None:
    seal = office.seal()
    refused(office.stamp(seal, document_digest=b"x" * 20), "DIGEST_LENGTH_WRONG", "20 bytes")
    refused(office.stamp(seal, property_info="合同"), "INPUT_INVALID", "printable ASCII")
    refused(office.stamp(seal, timestamp=True), "TIMESTAMP_FAILED", "[timestamps]")


def test_a_revoked_certificate_stamps_no_more(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    office.stamped(seal)
    office.ca.revoke(office.certificate_pem(key))
    office.ca.lists(office.folder / "crls")
    answer = office.until_changed(seal)
    refused(answer, "CERTIFICATE_UNSUITABLE", "REVOCATION")
    office.stamped(office.seal())


def test_a_certificate_that_was_issued_anew_needs_another_seal(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    office.certify(key)
    refused(office.stamp(seal), "CERTIFICATE_UNSUITABLE", "ChangeSeal")
    office.stamped(office.seal(key))


def test_a_key_that_is_disabled_stamps_nothing(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    office.town.disable(key)
    refused(office.stamp(seal), "KEY_STATE_WRONG", "DISABLED")


def test_a_reported_key_stamps_nothing(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    report = seals.ReportKeyCompromiseRequest(key=f"keys/{key}", reason="stolen")
    office.done("reviewer", "ReportKeyCompromise", report)
    answer = office.stamp(seal)
    assert answer.result in {"SEAL_STATE_WRONG", "KEY_STATE_WRONG"}


def test_limits_are_those_of_the_key(office: Office) -> None:
    key = office.key()
    one, two = office.seal(key), office.seal(key)
    limit = resources.UseLimit(count=2, period=resources.LIMIT_PERIOD_EVER)
    office.town.policy(key, resources.KeyPolicy(limits=[limit]))
    office.stamped(one)
    office.stamped(two)
    refused(office.stamp(one), "LIMIT_REACHED", f"keys/{key}")
    assert (office.get(one).uses, office.get(two).uses) == (1, 1)


def test_an_approval_is_used_once(office: Office) -> None:
    key = office.key()
    seal = office.seal(key)
    rule = resources.ApprovalRule(count=1)
    office.town.policy(key, resources.KeyPolicy(approval=rule))
    refused(office.stamp(seal), "APPROVAL_NEEDED", "request-stamp")
    request = approvals.CreateApprovalRequest(stamp=order(seal), summary="合同 42")
    asked = office.town.by("stamper").done("ApprovalService/CreateApproval", request)
    assert (asked.operation, asked.resource) == ("stamp", f"seals/{seal}")
    assert asked.digest == digest(DOCUMENT)
    refused(office.stamp(seal, approval=asked.name), "APPROVAL_INVALID")
    vote = approvals.ApproveApprovalRequest(name=asked.name, digest=asked.digest)
    office.town.by("second").done("ApprovalService/ApproveApproval", vote)
    other = office.stamp(seal, approval=asked.name, document_digest=bytes(32))
    refused(other, "APPROVAL_INVALID")
    office.stamped(seal, approval=asked.name)
    refused(office.stamp(seal, approval=asked.name), "APPROVAL_INVALID")
    strangers = office.town.by("stranger").call("ApprovalService/CreateApproval", request)
    assert strangers.result == "PERMISSION_DENIED"


def test_a_batch_keeps_its_order(office: Office) -> None:
    one, two = office.seal(), office.seal()
    office.act("Suspend", two)
    documents = [bytes([number]) * 32 for number in range(100)]
    given = [
        order((one, two)[number % 10 == 9], document_digest=document)
        for number, document in enumerate(documents)
    ]
    reply = office.done("stamper", "BatchStamp", seals.BatchStampRequest(requests=given))
    for number, (document, result) in enumerate(zip(documents, reply.results, strict=True)):
        if number % 10 == 9:
            assert "SEAL_STATE_WRONG" in str(result.error.details[0])
        else:
            assert parse_stamp(result.response.stamp).data_hash == document
    last = next(each.response for each in reversed(reply.results) if each.HasField("response"))
    assert office.recipe(last.stamp)[1:4] == [
        "stamp signature: good", "seal signature: good", "signer in the seal: good"
    ]  # fmt: skip
    assert office.get(one).uses == 90


def test_of_64_in_flight_those_released_have_their_record_before_the_suspension(
    office: Office,
) -> None:
    seal = office.seal()
    office.stamped(seal)
    office.town.by("stamper")
    with ThreadPoolExecutor(65) as threads:
        answers = [threads.submit(office.stamp, seal) for _ in range(64)]
        next(each for each in answers if each.result().result == "OK")
        office.act("Suspend", seal)
        found = [each.result() for each in answers]
    (suspended,) = office.town.records(
        operation="SealService/SuspendSeal", resource=f"seals/{seal}"
    )
    released = [each.reply for each in found if each.result == "OK"]
    assert {each.result for each in found} <= {"OK", "SEAL_STATE_WRONG"}
    assert all(each.audit_number < suspended.number for each in released)
    assert office.get(seal).uses == len(released) + 1
    status = seals.GetSealStatusRequest(name=f"seals/{seal}")
    for each in released:
        status.time.CopyFrom(each.time)
        assert office.done("auditor", "GetSealStatus", status).good, "good when it was stamped"


def test_access_to_stamps_is_explained(office: Office) -> None:
    key = office.key()
    for who, allowed in (("stamper", True), ("stranger", False), ("reviewer", False)):
        request = access.ExplainAccessRequest(
            identity=who, key=f"keys/{key}", operation=access.OPERATION_STAMP
        )
        reply = office.town.by(FOUNDER).done("AccessService/ExplainAccess", request)
        assert reply.allowed is allowed, reply
