"""A stamp: what is in it, what is written down of it, and who is refused."""

from datetime import timedelta
from typing import Any

import google_crc32c
import pytest

from signetd.daemon.approvals import subjects
from signetd.daemon.keys import KeyState
from signetd.daemon.policy.types import (
    ApprovalRule,
    Conditions,
    GrantEffect,
    KeyPolicy,
    KeyPurpose,
    Operation,
    Period,
    UseLimit,
)
from signetd.daemon.rpc import stamp_convert
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm
from signetd.gm.sm3 import sm3
from signetd.pki import Revocation, TrustStore
from signetd.seal import (
    Circumstances,
    Rules,
    SealStatus,
    Standing,
    Verdict,
    parse_stamp,
    verify_stamp,
)
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import refusal
from tests.unit.daemon.stamps.office import DOCUMENT, PROPERTY, SPKI, StampOffice, order


async def test_the_stamp_verifies_and_is_for_the_document(office: StampOffice) -> None:
    filed = await office.sealed()
    office.later(90)
    made = await office.stamp(extensions=[{"oid": "1.2.3", "critical": True, "value": b"\x05\x00"}])
    found = parse_stamp(made.stamp)
    assert (found.seal.der, found.data_hash) == (filed.der, DOCUMENT)
    assert (found.property_info, found.time) == (PROPERTY, office.now)
    assert [(each.oid, each.critical) for each in found.extensions] == [("1.2.3", True)]
    roots = TrustStore.read(office.folder / "roots")
    given = Circumstances(
        rules=Rules.GBT_38540,
        at=office.now,
        makers=roots,
        signers=roots,
        revocation=Revocation.IGNORED,
        status=SealStatus(standing=Standing.GOOD, since=None),
    )
    report = verify_stamp(made.stamp, given, DOCUMENT)
    assert report.verdict is Verdict.GOOD, [
        each for each in report.checks if each.result == "failed"
    ]
    assert verify_stamp(made.stamp, given, sm3(b"another")).verdict is Verdict.BAD
    assert made.time.ToDatetime(tzinfo=office.now.tzinfo) == office.now
    assert made.key_version == "keys/stamping/versions/1"
    assert made.stamp_crc32c == google_crc32c.value(made.stamp)
    assert not made.timestamped and not made.timestamp_failure


async def test_the_record_names_key_seal_document_and_signature(office: StampOffice) -> None:
    await office.sealed()
    made = await office.stamp()
    record = office.last_record()
    assert record["number"] == made.audit_number
    assert (record["kind"], record["operation"], record["result"]) == ("use", "stamp", "OK")
    assert (record["identity"], record["resource"]) == ("colleague", "keys/stamping")
    assert record["detail"].startswith("seals/company time=")
    assert record["detail"].endswith(f"property={PROPERTY}")
    assert record["digest"] == DOCUMENT.hex()
    assert record["signature_digest"] == sm3(parse_stamp(made.stamp).signature).hex()
    assert (record["grant"], record["use"], record["token"]) == ("g12", 1, "t")
    assert (await office.get()).uses == 1


async def test_making_a_seal_is_a_use_of_the_makers_key(office: StampOffice) -> None:
    await office.sealed("one")
    await office.sealed("two")
    found = office.records(operation="make-seal")
    assert [(each["kind"], each["resource"], each["use"]) for each in found] == [
        ("use", "keys/maker", 1),
        ("use", "keys/maker", 2),
    ]
    assert found[1]["detail"].startswith("seals/two 3301-two sm3=")


async def test_uses_of_key_and_seal_rise_together(office: StampOffice) -> None:
    await office.sealed("one")
    await office.sealed("two")
    for seal in ("one", "two", "one"):
        await office.stamp(seal)
    assert [each["use"] for each in office.records(operation="stamp")] == [1, 2, 3]
    assert [(await office.get(seal)).uses for seal in ("one", "two")] == [2, 1]


@pytest.mark.parametrize("who", ["stranger", "applicant"])
async def test_without_a_grant_nobody_learns_whether_there_is_such_a_seal(
    office: StampOffice, who: str
) -> None:
    await office.sealed()
    known = await refusal(office.stamp(who=who))
    unknown = await refusal(office.stamp("missing", who))
    assert known.reason is unknown.reason is Reason.PERMISSION_DENIED
    assert known.message.replace("company", "missing") == unknown.message
    assert "stamping" not in known.message, "the name of the key is the caller's to learn elsewhere"
    assert office.last_record()["allowed"] is False
    assert office.last_record()["resource"] == "seals/missing"
    assert office.token.signed == 1, "only the seal itself was signed"


async def test_a_seal_that_is_missing_is_denied_to_those_who_may_stamp_as_well(
    office: StampOffice,
) -> None:
    await office.allow("colleague", keys="*")
    assert (await refusal(office.stamp("missing"))).reason is Reason.PERMISSION_DENIED


