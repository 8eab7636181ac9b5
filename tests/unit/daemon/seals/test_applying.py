"""Applications: what they need, who may make them, and who reviews them."""

from typing import Any

import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.keys import KeyState
from signetd.daemon.policy.types import KeyPurpose, Operation
from signetd.daemon.state.grants import create_grant
from signetd.drivers.errors import Reason
from signetd.drivers.types import Algorithm, KeyType
from tests.unit.daemon.policy.values import grant
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import Office, certificate, refusal, registered, spki
from tests.unit.pki.holders import key

DAY, NOW = samples.DAY, samples.NOW


async def test_an_application_is_kept_as_it_was_made(every: Office) -> None:
    applied = await every.apply(format=messages.SEAL_FORMAT_V5)
    assert applied.state == messages.SEAL_STATE_APPLIED
    assert (applied.applicant, applied.signing_key) == ("applicant", "keys/sealing")
    assert (applied.title, applied.owner.unified_social_credit_code) == (
        "测试有限公司",
        samples.CODE,
    )
    assert list(applied.certificates) == [certificate("sealing")]
    assert (applied.seal_id, applied.sm3, applied.der) == ("", "", b"")
    assert applied.picture.data == samples.png()
    assert applied.format == messages.SEAL_FORMAT_V5
    assert await every.get() == applied
    (event,) = await every.events()
    assert (event.act, event.identity, event.number) == ("apply", "applicant", 1)
    assert getattr(event, "from") == messages.SEAL_STATE_UNSPECIFIED
    assert event.time == applied.create_time
    (record,) = every.records(operation="SealService/ApplyForSeal")
    assert (record["resource"], record["result"]) == ("seals/company", "OK")
    assert samples.CODE in record["detail"]


@pytest.mark.parametrize(
    ("changes", "reason", "said"),
    [
        ({"seal": ""}, Reason.INPUT_MISSING, "give the new seal a name"),
        ({"seal": "A"}, Reason.INPUT_INVALID, "seal is 'A'"),
        ({"kind": 0}, Reason.INPUT_MISSING, "kind is missing"),
        ({"kind": 77}, Reason.INPUT_INVALID, "kind has the number 77"),
        ({"title": ""}, Reason.INPUT_MISSING, "title"),
        ({"title": "x" * 201}, Reason.INPUT_INVALID, "1 to 200"),
        ({"owner": {"name": "x" * 201}}, Reason.INPUT_INVALID, "owner.name"),
        ({"owner": {"name": "x"}}, Reason.INPUT_MISSING, "owner.unified_social_credit_code"),
        ({"picture": {"kind": "PNG", "data": b"x"}}, Reason.PICTURE_UNSUITABLE, "picture.data"),
        ({"picture": {"kind": "TIFF", "data": b"x"}}, Reason.PICTURE_UNSUITABLE, "picture.kind"),
        ({"valid_from": None}, Reason.INPUT_MISSING, "valid_from is missing"),
        ({"valid_until": NOW - 2 * DAY}, Reason.INPUT_INVALID, "not after valid_from"),
        ({"valid_from": NOW - 101 * DAY}, Reason.CERTIFICATE_UNSUITABLE, "CN=sealing"),
        ({"valid_until": NOW + 1001 * DAY}, Reason.CERTIFICATE_UNSUITABLE, "CN=sealing"),
        ({"signing_key": ""}, Reason.INPUT_MISSING, "signing_key"),
        ({"signing_key": "seals/x"}, Reason.INPUT_INVALID, "signing_key"),
        ({"signing_key": "keys/sealing-9"}, Reason.KEY_NOT_FOUND, "sealing-9"),
        ({"format": 1}, Reason.INPUT_INVALID, "V4 or V5"),
        ({"format": 9}, Reason.INPUT_INVALID, "V4 or V5"),
        ({"other_certificates": [b"x"]}, Reason.CERTIFICATE_UNSUITABLE, "other_certificates[0]"),
    ],
)
async def test_what_is_wrong_with_an_application_is_said(
    office: Office, changes: dict[str, Any], reason: Reason, said: str
) -> None:
    error = await refusal(office.apply(**changes))
    assert (error.reason, said in error.message) == (reason, True), error.message
    assert (await refusal(office.get())).reason is Reason.SEAL_NOT_FOUND


async def test_validity_outside_the_certificate_names_both(office: Office) -> None:
    error = await refusal(office.apply(valid_until=NOW + 1001 * DAY))
    for moment in (NOW + 1001 * DAY, samples.LIFE[1]):
        assert f"{moment:%Y-%m-%d %H:%M:%S} UTC" in error.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"purpose": KeyPurpose.SIGNING}, Reason.KEY_PURPOSE_WRONG),
        ({"purpose": KeyPurpose.SEAL_MAKING}, Reason.KEY_PURPOSE_WRONG),
        ({"key_type": KeyType.EC_P256}, Reason.ALGORITHM_UNSUITABLE),
        ({"state": KeyState.DISABLED}, Reason.KEY_STATE_WRONG),
        ({"state": KeyState.DESTROYED}, Reason.KEY_STATE_WRONG),
        ({"certificates": ()}, Reason.CERTIFICATE_MISSING),
        ({"certificates": (certificate("maker"),)}, Reason.KEY_CERTIFICATE_UNSUITABLE),
    ],
)
async def test_keys_that_no_seal_is_stamped_with(
    office: Office, changes: dict[str, Any], reason: Reason
) -> None:
    default = Algorithm.SM2_SM3
    if changes.get("key_type") is KeyType.EC_P256:
        default = Algorithm.ECDSA_P256_SHA256
    await office.change_key("sealing", **changes, default_algorithm=default)
    assert (await refusal(office.apply())).reason is reason


