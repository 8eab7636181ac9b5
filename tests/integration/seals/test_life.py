"""The life of a seal on a running daemon with a token, and openssl's word on what was made."""

import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.audit import Verifier, verify_statement
from tests.integration.attack.scene import FOUNDER
from tests.integration.seals.conftest import Office
from tests.unit.daemon.seals import samples

_ELEMENT = re.compile(r"\s*(\d+):d=1\s")


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr}{done.stdout}"
    return done.stdout


def parts(seal: Path) -> list[Path]:
    """Have openssl write the parts of a seal: eSealInfo, cert, and the value of the signature."""
    lines = openssl("asn1parse", "-inform", "DER", "-in", seal).splitlines()
    places = [found[1] for line in lines if (found := _ELEMENT.match(line))]
    assert len(places) == 4, "eSealInfo, cert, signAlgID, signedValue (GB/T 38540-2020, 6.1)"
    files = []
    for place in (places[0], places[1], places[3]):
        files.append(seal.with_suffix(f".{place}"))
        where = ("-strparse", place, "-noout", "-out", files[-1])
        openssl("asn1parse", "-inform", "DER", "-in", seal, *where)
    return files


def test_a_seal_is_made_that_openssl_verifies(office: Office) -> None:
    filed = office.in_use("first", "33010012345678")
    assert filed.state == seals.SEAL_STATE_IN_USE
    file = office.file("first.esl")
    file.write_bytes(filed.der)
    info, certificate, signature = parts(file)
    public = office.file("maker.pem")
    public.write_text(openssl("x509", "-inform", "DER", "-in", certificate, "-pubkey", "-noout"))
    signer = ("-verify", public, "-sigopt", "distid:1234567812345678")
    assert "Verified OK" in openssl("dgst", "-sm3", *signer, "-signature", signature, info)
    assert filed.sm3 == openssl("dgst", "-sm3", "-r", file).split()[0]
    shown = openssl("asn1parse", "-inform", "DER", "-in", file)
    for text in ("33010012345678", "ES", "PNG", "SM2-with-SM3"):
        assert text in shown, f"{text} is not in the seal as openssl reads it"


def test_the_record_of_filing_is_signed_by_the_audits_key(office: Office) -> None:
    filed = office.in_use("filed")
    asked = keys.GetPublicKeyRequest(name="keys/audit")
    spki = office.town.by("reviewer").done("KeyService/GetPublicKey", asked).spki
    found = verify_statement(filed.filing_record, [spki])
    assert found.ok, found.problems
    record = found.statement
    assert (record["kind"], record["seal"]) == ("seal-filing", "seals/filed")
    assert (record["seal_sm3"], record["seal_id"]) == (filed.sm3, filed.seal_id)
    assert (record["filing_number"], record["filed_by"]) == ("F-filed", "reviewer")
    changed = filed.filing_record.replace(b'"F-filed"', b'"F-other"')
    assert not verify_statement(changed, [spki]).ok
    assert office.done("reviewer", "GetSeal", seals.GetSealRequest(name=filed.name)) == filed