async def test_a_grant_to_sign_is_none_to_stamp(office: StampOffice) -> None:
    await office.sealed()
    for operation in (Operation.SIGN, Operation.READ, Operation.VERIFY):
        await office.allow("stranger", operation)
    assert (await refusal(office.stamp(who="stranger"))).reason is Reason.PERMISSION_DENIED


async def test_a_prohibition_wins(office: StampOffice) -> None:
    await office.sealed()
    await office.allow("colleague", effect=GrantEffect.DENY)
    assert (await refusal(office.stamp())).reason is Reason.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("conditions", "allowed"),
    [
        (Conditions(purposes=frozenset({KeyPurpose.SEALING})), True),
        (Conditions(purposes=frozenset({KeyPurpose.SIGNING})), False),
        (Conditions(algorithms=frozenset({Algorithm.SM2_SM3})), True),
        (Conditions(algorithms=frozenset({Algorithm.ED25519})), False),
        (Conditions(digest_only=True), True),
        (Conditions(not_after=samples.NOW), False),
        (Conditions(not_before=samples.NOW), True),
    ],
)
async def test_conditions_of_grants_hold(
    office: StampOffice, conditions: Conditions, allowed: bool
) -> None:
    await office.sealed()
    await office.allow("stranger", conditions=conditions)
    if allowed:
        await office.stamp(who="stranger")
    else:
        assert (await refusal(office.stamp(who="stranger"))).reason is Reason.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({"document_digest": b""}, Reason.INPUT_MISSING, "document_digest is missing"),
        ({"document_digest": bytes(31)}, Reason.DIGEST_LENGTH_WRONG, "has 31 bytes"),
        ({"document_digest": bytes(64)}, Reason.DIGEST_LENGTH_WRONG, "has 64 bytes"),
        ({"property_info": ""}, Reason.INPUT_MISSING, "property_info is missing"),
        ({"property_info": "合同"}, Reason.INPUT_INVALID, "property_info"),
        ({"property_info": "a\n"}, Reason.INPUT_INVALID, "property_info"),
        ({"property_info": "x" * 1025}, Reason.INPUT_INVALID, "1025 characters"),
        (
            {"extensions": [{"oid": f"1.2.{n}"} for n in range(17)]},
            Reason.INPUT_INVALID,
            "17 items",
        ),
        ({"extensions": [{"oid": "1.2.3"}] * 2}, Reason.INPUT_INVALID, "twice"),
        ({"extensions": [{"oid": "one"}]}, Reason.INPUT_INVALID, "no object identifier"),
        (
            {"extensions": [{"oid": "1.2.3", "value": bytes(65537)}]},
            Reason.INPUT_INVALID,
            "65537 bytes",
        ),
    ],
)
async def test_what_cannot_be_in_a_stamp(
    office: StampOffice, fields: dict[str, Any], reason: Reason, said: str
) -> None:
    await office.sealed()
    error = await refusal(office.stamp(**fields))
    assert (error.reason, said in error.message) == (reason, True), error.message
    record = office.last_record()
    assert (record["operation"], record["result"]) == ("stamp", str(reason.value))
    assert (record["allowed"], record["resource"]) == (False, "keys/stamping")
    assert office.token.signed == 1, "only the seal itself was signed"


async def test_each_state_is_refused_with_what_to_do(office: StampOffice) -> None:
    wanted = {"signing_key": "keys/stamping"}
    await office.apply(**wanted)
    await _refused_in(office, "APPLIED", "reviewed, made and filed")
    await office.review()
    await _refused_in(office, "ACCEPTED", "made and filed")
    await office.make()
    await _refused_in(office, "MADE", "filed before it can stamp")
    await office.file()
    await office.stamp()
    since = office.later(10)
    await office.act("Suspend", reason="lost token")
    error = await _refused_in(office, "SUSPENDED", "resumed it")
    assert f"{since:%Y-%m-%d %H:%M:%S} UTC (lost token)" in error.message
    office.later(10)
    await office.act("Resume")
    await office.stamp()
    await office.act("Cancel")
    await _refused_in(office, "CANCELLED", "stamp with another seal")
    await office.apply("other", **wanted)
    await office.review("other", accepted=False, reason="no")
    assert (await refusal(office.stamp("other"))).metadata == {"state": "REJECTED"}


async def _refused_in(office: StampOffice, state: str, way_out: str) -> SignetError:
    error = await refusal(office.stamp())
    assert error.reason is Reason.SEAL_STATE_WRONG
    assert error.metadata == {"state": state}
    assert way_out in error.message
    assert office.last_record()["result"] == "SEAL_STATE_WRONG"
    return error


