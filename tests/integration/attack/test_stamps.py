"""Attacks on stamps: other grants, used approvals, odd requests, and names that are guessed."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approvals
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.seal import parse_stamp
from tests.integration.attack.calls import Answer
from tests.integration.attack.scene import FOUNDER, scene
from tests.integration.stamps.conftest import (
    DOCUMENT,
    PEOPLE,
    Office,
    digest,
    open_office,
    order,
)

DENIED, OTHER = "PERMISSION_DENIED", digest(b"another document")


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A daemon where `signer` may do everything with every key but stamp."""
    with scene(*PEOPLE, "signer", "thief") as town:
        made = Office(town)
        made.start()
        open_office(made)
        for name in ("signer", "thief"):
            town.admit(name, access.ROLE_SIGNER)
        operations = [access.OPERATION_READ, access.OPERATION_SIGN, access.OPERATION_VERIFY]
        town.grant("signer", "*", operations=operations)
        yield made


@contextmanager
def untouched(office: Office, *names: str) -> Iterator[None]:
    """Whatever is done inside asks no token, counts as no use, and changes no seal."""
    before = [office.get(name) for name in names]
    begun = office.town.daemon.count("C_SignInit")
    yield
    assert office.town.daemon.count("C_SignInit") == begun, "the token was asked"
    assert [office.get(name) for name in names] == before


def stamped_digests(office: Office, after: int) -> list[str]:
    """Return the digests of the stamps that the audit says were given out."""
    found = office.town.records(after, operation="stamp", result="OK")
    return [json.loads(record.json)["digest"] for record in found]


class TestGrants:
    """What is granted for one thing is not granted for another."""

    def test_a_grant_to_sign_is_none_to_stamp(self, office: Office) -> None:
        seal = office.seal()
        with untouched(office, seal):
            assert office.stamp(seal, "signer").result == DENIED
            request = seals.BatchStampRequest(requests=[order(seal)] * 3)
            results = office.done("signer", "BatchStamp", request).results
            assert [each.WhichOneof("outcome") for each in results] == ["error"] * 3
            asked = approvals.CreateApprovalRequest(stamp=order(seal), summary="x")
            answer = office.town.by("signer").call("ApprovalService/CreateApproval", asked)
            assert answer.result == DENIED, "who could not stamp anyway bothers nobody"

    @pytest.mark.parametrize("who", ["signer", "stamper", FOUNDER])
    def test_keys_of_seals_sign_nothing_that_a_caller_gives(self, office: Office, who: str) -> None:
        """Not even what would be in a stamp: TBS_Sign as a message, or its digest."""
        key = office.key()
        seal = office.seal(key)
        taken = parse_stamp(office.stamped(seal).stamp).signed
        with untouched(office, seal):
            for name in (key, "maker"):
                items = [
                    signing.SignRequest(key=f"keys/{name}", message=taken[:65536]),
                    signing.SignRequest(key=f"keys/{name}", digest=OTHER),
                    signing.SignRequest(key=f"keys/{name}/versions/1", digest=OTHER),
                ]
                for item in items:
                    answer = office.town.by(who).call("SigningService/Sign", item)
                    assert answer.result in {DENIED, "KEY_PURPOSE_WRONG", "INPUT_INVALID"}, answer
                batch = signing.BatchSignRequest(requests=items)
                results = office.town.by(who).done("SigningService/BatchSign", batch).results
                assert [each.WhichOneof("outcome") for each in results] == ["error"] * 3

    @pytest.mark.parametrize("who", ["signer", "stamper", "stranger", "auditor"])
    def test_requests_for_certificates_are_made_by_security_administrators(
        self, office: Office, who: str
    ) -> None:
        key = office.key()
        seal = office.seal(key)
        with untouched(office, seal):
            for name in (key, "maker"):
                asked = keys.CreateCsrRequest(name=f"keys/{name}", subject="CN=thief")
                answer = office.town.by(who).call("KeyService/CreateCsr", asked)
                assert answer.result == DENIED, answer

    def test_the_seal_of_another_owner(self, office: Office) -> None:
        own, foreign = office.key(), office.key()
        mine, theirs = office.seal(own), office.seal(foreign)
        office.town.grant("thief", own, operations=[access.OPERATION_STAMP])
        office.stamped(mine, "thief")
        with untouched(office, theirs):
            assert office.stamp(theirs, "thief").result == DENIED
        first = office.town.last()
        given = [order(mine), order(theirs, document_digest=OTHER), order(mine)]
        results = office.done(
            "thief", "BatchStamp", seals.BatchStampRequest(requests=given)
        ).results
        assert [each.WhichOneof("outcome") for each in results] == ["response", "error", "response"]
        assert stamped_digests(office, first) == [digest(DOCUMENT).hex()] * 2
        for each in (results[0], results[2]):
            assert parse_stamp(each.response.stamp).seal.der == office.get(mine).der

    def test_a_grant_that_is_gone_stamps_no_more(self, office: Office) -> None:
        key = office.key()
        seal = office.seal(key)
        name = office.town.grant("thief", key, operations=[access.OPERATION_STAMP])
        office.stamped(seal, "thief")
        request = access.DeleteGrantRequest(name=name)
        office.town.by(FOUNDER).done("AccessService/DeleteGrant", request)
        assert office.stamp(seal, "thief").result == DENIED