async def test_a_certificate_that_is_not_for_signatures(office: Office) -> None:
    useless = samples.certificate(spki("sealing"), usages=("key_encipherment",))
    await office.change_key("sealing", certificates=(useless,))
    error = await refusal(office.apply())
    assert "is for keyEncipherment; one of digitalSignature and nonRepudiation" in error.message


async def test_a_certificate_of_a_key_that_is_not_sm2(office: Office) -> None:
    other = samples.certificate(key("ec", "x").spki, "elsewhere")
    error = await refusal(office.apply(other_certificates=[other]))
    assert error.reason is Reason.CERTIFICATE_UNSUITABLE
    assert "other_certificates[0] is not of an SM2 key" in error.message


async def test_further_certificates_are_in_the_seal_too(office: Office) -> None:
    other = samples.certificate(spki("elsewhere"), "elsewhere")
    applied = await office.apply(other_certificates=[other])
    assert list(applied.certificates) == [certificate("sealing"), other]
    short = samples.certificate(spki("e2"), "short", life=(NOW, NOW + DAY))
    error = await refusal(office.apply("second", other_certificates=[short]))
    assert "the certificate of CN=short is from" in error.message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([certificate("sealing")], "twice, or that of signing_key"),
        ([b"x"] * 101, "101 items; it may have 100"),
        ([b"x" * 60_000, b"y" * 60_000, *(bytes([n]) * 60_000 for n in range(3))], "262144"),
    ],
)
async def test_too_many_certificates(office: Office, given: list[bytes], said: str) -> None:
    assert said in (await refusal(office.apply(other_certificates=given))).message


async def test_who_may_not_see_a_key_learns_nothing_of_it(office: Office) -> None:
    real = await refusal(office.apply(who="stranger"))
    missing = await refusal(office.apply(who="stranger", signing_key="keys/nothing"))
    assert real.reason is missing.reason is Reason.PERMISSION_DENIED
    assert real.message.replace("sealing", "nothing") == missing.message


@pytest.mark.parametrize("operation", [Operation.READ, Operation.STAMP])
async def test_a_grant_to_read_or_to_stamp_is_enough(office: Office, operation: Operation) -> None:
    allowed = grant("g2", identity="colleague", keys="sealing", operations=frozenset({operation}))
    with office.database.transaction("The test") as connection:
        create_grant(allowed)(connection, office.now)
    assert (await office.apply(who="colleague")).applicant == "colleague"


async def test_a_security_administrator_may_apply(office: Office) -> None:
    assert (await office.apply(who="reviewer")).applicant == "reviewer"
    assert (await office.review(who="other")).reviewer == "other"


async def test_a_name_is_used_once(every: Office) -> None:
    await every.apply()
    await every.act("Cancel")
    error = await refusal(every.apply())
    assert (error.reason, "never used again" in error.message) == (Reason.SEAL_EXISTS, True)
    (record,) = every.records(operation="SealService/ApplyForSeal", result="SEAL_EXISTS")
    assert not record["allowed"]


async def test_a_review_accepts_or_rejects(every: Office) -> None:
    await every.apply()
    accepted = await every.review(reason="complete")
    assert (accepted.state, accepted.reviewer) == (messages.SEAL_STATE_ACCEPTED, "reviewer")
    assert accepted.state_reason == "complete"
    await every.apply("second")
    rejected = await every.review("second", accepted=False, reason="no licence")
    assert (rejected.state, rejected.state_reason) == (messages.SEAL_STATE_REJECTED, "no licence")
    assert [event.act for event in await every.events("second")] == ["apply", "reject"]
    assert (await refusal(every.review("second"))).reason is Reason.SEAL_STATE_WRONG


async def test_a_rejection_needs_a_reason(office: Office) -> None:
    await office.apply()
    error = await refusal(office.review(accepted=False))
    assert error.reason is Reason.INPUT_MISSING
    assert (await office.get()).state == messages.SEAL_STATE_APPLIED


async def test_nobody_reviews_what_is_their_own(office: Office) -> None:
    await office.apply(who="reviewer")
    error = await refusal(office.review())
    assert error.reason is Reason.SAME_PERSON
    assert "another security administrator" in error.message


async def test_a_key_that_changes_meanwhile_is_looked_at_again(office: Office) -> None:
    """The record is written under the policy that counts then, or not at all."""
    act = office.recorder.act
    times: list[int] = []

    async def slow(*arguments: Any, **options: Any) -> Any:
        if not times:
            times.append(1)
            changed = registered("sealing", KeyPurpose.SEALING, state=KeyState.DISABLED)
            office.database.keys.update(changed, office.keys.get("sealing"))
        return await act(*arguments, **options)

    office.recorder.act = slow  # type: ignore[method-assign]
    assert (await refusal(office.apply())).reason is Reason.KEY_STATE_WRONG
    assert (await refusal(office.get())).reason is Reason.SEAL_NOT_FOUND