def test_the_whole_life_and_its_record_in_the_audit(office: Office) -> None:
    first = office.town.last()
    old = office.in_use("old", signing_key="keys/second")
    suspend = seals.SuspendSealRequest(name=old.name, reason="lost")
    assert office.done("reviewer", "SuspendSeal", suspend).state == seals.SEAL_STATE_SUSPENDED
    resume = seals.ResumeSealRequest(name=old.name, reason="found")
    assert office.done("reviewer", "ResumeSeal", resume).state == seals.SEAL_STATE_IN_USE
    change = seals.ChangeSealRequest(
        name=old.name, application=office.application("new"), reason="renamed"
    )
    office.done("applicant", "ChangeSeal", change)
    name = "seals/new"
    office.done("reviewer", "ReviewSeal", seals.ReviewSealRequest(name=name, accepted=True))
    making = seals.MakeSealRequest(name=name, maker_key="keys/maker", seal_id="new")
    office.done("reviewer", "MakeSeal", making)
    office.done("reviewer", "FileSeal", seals.FileSealRequest(name=name, filing_number="2"))
    events = office.done("auditor", "ListSealEvents", seals.ListSealEventsRequest(name=old.name))
    acts = [each.act for each in events.events]
    assert acts == ["apply", "accept", "make", "file", "suspend", "resume", "cancel"]
    status = office.done("auditor", "GetSealStatus", seals.GetSealStatusRequest(seal_id="3301old"))
    assert (status.good, status.reason) == (False, "it had been cancelled: replaced by seals/new")
    past = seals.GetSealStatusRequest(name=old.name, time=events.events[5].time)
    assert office.done("auditor", "GetSealStatus", past).good
    operations = [each.operation for each in office.town.records(first, result="OK")]
    for act in ("ApplyForSeal", "ReviewSeal", "FileSeal", "SuspendSeal", "ResumeSeal"):
        assert f"SealService/{act}" in operations
    assert "make-seal" in operations, "a use of the maker's key, and counted as one"


def test_an_export_with_seals_in_it_verifies_offline(office: Office) -> None:
    office.in_use("traced")
    auditor = office.town.by("auditor")
    auditor.done("AuditService/CreateCheckpoint", audit.CreateCheckpointRequest())
    asked = keys.GetPublicKeyRequest(name="keys/audit")
    spki = office.town.by("reviewer").done("KeyService/GetPublicKey", asked).spki
    channel: Any = auditor.channel
    export = channel.unary_stream(
        "/signetd.api.v1.AuditService/ExportRecords",
        response_deserializer=audit.ExportRecordsResponse.FromString,
    )
    request = audit.ExportRecordsRequest().SerializeToString()
    content = b"".join(piece.data for piece in export(request, timeout=60))
    assert b'"make-seal"' in content
    verifier = Verifier([spki])
    verifier.read("export", BytesIO(content))
    assert [str(each) for each in verifier.report.problems] == []


def test_an_imported_seal_is_verified_by_the_folders_of_the_configuration(office: Office) -> None:
    filed = office.in_use("exported", "exported-1")
    owner = office.application("x").owner
    request = seals.ImportSealRequest(
        seal="imported", der=filed.der, kind=seals.SEAL_KIND_LEGAL_NAME, owner=owner
    )
    assert office.call("reviewer", "ImportSeal", request).result == "SEAL_EXISTS"
    forged = bytearray(filed.der)
    forged[-1] ^= 1
    request.der = bytes(forged)
    assert office.call("reviewer", "ImportSeal", request).result == "SEAL_INVALID"


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"picture": seals.SealPicture(kind="PNG", data=b"no")}, "PICTURE_UNSUITABLE"),
        ({"picture": seals.SealPicture(kind="TIFF")}, "PICTURE_UNSUITABLE"),
        ({"picture": seals.SealPicture(data=b"x" * (1 << 20))}, "PICTURE_UNSUITABLE"),
        ({"title": "x" * 201}, "INPUT_INVALID"),
        ({"other_certificates": [b"x"]}, "CERTIFICATE_UNSUITABLE"),
        ({"signing_key": "keys/maker"}, "PERMISSION_DENIED"),
        ({"valid_from": samples.NOW + 301 * samples.DAY}, "INPUT_INVALID"),
        ({"valid_until": samples.NOW + 1001 * samples.DAY}, "CERTIFICATE_UNSUITABLE"),
    ],
)
def test_bad_applications_are_refused_and_leave_nothing(
    office: Office, changes: dict[str, Any], result: str
) -> None:
    answer = office.call("applicant", "ApplyForSeal", office.application("bad", **changes))
    assert answer.result == result, answer
    missing = office.call("auditor", "GetSeal", seals.GetSealRequest(name="seals/bad"))
    assert missing.result == "SEAL_NOT_FOUND"