class TestApprovals:
    """An approval is for one stamp with one seal on one document by who has asked for it."""

    @pytest.fixture
    def guarded(self, office: Office) -> str:
        """Return the name of a key that asks for approval."""
        key = office.key()
        rule = resources.ApprovalRule(count=1)
        office.town.policy(key, resources.KeyPolicy(approval=rule))
        return key

    def approved(self, office: Office, seal: str, who: str = "stamper") -> str:
        request = approvals.CreateApprovalRequest(stamp=order(seal), summary="合同 42")
        asked = office.town.by(who).done("ApprovalService/CreateApproval", request)
        vote = approvals.ApproveApprovalRequest(name=asked.name, digest=asked.digest)
        office.town.by("second").done("ApprovalService/ApproveApproval", vote)
        return str(asked.name)

    def test_for_another_document_seal_or_caller(self, office: Office, guarded: str) -> None:
        one, two = office.seal(guarded), office.seal(guarded)
        office.town.grant("thief", guarded, operations=[access.OPERATION_STAMP])
        approval = self.approved(office, one)
        with untouched(office, one, two):
            for answer in (
                office.stamp(one, approval=approval, document_digest=OTHER),
                office.stamp(two, approval=approval),
                office.stamp(one, "thief", approval=approval),
                office.stamp(one, approval="approvals/a1"),
                office.stamp(one, approval=approval.upper()),
            ):
                assert answer.result in {"APPROVAL_INVALID", "INPUT_INVALID"}, answer
            assert office.stamp(one).result == "APPROVAL_NEEDED"
        office.stamped(one, approval=approval)

    def test_what_is_approved_for_a_signature_is_not_for_a_stamp(
        self, office: Office, guarded: str
    ) -> None:
        seal = office.seal(guarded)
        office.town.key("plain", key_type=resources.KEY_TYPE_SM2)
        office.town.policy("plain", resources.KeyPolicy(approval=resources.ApprovalRule(count=1)))
        office.town.grant("stamper", "plain")
        sign = signing.SignRequest(key="keys/plain", digest=digest(DOCUMENT))
        request = approvals.CreateApprovalRequest(sign=sign, summary="x")
        asked = office.town.by("stamper").done("ApprovalService/CreateApproval", request)
        vote = approvals.ApproveApprovalRequest(name=asked.name, digest=asked.digest)
        office.town.by("second").done("ApprovalService/ApproveApproval", vote)
        assert office.stamp(seal, approval=asked.name).result == "APPROVAL_INVALID"
        sign.approval = self.approved(office, seal)
        answer = office.town.by("stamper").call("SigningService/Sign", sign)
        assert answer.result == "APPROVAL_INVALID", answer

    def test_of_many_at_once_one_uses_it(self, office: Office, guarded: str) -> None:
        seal = office.seal(guarded)
        approval = self.approved(office, seal)
        with ThreadPoolExecutor(16) as threads:
            answers = [
                each.result()
                for each in [
                    threads.submit(office.stamp, seal, approval=approval) for _ in range(16)
                ]
            ]
        results = sorted(each.result for each in answers)
        assert results == ["APPROVAL_INVALID"] * 15 + ["OK"], results
        assert office.get(seal).uses == 1
        again = office.done(
            "stamper",
            "BatchStamp",
            seals.BatchStampRequest(requests=[order(seal, approval=approval)] * 3),
        )
        assert {each.WhichOneof("outcome") for each in again.results} == {"error"}

    def test_a_seal_that_is_suspended_between_approval_and_stamp(
        self, office: Office, guarded: str
    ) -> None:
        seal = office.seal(guarded)
        approval = self.approved(office, seal)
        office.act("Suspend", seal)
        with untouched(office, seal):
            assert office.stamp(seal, approval=approval).result == "SEAL_STATE_WRONG"
        office.act("Resume", seal)
        office.stamped(seal, approval=approval)
        assert office.stamp(seal, approval=approval).result == "APPROVAL_INVALID"

    def test_a_seal_that_is_changed_between_approval_and_stamp(
        self, office: Office, guarded: str
    ) -> None:
        """The new one is another seal, and the approval was for the old."""
        seal = office.seal(guarded)
        approval = self.approved(office, seal)
        office.act("Cancel", seal)
        other = office.seal(guarded)
        assert office.stamp(seal, approval=approval).result == "SEAL_STATE_WRONG"
        assert office.stamp(other, approval=approval).result == "APPROVAL_INVALID"


