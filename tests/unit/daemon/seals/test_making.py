"""Seals are made once, by another than the applicant, within limits and approvals, and recorded."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from gmssl import sm3 as other_sm3  # type: ignore[import-untyped]

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.approvals import subjects
from signetd.daemon.keys import KeyState
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy, KeyPurpose, Period, UseLimit
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.seals.make import Making
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from signetd.gm.encoding import der_to_raw
from signetd.gm.sm2 import Sm2PublicKey, verify
from signetd.pki import Certificate, Revocation, TrustStore
from signetd.seal import Circumstances, Format, Rules, Verdict, as_lines, parse_seal, verify_seal
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import MAKER_SPKI, Office, certificate, refusal, spki

MAKING = Making(seal="company", maker_key="maker", seal_id="3301-company")


@pytest.fixture
async def accepted(office: Office) -> Office:
    await office.apply()
    await office.review()
    return office


@pytest.mark.parametrize("format", [Format.V4, Format.V5])
async def test_a_seal_says_what_was_applied_for(office: Office, format: Format) -> None:
    other = samples.certificate(spki("elsewhere"), "elsewhere")
    made = await office.made(format=int(format), other_certificates=[other])
    assert (made.state, made.maker, made.maker_key) == (
        messages.SEAL_STATE_MADE,
        "reviewer",
        "keys/maker",
    )
    seal = parse_seal(made.der)
    properties, picture = seal.info.properties, seal.info.picture
    assert (seal.format, seal.info.seal_id, seal.info.vendor) == (format, "3301-company", "vendor")
    assert (properties.name, properties.kind) == ("测试有限公司", 1)
    assert properties.certificates == (certificate("sealing"), other)
    assert (properties.valid_from, properties.valid_until) == (
        samples.NOW - samples.DAY,
        samples.NOW + 300 * samples.DAY,
    )
    assert (picture.kind, picture.data, picture.width) == ("PNG", samples.png(), 40)
    assert seal.certificate == certificate("maker")
    raw = der_to_raw(seal.signature, 32)
    verify(Sm2PublicKey.from_spki(MAKER_SPKI), seal.signed, raw)
    circumstances = Circumstances(
        rules=Rules.GBT_38540,
        at=office.now,
        makers=TrustStore("makers", [Certificate.read(samples.root())]),
        revocation=Revocation.IGNORED,
    )
    report = verify_seal(made.der, circumstances)
    assert report.verdict is Verdict.GOOD, as_lines(report)
    assert made.sm3 == other_sm3.sm3_hash(list(made.der))


async def test_the_seal_of_a_person_is_of_another_type(office: Office) -> None:
    made = await office.made(kind=messages.SEAL_KIND_PERSONAL_NAME)
    assert parse_seal(made.der).info.properties.kind == 2


async def test_the_record_tells_of_the_signature(every: Office) -> None:
    made = await every.made()
    (record,) = every.records(operation="make-seal")
    assert (record["resource"], record["identity"]) == ("keys/maker", "reviewer")
    assert (record["kind"], record["use"]) == ("use", 1)
    assert record["detail"].startswith("seals/company ")
    assert (record["result"], record["algorithm"]) == ("OK", "SM2_SM3")
    assert (record["token_serial"], record["key_version"]) == ("00a1", 1)
    assert made.sm3 in record["detail"]
    assert len(record["digest"]) == len(record["signature_digest"]) == 64
    assert [event.act for event in await every.events()] == ["apply", "accept", "make"]


async def test_a_picture_of_a_mebibyte_is_signed_too(office: Office) -> None:
    large = samples.png(noise=bytes(range(1, 256)) * 4100)
    assert len(large) > (1 << 20) - 5000
    made = await office.made(picture={"kind": "PNG", "data": large, "width": 40, "height": 40})
    assert parse_seal(made.der).info.picture.data == large


async def test_nobody_makes_what_is_their_own(office: Office) -> None:
    await office.apply(who="other")
    await office.review()
    error = await refusal(office.make(who="other"))
    assert (error.reason, office.token.signed) == (Reason.SAME_PERSON, 0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"seal_id": ""}, Reason.INPUT_MISSING),
        ({"seal_id": "x" * 65}, Reason.INPUT_INVALID),
        ({"maker_key": ""}, Reason.INPUT_MISSING),
        ({"maker_key": "keys/none"}, Reason.KEY_NOT_FOUND),
        ({"maker_key": "keys/sealing"}, Reason.KEY_PURPOSE_WRONG),
        ({"approval": "nothing"}, Reason.INPUT_INVALID),
        ({"approval": "approvals/a1"}, Reason.APPROVAL_INVALID),
    ],
)
async def test_what_is_wrong_with_a_request(
    accepted: Office, fields: dict[str, Any], reason: Reason
) -> None:
    assert (await refusal(accepted.make(**fields))).reason is reason
    assert accepted.token.signed == 0
    assert (await accepted.get()).state == messages.SEAL_STATE_ACCEPTED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"purpose": KeyPurpose.SIGNING}, Reason.KEY_PURPOSE_WRONG),
        ({"key_type": KeyType.EC_P256}, Reason.ALGORITHM_UNSUITABLE),
        ({"state": KeyState.DISABLED}, Reason.KEY_STATE_WRONG),
        ({"certificates": ()}, Reason.CERTIFICATE_MISSING),
        ({"certificates": (certificate("sealing"),)}, Reason.CERTIFICATE_UNSUITABLE),
    ],
)
async def test_keys_that_make_no_seals(
    accepted: Office, changes: dict[str, Any], reason: Reason
) -> None:
    await accepted.change_key("maker", **changes)
    assert (await refusal(accepted.make())).reason is reason
    assert accepted.token.signed == 0


@pytest.mark.parametrize(("first", "last"), [(-10, -1), (1, 10)], ids=["expired", "not yet valid"])
async def test_a_makers_certificate_must_be_valid_now(
    accepted: Office, first: int, last: int
) -> None:
    life = (samples.NOW + first * samples.DAY, samples.NOW + last * samples.DAY)
    late = samples.certificate(MAKER_SPKI, "late", life=life)
    await accepted.change_key("maker", certificates=(late,))
    error = await refusal(accepted.make())
    assert (error.reason, "and it is" in error.message) == (Reason.CERTIFICATE_UNSUITABLE, True)


async def test_a_new_certificate_of_the_signer_needs_a_new_application(accepted: Office) -> None:
    renewed = samples.certificate(spki("sealing"), "sealing", serial=77)
    await accepted.change_key("sealing", certificates=(renewed,))
    error = await refusal(accepted.make())
    assert "has got another certificate since" in error.message


async def test_a_seal_whose_time_is_over_is_not_made(accepted: Office) -> None:
    accepted.now += timedelta(days=301)
    assert (await refusal(accepted.make())).reason is Reason.SEAL_NOT_VALID_NOW


async def test_a_code_is_given_once(every: Office) -> None:
    await every.made()
    await every.apply("second")
    await every.review("second")
    error = await refusal(every.make("second", seal_id="3301-company"))
    assert (error.reason, "seals/company" in error.message) == (Reason.SEAL_EXISTS, True)
    assert (await every.get("second")).state == messages.SEAL_STATE_ACCEPTED
    assert (await every.make("second")).state == messages.SEAL_STATE_MADE


async def test_a_token_that_fails_leaves_nothing(accepted: Office) -> None:
    accepted.token.failure = SignetError(Reason.TOKEN_ABSENT, "It is not there.")
    assert (await refusal(accepted.make())).reason is Reason.TOKEN_ABSENT
    assert (await accepted.get()).state == messages.SEAL_STATE_ACCEPTED
    accepted.token.failure = None
    assert (await accepted.make()).state == messages.SEAL_STATE_MADE


async def test_a_seal_that_does_not_verify_is_not_kept(
    accepted: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: Any = accepted.seals.maker._engine
    sign = engine.sign

    async def wrong(checked: Any, digest: bytes, requester: Any) -> Any:
        return await sign(checked, bytes(32), requester)

    monkeypatch.setattr(engine, "sign", wrong)
    assert (await refusal(accepted.make())).reason is Reason.SIGNATURE_FAULTY
    assert (await accepted.get()).state == messages.SEAL_STATE_ACCEPTED


async def test_the_limit_of_the_makers_key_counts(every: Office) -> None:
    limited = KeyPolicy(limits=(UseLimit(count=1, period=Period.EVER),))
    await every.change_key("maker", policy=limited)
    await every.made()
    await every.apply("second")
    await every.review("second")
    assert (await refusal(every.make("second"))).reason is Reason.LIMIT_REACHED
    assert (await every.get("second")).state == messages.SEAL_STATE_ACCEPTED
    (record,) = every.records(operation="make-seal", result="LIMIT_REACHED")
    assert (record["allowed"], record["resource"]) == (False, "keys/maker")
    assert record["detail"].startswith("seals/second ")


async def test_of_two_who_make_a_seal_one_does(every: Office) -> None:
    await every.apply()
    await every.review()

    async def make(who: str, seal_id: str) -> Any:
        try:
            return await every.make(who=who, seal_id=seal_id)
        except SignetError as error:
            return error.reason

    results = await asyncio.gather(make("reviewer", "1"), make("other", "2"))
    assert results.count(Reason.SEAL_STATE_WRONG) == 1, results
    assert [event.act for event in await every.events()] == ["apply", "accept", "make"]


class TestApprovals:
    """A key that asks for approval makes exactly the seal that was approved, once."""

    @pytest.fixture
    async def guarded(self, accepted: Office) -> Office:
        await accepted.change_key("maker", policy=KeyPolicy(approval=ApprovalRule(count=1)))
        return accepted

    async def approved(self, office: Office, making: Making = MAKING) -> str:
        call = Call("/signetd.api.v1.ApprovalService/CreateApproval", identity="reviewer")
        calls.begin(call)
        subject, key = await office.seals.maker.subject(making, office.asker("reviewer"))
        asked = await office.approvals.create("reviewer", subject, "a seal", key=key.id)
        calls.begin(Call("/signetd.api.v1.ApprovalService/ApproveApproval", identity="other"))
        await office.approvals.approve("other", asked.id, subject.digest)
        return f"approvals/{asked.id}"

    async def test_without_one_nothing_is_made(self, guarded: Office) -> None:
        error = await refusal(guarded.make())
        assert (error.reason, guarded.token.signed) == (Reason.APPROVAL_NEEDED, 0)

    async def test_with_one_it_is_made_and_recorded(self, guarded: Office) -> None:
        approval = await self.approved(guarded)
        made = await guarded.make(approval=approval)
        assert made.state == messages.SEAL_STATE_MADE
        (record,) = guarded.records(operation="make-seal")
        assert record["approval"] == approval
        await guarded.apply("second")
        await guarded.review("second")
        error = await refusal(guarded.make("second", approval=approval))
        assert error.reason is Reason.APPROVAL_INVALID

    async def test_another_code_is_not_what_was_approved(self, guarded: Office) -> None:
        approval = await self.approved(guarded)
        error = await refusal(guarded.make(approval=approval, seal_id="other"))
        assert (error.reason, guarded.token.signed) == (Reason.APPROVAL_INVALID, 0)
        assert (await guarded.make(approval=approval)).state == messages.SEAL_STATE_MADE

    async def test_signers_cannot_ask_for_one(self, guarded: Office) -> None:
        for who in ("applicant", "stranger"):
            error = await refusal(guarded.seals.maker.subject(MAKING, guarded.asker(who)))
            assert error.reason is Reason.PERMISSION_DENIED

    async def test_the_digest_is_of_all_that_is_in_the_seal(self, guarded: Office) -> None:
        store, key = guarded.database.seals, guarded.keys.get("maker")
        seal = store.get("company")
        assert seal is not None
        first = subjects.making(seal, key, "1").digest
        changes: list[dict[str, Any]] = [
            {"title": "x"},
            {"owner": msgspec.structs.replace(seal.owner, code=samples.OTHER_CODE)},
            {"picture": msgspec.structs.replace(seal.picture, data=b"x")},
            {"picture": msgspec.structs.replace(seal.picture, width=41)},
            {"valid_until": samples.NOW},
            {"certificates": (b"x",)},
            {"format": Format.V5},
        ]
        others = [msgspec.structs.replace(seal, **each) for each in changes]
        digests = {subjects.making(each, key, "1").digest for each in others}
        assert len(digests | {first, subjects.making(seal, key, "2").digest}) == len(changes) + 2