def test_a_key_for_seals_signs_nothing_else(office: Office) -> None:
    office.town.grant("applicant", "maker")
    for key in ("maker", "sealing"):
        request = signing.SignRequest(key=f"keys/{key}", message=b"x")
        answer = office.town.by("applicant").call("SigningService/Sign", request)
        assert answer.result == "KEY_PURPOSE_WRONG", answer


def test_making_waits_for_approval_where_the_key_asks_for_it(office: Office) -> None:
    rule = resources.ApprovalRule(count=1)
    spki = office.key("guarded", resources.KEY_PURPOSE_SEAL_MAKING)
    office.town.policy("guarded", resources.KeyPolicy(approval=rule))
    office.certify("guarded", samples.certificate(spki, "guarded"))
    name = "seals/approved"
    office.done("applicant", "ApplyForSeal", office.application("approved"))
    office.done("reviewer", "ReviewSeal", seals.ReviewSealRequest(name=name, accepted=True))
    making = seals.MakeSealRequest(name=name, maker_key="keys/guarded", seal_id="approved-1")
    assert office.call("reviewer", "MakeSeal", making).result == "APPROVAL_NEEDED"
    request = approval.CreateApprovalRequest(make_seal=making, summary="a seal")
    refused = office.town.by("applicant").call("ApprovalService/CreateApproval", request)
    assert refused.result == "PERMISSION_DENIED"
    asked = office.town.by("reviewer").done("ApprovalService/CreateApproval", request)
    assert (asked.operation, asked.resource) == ("make-seal", name)
    vote = approval.ApproveApprovalRequest(name=asked.name, digest=asked.digest)
    office.town.by(FOUNDER).done("ApprovalService/ApproveApproval", vote)
    making.approval = asked.name
    assert office.done("reviewer", "MakeSeal", making).state == seals.SEAL_STATE_MADE
    (record,) = office.town.records(operation="make-seal", resource="keys/guarded", result="OK")
    assert asked.name in record.json


def test_what_is_published_is_told_to_everybody(published: Office) -> None:
    filed = published.in_use("known")
    request = seals.GetSealStatusRequest(sm3=filed.sm3)
    assert published.done("stranger", "GetSealStatus", request).good
    assert published.call("stranger", "GetSeal", seals.GetSealRequest(name=filed.name)).result == (
        "PERMISSION_DENIED"
    )


def test_a_compromise_stops_key_and_seals_at_once(published: Office) -> None:
    """After the others: the key does not come back."""
    first = published.in_use("one")
    second = published.in_use("two", signing_key="keys/second")
    report = seals.ReportKeyCompromiseRequest(key="keys/sealing", reason="stolen")
    assert published.call("applicant", "ReportKeyCompromise", report).result == "PERMISSION_DENIED"
    suspended = published.done("reviewer", "ReportKeyCompromise", report).suspended
    assert first.name in suspended
    assert second.name not in suspended
    asked = keys.GetKeyRequest(name="keys/sealing")
    key = published.town.by("reviewer").done("KeyService/GetKey", asked)
    assert key.state == resources.KEY_STATE_DISABLED
    request = seals.ResumeSealRequest(name=first.name, reason="again")
    assert published.call("reviewer", "ResumeSeal", request).result == "KEY_STATE_WRONG"
    status = seals.GetSealStatusRequest(name=first.name)
    assert not published.done("stranger", "GetSealStatus", status).good


def test_a_daemon_that_starts_again_knows_its_seals(published: Office) -> None:
    filed = published.in_use("kept", signing_key="keys/second")
    published.town.stop()
    published.town.daemon.spawn()
    published.town.daemon.await_log('"event": "ready"')
    assert published.done("auditor", "GetSeal", seals.GetSealRequest(name=filed.name)) == filed