class TestStrangers:
    """Who guesses names learns nothing."""

    METHODS: tuple[tuple[str, Any], ...] = (
        ("Stamp", lambda name: order(name)),
        ("GetSeal", lambda name: seals.GetSealRequest(name=f"seals/{name}")),
        ("ListSealEvents", lambda name: seals.ListSealEventsRequest(name=f"seals/{name}")),
        ("GetSealStatus", lambda name: seals.GetSealStatusRequest(name=f"seals/{name}")),
        ("CancelSeal", lambda name: seals.CancelSealRequest(name=f"seals/{name}", reason="x")),
        ("SuspendSeal", lambda name: seals.SuspendSealRequest(name=f"seals/{name}", reason="x")),
    )

    @pytest.mark.parametrize(("method", "request_of"), METHODS, ids=[each for each, _ in METHODS])
    def test_the_words_are_the_same(self, office: Office, method: str, request_of: Any) -> None:
        key = office.key()
        found = [office.seal(key) for _ in range(3)]
        office.act("Suspend", found[1])
        office.act("Cancel", found[2])
        for name in found:
            missing = name.replace("seal-", "seem-")
            answers = [
                office.town.by("stranger").call(f"SealService/{method}", request_of(each))
                for each in (name, missing)
            ]
            assert [each.result for each in answers] == [DENIED] * 2
            assert answers[0].message.replace(name, missing) == answers[1].message
            assert key not in answers[0].message

    def test_the_status_by_code_or_data_is_not_told_either(self, office: Office) -> None:
        """Where it is not published."""
        seal = office.get(office.seal())
        for field, known in (("seal_id", seal.seal_id), ("sm3", seal.sm3)):
            unknown = known[::-1]
            answers = []
            for value in (known, unknown):
                asked = seals.GetSealStatusRequest()
                setattr(asked, field, value)
                answers.append(office.call("stranger", "GetSealStatus", asked))
            assert [each.result for each in answers] == [DENIED] * 2
            assert answers[0].message.replace(known, unknown) == answers[1].message, field

    def test_their_list_is_empty(self, office: Office) -> None:
        office.seal()
        assert not office.done("stranger", "ListSeals", seals.ListSealsRequest()).seals

    def test_the_time_is_of_the_same_kind(self, office: Office) -> None:
        """Medians of calls by turns: a verified chain, or a token, would be many times as long."""
        known = office.seal()
        missing = known.replace("seal-", "seem-")
        office.stamped(known)
        times: dict[str, list[float]] = {known: [], missing: []}
        for number in range(120):
            for name in (known, missing) if number % 2 else (missing, known):
                start = perf_counter()
                assert office.stamp(name, "stranger").result == DENIED
                times[name].append(perf_counter() - start)
        ratio = median(times[known]) / median(times[missing])
        assert 0.6 < ratio < 1.7, f"a seal that there is takes {ratio:.2f} times as long"