@pytest.mark.parametrize(("when", "way_out"), [(-1, "wait until then"), (1, "apply for one")])
async def test_only_within_its_validity(office: StampOffice, when: int, way_out: str) -> None:
    start, day = office.now, timedelta(days=1)
    await office.sealed(valid_from=start + 10 * day, valid_until=start + 20 * day)
    edge = start + (10 if when < 0 else 20) * day
    office.now = edge
    await office.stamp()
    await office.sealed("late", valid_from=start + 11 * day, valid_until=start + 30 * day)
    if when < 0:
        error = await refusal(office.stamp("late"))
    else:
        office.now = edge + timedelta(seconds=1)
        error = await refusal(office.stamp())
    assert error.reason is Reason.SEAL_NOT_VALID_NOW
    assert way_out in error.message


async def test_the_key_must_be_enabled_and_for_seals(office: StampOffice) -> None:
    await office.sealed()
    await office.change_key("stamping", state=KeyState.DISABLED)
    error = await refusal(office.stamp())
    assert (error.reason, "DISABLED" in error.message) == (Reason.KEY_STATE_WRONG, True)
    await office.change_key("stamping", state=KeyState.ENABLED)
    await office.stamp()
    allowed = KeyPolicy(algorithms=frozenset({Algorithm.ED25519}))
    await office.change_key("stamping", policy=allowed)
    assert (await refusal(office.stamp())).reason is Reason.ALGORITHM_UNSUITABLE


async def test_a_certificate_that_is_not_in_the_seal_cannot_stamp(office: StampOffice) -> None:
    await office.sealed()
    renewed = samples.certificate(SPKI, "stamping", serial=77)
    await office.change_key("stamping", certificates=(renewed,))
    error = await refusal(office.stamp())
    assert error.reason is Reason.CERTIFICATE_UNSUITABLE
    assert "ChangeSeal" in error.message
    await office.change_key("stamping", certificates=())
    assert (await refusal(office.stamp())).reason is Reason.CERTIFICATE_MISSING


async def test_limits_of_key_and_grant(office: StampOffice) -> None:
    await office.sealed()
    await office.sealed("other")
    await office.change_key(
        "stamping", policy=KeyPolicy(limits=(UseLimit(count=3, period=Period.EVER),))
    )
    limited = Conditions(limits=(UseLimit(count=1, period=Period.DAY),))
    few = await office.allow("stranger", conditions=limited)
    await office.stamp(who="stranger")
    error = await refusal(office.stamp(who="stranger"))
    assert (error.reason, error.metadata["scope"]) == (Reason.LIMIT_REACHED, f"grants/{few}")
    await office.stamp()
    await office.stamp("other")
    error = await refusal(office.stamp())
    assert (error.reason, error.metadata["scope"]) == (Reason.LIMIT_REACHED, "keys/stamping")
    assert [(await office.get(each)).uses for each in ("company", "other")] == [2, 1]


async def test_an_approval_is_for_one_stamp_on_one_document(office: StampOffice) -> None:
    await office.sealed()
    await office.sealed("other")
    await office.change_key("stamping", policy=KeyPolicy(approval=ApprovalRule(count=1)))
    error = await refusal(office.stamp())
    assert error.reason is Reason.APPROVAL_NEEDED
    assert "signetctl approval request-stamp" in error.message
    office.begin_call("colleague")
    asked = await office.approvals.create(
        "colleague", subjects.stamp("company", DOCUMENT), "42", key="stamping"
    )
    name = f"approvals/{asked.id}"
    assert (await refusal(office.stamp(approval=name))).reason is Reason.APPROVAL_INVALID
    office.begin_call("reviewer")
    await office.approvals.approve("reviewer", asked.id, DOCUMENT)
    for seal, document in (("company", bytes(32)), ("other", DOCUMENT)):
        error = await refusal(office.stamp(seal, document_digest=document, approval=name))
        assert error.reason is Reason.APPROVAL_INVALID, "it is for this seal and this document"
    await office.stamp(approval=name)
    record = office.last_record()
    assert (record["approval"], record["result"]) == (name, "OK")
    assert (await refusal(office.stamp(approval=name))).reason is Reason.APPROVAL_INVALID


async def test_nobody_asks_approval_for_what_could_not_be_stamped(office: StampOffice) -> None:
    await office.sealed()
    wanted = stamp_convert.stamp_input(order())
    denied = await refusal(office.desk.subject(wanted, office.asker("stranger")))
    assert denied.reason is Reason.PERMISSION_DENIED
    subject, key = await office.desk.subject(wanted, office.asker("colleague"))
    assert (subject.operation, subject.resource) == ("stamp", "seals/company")
    assert (subject.digest, subject.algorithm, key.id) == (DOCUMENT, None, "stamping")
    await office.act("Suspend")
    late = await refusal(office.desk.subject(wanted, office.asker("colleague")))
    assert late.reason is Reason.SEAL_STATE_WRONG
