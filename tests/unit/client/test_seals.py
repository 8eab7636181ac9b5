"""Both clients send what is asked of seals, and look at what comes back."""

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, assert_type

import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.client import (
    AsyncClient,
    Client,
    CorruptReply,
    Endpoint,
    FailedPrecondition,
    InvalidRequest,
    SealItem,
    SignetdError,
    Stamp,
    StampExtensionItem,
    StampItem,
)
from signetd.client._seals_aio import AsyncSealCalls
from signetd.client._seals_sync import SealCalls
from signetd.gm.sm3 import sm3
from tests.unit.client.seal_server import DER, NOW, PNG, SealServer, failure, seal, serving, stamped

CODE = "91110108MA01A2B3CF"
ITEM = SealItem(
    name="company",
    kind="legal-name",
    title="示例科技有限公司",
    owner="示例科技有限公司",
    code=CODE,
    picture=PNG,
    width=40,
    height=42,
    valid_from=NOW,
    valid_until=NOW + timedelta(days=700),
    key="sealing",
)
STAMP = StampItem(seal="company", document_digest=sm3(b"document"), property_info="/Signature.xml")
ELSEWHERE: dict[str, Any] = {"kind": "business", "owner": "某某", "code": CODE}
CALLS: list[tuple[str, Callable[[Any], Any], dict[str, Any]]] = [
    ("ReviewSeal", lambda seals: seals.review("a", accepted=True), {"accepted": True}),
    (
        "ReviewSeal",
        lambda seals: seals.review("a", accepted=False, reason="no"),
        {"reason": "no"},
    ),
    (
        "MakeSeal",
        lambda seals: seals.make("seals/a", maker_key="m", seal_id="1101", approval="x1"),
        {"maker_key": "keys/m", "seal_id": "1101", "approval": "approvals/x1"},
    ),
    (
        "FileSeal",
        lambda seals: seals.file("a", filing_number="F 1", remark="公安"),
        {"filing_number": "F 1", "remark": "公安"},
    ),
    ("SuspendSeal", lambda seals: seals.suspend("a", reason="lost"), {"reason": "lost"}),
    ("ResumeSeal", lambda seals: seals.resume("a", reason="found"), {"reason": "found"}),
    ("CancelSeal", lambda seals: seals.cancel("a", reason="end"), {"reason": "end"}),
    ("GetSeal", lambda seals: seals.get("a"), {}),
]
"""Calls on the seal `a` that answer with it: the method, and its fields beside the name."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[SealServer, str]]:
    with serving(tmp_path) as (server, address):
        server.answers = {method: seal() for method, _, _ in CALLS}
        server.answers |= {each: seal() for each in ("ApplyForSeal", "ChangeSeal", "ImportSeal")}
        yield server, address


@pytest.fixture
def server(served: tuple[SealServer, str]) -> SealServer:
    return served[0]


@pytest.fixture
def client(served: tuple[SealServer, str]) -> Iterator[Client]:
    with Client(Endpoint(served[1]), timeout=10) as client:
        yield client


@pytest.mark.parametrize(("method", "call", "fields"), CALLS)
async def test_what_is_sent_by_both_clients(
    method: str,
    call: Callable[[Any], Any],
    fields: dict[str, Any],
    served: tuple[SealServer, str],
) -> None:
    server, address = served
    wanted = getattr(messages, f"{method}Request")(name="seals/a", **fields)
    with Client(Endpoint(address), timeout=10) as client:
        assert call(client.seals) == seal()
    async with AsyncClient(Endpoint(address), timeout=10) as other:
        assert await call(other.seals) == seal()
    assert server.asked(method) == [wanted, wanted]


def test_an_application_arrives_whole(client: Client, server: SealServer, tmp_path: Path) -> None:
    (tmp_path / "seal.gif").write_bytes(b"GIF89a...")
    further = {"format": "v5", "picture": tmp_path / "seal.gif", "other_certificates": (b"x",)}
    item = SealItem(**(vars(ITEM) | further))
    assert client.seals.apply(item) == seal()
    (request,) = server.asked("ApplyForSeal")
    assert request.seal == "company"
    assert request.kind == messages.SEAL_KIND_LEGAL_NAME
    assert (request.title, request.owner.name) == (ITEM.title, ITEM.owner)
    assert request.owner.unified_social_credit_code == CODE
    picture = request.picture
    assert (picture.kind, picture.data) == ("GIF", b"GIF89a...")
    assert (picture.width, picture.height) == (40, 42)
    assert request.valid_from.ToDatetime(tzinfo=UTC) == NOW
    assert request.valid_until.ToDatetime(tzinfo=UTC) == ITEM.valid_until
    assert request.signing_key == "keys/sealing"
    assert request.format == messages.SEAL_FORMAT_V5
    assert list(request.other_certificates) == [b"x"]
    client.seals.change("old", ITEM, reason="更名")
    (change,) = server.asked("ChangeSeal")
    assert (change.name, change.reason) == ("seals/old", "更名")
    assert change.application.picture.kind == "PNG"
    assert change.application.format == messages.SEAL_FORMAT_UNSPECIFIED


@pytest.mark.parametrize(
    ("name", "number"), [(None, 0), ("v1", 1), ("V4", 4), ("v5", messages.SEAL_FORMAT_V5)]
)
def test_numbers_of_formats(
    name: str | None, number: int, client: Client, server: SealServer
) -> None:
    client.seals.apply(SealItem(**(vars(ITEM) | {"format": name})))
    assert server.asked("ApplyForSeal")[0].format == number


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "PNG"),
        (b"\xff\xd8\xff\xe0", "JPG"),
        (b"BM....", "BMP"),
        (b"PK\x03\x04", "ofd"),
        (b'\xef\xbb\xbf <?xml version="1.0"?><svg/>', "SVG"),
    ],
)
def test_the_content_says_what_kind_a_picture_is(
    data: bytes, kind: str, client: Client, server: SealServer
) -> None:
    client.seals.apply(SealItem(**(vars(ITEM) | {"picture": data})))
    assert server.asked("ApplyForSeal")[0].picture.kind == kind


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "round"}, "legal-name"),
        ({"format": "v3"}, "v4"),
        ({"valid_from": datetime(2026, 1, 1)}, "no time zone"),
        ({"valid_until": datetime(2026, 1, 1)}, "no time zone"),
        ({"picture": b"%PDF-1.7"}, "none of PNG"),
        ({"picture": b"<html></html>"}, "none of PNG"),
        ({"picture": Path("/nowhere/seal.png")}, "/nowhere/seal.png cannot be read"),
    ],
)
def test_what_is_wrong_with_an_application_is_said_here(
    changes: dict[str, Any], said: str, client: Client, server: SealServer
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        client.seals.apply(SealItem(**(vars(ITEM) | changes)))
    assert server.requests == []


def test_a_picture_that_is_too_large_is_not_sent(
    client: Client, server: SealServer, tmp_path: Path
) -> None:
    (tmp_path / "large.png").write_bytes(PNG + bytes(1 << 20))
    with pytest.raises(InvalidRequest, match="1 MiB"):
        client.seals.apply(SealItem(**(vars(ITEM) | {"picture": tmp_path / "large.png"})))
    assert server.requests == []


def test_an_import_arrives(client: Client, server: SealServer) -> None:
    client.seals.import_("theirs", DER, **ELSEWHERE, key="k", trust_list="region")
    client.seals.import_("theirs", DER, **ELSEWHERE)
    first, second = server.asked("ImportSeal")
    assert (first.seal, first.der, first.kind) == ("theirs", DER, messages.SEAL_KIND_BUSINESS)
    assert (first.signing_key, first.trust_list) == ("keys/k", "trustLists/region")
    assert (second.signing_key, second.trust_list) == ("", "")


def test_all_pages_are_read(client: Client, server: SealServer) -> None:
    server.answers["ListSeals"] = [
        messages.ListSealsResponse(seals=[seal("a")], next_page_token="2"),
        messages.ListSealsResponse(next_page_token="3"),  # a page may be empty and not the last
        messages.ListSealsResponse(seals=[seal("b")]),
    ]
    found = client.seals.list(["in-use", "suspended"], code=CODE)
    assert [each.name for each in found] == ["seals/a", "seals/b"]
    requests = server.asked("ListSeals")
    assert [each.page_token for each in requests] == ["", "2", "3"]
    states = [messages.SEAL_STATE_IN_USE, messages.SEAL_STATE_SUSPENDED]
    assert all(list(each.states) == states for each in requests)
    assert {each.unified_social_credit_code for each in requests} == {CODE}
    with pytest.raises(InvalidRequest, match="in-use"):
        client.seals.list(["lost"])


def test_events_and_compromises(client: Client, server: SealServer) -> None:
    event = messages.SealEvent(number=1, act="apply")
    server.answers["ListSealEvents"] = messages.ListSealEventsResponse(events=[event])
    server.answers["ReportKeyCompromise"] = messages.ReportKeyCompromiseResponse(
        suspended=["seals/a"]
    )
    assert client.seals.events("a") == [event]
    assert client.seals.report_key_compromise("k", reason="stolen") == ["seals/a"]
    (request,) = server.asked("ReportKeyCompromise")
    assert (request.key, request.reason) == ("keys/k", "stolen")


def test_a_status_by_each_name(client: Client, server: SealServer) -> None:
    server.answers["GetSealStatus"] = messages.SealStatus(good=True)
    at = datetime(2026, 11, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    client.seals.status("a")
    client.seals.status(seal_id="1101")
    assert client.seals.status(sm3="AB" * 32, time=at).good
    by_name, by_code, by_sm3 = server.asked("GetSealStatus")
    assert (by_name.WhichOneof("seal"), by_name.name) == ("name", "seals/a")
    assert not by_name.HasField("time")
    assert (by_code.WhichOneof("seal"), by_code.seal_id) == ("seal_id", "1101")
    assert (by_sm3.WhichOneof("seal"), by_sm3.sm3) == ("sm3", "ab" * 32)
    assert by_sm3.time.ToDatetime(tzinfo=UTC) == datetime(2026, 11, 1, tzinfo=UTC)
    for name, seal_id in (("", ""), ("a", "1101")):
        with pytest.raises(InvalidRequest, match="exactly one"):
            client.seals.status(name, seal_id=seal_id)
    with pytest.raises(InvalidRequest, match="zone"):
        client.seals.status("a", time=datetime(2026, 11, 1))


def test_a_stamp(client: Client, server: SealServer, tmp_path: Path) -> None:
    server.answers["Stamp"] = stamped(timestamped=False, timestamp_failure="no authority")
    (tmp_path / "Signature.xml").write_bytes(b"document")
    item = StampItem.of_file(
        "company",
        tmp_path / "Signature.xml",
        property_info="/Signature.xml",
        approval="x",
        timestamp=True,
    )
    assert client.seals.stamp(item) == Stamp(
        stamp=b"a stamp",
        time=NOW,
        key_version="keys/sealing/versions/1",
        timestamp_failure="no authority",
        audit_number=12,
    )
    (request,) = server.asked("Stamp")
    assert request.seal == "seals/company"
    assert (request.document_digest, request.property_info) == (sm3(b"document"), "/Signature.xml")
    assert (request.approval, request.timestamp) == ("approvals/x", True)


def test_extensions_of_a_stamp(client: Client, server: SealServer) -> None:
    server.answers["Stamp"] = stamped()
    extension = StampExtensionItem(oid="1.2.3", value=b"v", critical=True)
    client.seals.stamp(StampItem(**(vars(STAMP) | {"extensions": (extension,)})))
    (found,) = server.asked("Stamp")[0].extensions
    assert (found.oid, found.value, found.critical) == ("1.2.3", b"v", True)


async def test_a_stamp_that_was_altered_is_found(served: tuple[SealServer, str]) -> None:
    server, address = served
    server.answers["Stamp"] = stamped(altered=True)
    with Client(Endpoint(address), timeout=10) as client, pytest.raises(CorruptReply):
        client.seals.stamp(STAMP)
    async with AsyncClient(Endpoint(address), timeout=10) as other:
        with pytest.raises(CorruptReply):
            await other.seals.stamp(STAMP)


def test_a_seal_that_was_altered_is_found(client: Client, server: SealServer) -> None:
    server.answers["GetSeal"] = seal(der=DER + b".")
    with pytest.raises(CorruptReply, match="seals/company"):
        client.seals.get("company")


@pytest.mark.parametrize("digest", [b"", b"the document itself", bytes(20), bytes(33)])
def test_what_is_no_digest_is_not_sent(digest: bytes, client: Client, server: SealServer) -> None:
    wrong = StampItem(**(vars(STAMP) | {"document_digest": digest}))
    with pytest.raises(InvalidRequest, match="an SM3 has 32"):
        client.seals.stamp(wrong)
    with pytest.raises(InvalidRequest):
        client.seals.stamp_batch([STAMP, wrong])
    assert server.requests == []


async def test_each_item_of_a_batch_has_a_result(served: tuple[SealServer, str]) -> None:
    server, address = served
    results = [
        messages.BatchStampResult(response=stamped(b"one")),
        messages.BatchStampResult(error=failure("SEAL_STATE_WRONG")),
        messages.BatchStampResult(response=stamped(b"three", altered=True)),
        messages.BatchStampResult(),
    ]
    server.answers["BatchStamp"] = messages.BatchStampResponse(results=results)
    with Client(Endpoint(address), timeout=10) as client:
        found = client.seals.stamp_batch([STAMP] * 4)
        with pytest.raises(CorruptReply, match="4 results came for 3"):
            client.seals.stamp_batch([STAMP] * 3)
    async with AsyncClient(Endpoint(address), timeout=10) as other:
        again = await other.seals.stamp_batch([STAMP] * 4)
    for one, two, three, four in (found, again):
        assert isinstance(one, Stamp)
        assert one.stamp == b"one"
        assert isinstance(two, FailedPrecondition)
        assert two.reason == "SEAL_STATE_WRONG"
        assert isinstance(three, CorruptReply)
        assert isinstance(four, SignetdError)


def test_changes_are_not_tried_again(client: Client, server: SealServer) -> None:
    refusal = failure("TOKEN_ABSENT", retryable=True)
    server.answers |= {"MakeSeal": refusal, "ReportKeyCompromise": refusal}
    with pytest.raises(FailedPrecondition):
        client.seals.make("a", maker_key="m", seal_id="1")
    assert len(server.asked("MakeSeal")) == 1
    with pytest.raises(FailedPrecondition):
        client.seals.report_key_compromise("k", reason="stolen")
    assert len(server.asked("ReportKeyCompromise")) == 3, "twice is as once: it is tried again"


def test_both_clients_have_the_same_calls() -> None:
    def signatures(kind: type) -> dict[str, Any]:
        return {
            name: (call.parameters, call.return_annotation)
            for name, member in vars(kind).items()
            if not name.startswith("_")
            for call in [inspect.signature(member)]
        }

    assert signatures(SealCalls) == signatures(AsyncSealCalls)


def test_types_are_plain(client: Client, server: SealServer) -> None:
    server.answers |= {"Stamp": stamped(), "GetSealStatus": messages.SealStatus()}
    server.answers["ListSeals"] = messages.ListSealsResponse()
    server.answers["BatchStamp"] = messages.BatchStampResponse()
    assert_type(client.seals.stamp_batch([]), list[Stamp | SignetdError])
    made = client.seals.stamp(STAMP)
    assert_type(made.stamp, bytes)
    assert_type(made.time, datetime)
    assert_type(client.seals.list(), list[messages.Seal])
    assert_type(client.seals.status("a"), messages.SealStatus)
    assert made.time.tzinfo is UTC