class TestRequests:
    """Requests that are odd are refused as such, and nothing is stamped."""

    @pytest.mark.parametrize(
        "info",
        ["a\nb", "a\0b", "a\x7fb", "a\rb", "合同", "a\u202eb", "a" * 1025, "\n", "x\n"],
        ids=ascii,
    )
    def test_what_is_protected_is_said_in_one_line_of_ascii(
        self, office: Office, info: str
    ) -> None:
        seal = office.seal()
        with untouched(office, seal):
            answer = office.stamp(seal, property_info=info)
        assert (answer.result, "property_info" in answer.message) == ("INPUT_INVALID", True), answer
        assert "\n" not in answer.message and "\0" not in answer.message

    @pytest.mark.parametrize(
        "given",
        [
            [("1.2.3.4", b"1"), ("1.2.3.4", b"2")],
            [("1.2.3.4", b"1"), ("1.2.5", b""), ("1.2.3.4", b"1")],
            [("1.2.3.4", bytes((64 << 10) + 1))],
            [("1.2.3", b"")] * 17,
            [(f"1.2.{number}", b"") for number in range(17)],
            [("", b"1")],
            [("1", b"1")],
            [("3.1", b"1")],
            [("1.40", b"1")],
            [("1.2.03", b"1")],
            [("1.2.-3", b"1")],
            [("1.2." + "9" * 400, b"1")],
            [("1.2.3\n", b"1")],
        ],
        ids=lambda given: f"{len(given)} {given[0][0][:8]!a} {len(given[0][1])}",
    )
    def test_extensions(self, office: Office, given: list[tuple[str, bytes]]) -> None:
        seal = office.seal()
        extensions = [seals.StampExtension(oid=oid, value=value) for oid, value in given]
        with untouched(office, seal):
            answer = office.stamp(seal, extensions=extensions)
        assert answer.result in {"INPUT_INVALID", "INPUT_MISSING"}, answer
        assert "extensions" in answer.message, answer

    def test_the_largest_extensions_are_stamped_and_told_apart(self, office: Office) -> None:
        seal = office.seal()
        values = [secrets.token_bytes(64 << 10) for _ in range(16)]
        extensions = [
            seals.StampExtension(oid=f"1.2.{number}", critical=number % 2 == 0, value=value)
            for number, value in enumerate(values)
        ]
        made = parse_stamp(office.stamped(seal, extensions=extensions).stamp)
        assert [each.value for each in made.extensions] == values
        assert office.recipe(office.stamped(seal, extensions=extensions).stamp)[0] == "exit 0"

    @pytest.mark.parametrize("size", [0, 1001])
    def test_batches_without_items_or_with_too_many(self, office: Office, size: int) -> None:
        seal = office.seal()
        with untouched(office, seal):
            request = seals.BatchStampRequest(requests=[order(seal)] * size)
            answer = office.call("stamper", "BatchStamp", request)
        assert answer.code == "INVALID_ARGUMENT", answer
        assert str(size) in answer.message or size == 0

    @pytest.mark.parametrize(
        "name",
        ["", "seals/", "seal", "keys/maker", "seals/../maker", "seals/a/b", "seals/A", "seals/a\0",
         "seals/a\nb", "seals/" + "a" * 5000, "seals/-", "seals/%61"],
        ids=lambda name: ascii(name[:16]),
    )  # fmt: skip
    def test_names_that_are_none(self, office: Office, name: str) -> None:
        begun = office.town.daemon.count("C_SignInit")
        request = order("x")
        request.seal = name
        answer = office.call("stamper", "Stamp", request)
        assert answer.code in {"INVALID_ARGUMENT", "PERMISSION_DENIED"}, answer
        assert len(answer.message) < 500
        assert office.town.daemon.count("C_SignInit") == begun

    @pytest.mark.parametrize("size", [0, 20, 31, 33, 64, 1 << 20])
    def test_digests_that_are_none(self, office: Office, size: int) -> None:
        seal = office.seal()
        with untouched(office, seal):
            answer = office.stamp(seal, document_digest=bytes(size))
        assert answer.code == "INVALID_ARGUMENT", answer

    def test_bytes_that_are_no_request(self, office: Office) -> None:
        for raw in (b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", secrets.token_bytes(200)):
            answer: Answer = office.town.by("stamper").call("SealService/Stamp", raw)
            assert answer.code in {"INTERNAL", "INVALID_ARGUMENT", "PERMISSION_DENIED"}, answer
        office.stamped(office.seal())


def test_a_history_hides_nothing(office: Office) -> None:
    """It has every act in the audit, in order, by whom and when, also what was tried between."""
    seal = office.seal()
    first = office.town.last()
    office.stamped(seal)
    office.stamp(seal, "stranger")
    office.act("Suspend", seal, "look")
    office.stamp(seal)
    office.call("stamper", "ResumeSeal", seals.ResumeSealRequest(name=f"seals/{seal}", reason="x"))
    office.act("Resume", seal, "fine")
    office.act("Cancel", seal, "over")
    asked = seals.ListSealEventsRequest(name=f"seals/{seal}")
    events = office.done("auditor", "ListSealEvents", asked).events
    told = [(each.act, each.identity, each.reason) for each in events]
    assert told == [
        ("apply", "applicant", ""),
        ("accept", "reviewer", ""),
        ("make", "reviewer", ""),
        ("file", "reviewer", ""),
        ("suspend", "reviewer", "look"),
        ("resume", "reviewer", "fine"),
        ("cancel", "reviewer", "over"),
    ]
    times = [each.time.ToNanoseconds() for each in events]
    assert times == sorted(times)
    audited = [
        (record.operation.partition("/")[2], record.identity, record.result)
        for record in office.town.records(first)
        if record.resource == f"seals/{seal}" and "/" in record.operation
    ]
    done = [each for each in audited if each[2] == "OK" and not each[0].startswith(("Get", "List"))]
    assert done == [
        ("SuspendSeal", "reviewer", "OK"),
        ("ResumeSeal", "reviewer", "OK"),
        ("CancelSeal", "reviewer", "OK"),
    ]
    refused = office.town.records(first, operation="SealService/ResumeSeal", result=DENIED)
    assert [record.identity for record in refused] == ["stamper"]
    stamps = [
        (record.identity, record.result) for record in office.town.records(first, operation="stamp")
    ]
    assert stamps == [("stamper", "OK"), ("stranger", DENIED), ("stamper", "SEAL_STATE_WRONG")]
