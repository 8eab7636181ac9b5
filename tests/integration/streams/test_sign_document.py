"""Documents signed by a real daemon on SoftHSM, as they arrive; openssl verifies the signatures."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approvals
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as messages
from tests.integration.attack.scene import FOUNDER, Scene
from tests.integration.streams.talk import Openssl, chunks, document, end, refused, start

Part = messages.SignDocumentRequest
MEBIBYTE = 1 << 20


@pytest.fixture
def channel(town: Scene) -> grpc.Channel:
    return town.by("signer").channel


def memory(town: Scene) -> int:
    """The resident memory of the daemon, in bytes."""
    assert town.daemon.process is not None
    status = Path(f"/proc/{town.daemon.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


@pytest.mark.parametrize("key", ["sm2", "ec", "rsa"])
@pytest.mark.parametrize("size", [0, 1, 63, 64 << 10, 700_001])
def test_openssl_verifies_documents_of_every_kind_of_key(
    channel: grpc.Channel, openssl: Openssl, key: str, size: int
) -> None:
    data = random.Random(size).randbytes(size)
    checks = {"document_crc32c": google_crc32c.value(data), "document_bytes": size}
    signed = document(channel, [start(key), *chunks(data, 65_537), end(**checks)])
    assert openssl.accepts(key, data, signed.response.signature)
    assert not openssl.accepts(key, data + b"!", signed.response.signature)
    assert signed.document_bytes == size
    if key != "sm2":
        assert signed.digest == hashlib.sha256(data).digest()


def test_the_same_digest_signs_as_it_does_for_sign(
    town: Scene, channel: grpc.Channel, openssl: Openssl
) -> None:
    signed = document(channel, [start("sm2"), *chunks(b"a document"), end()])
    request = messages.SignRequest(key="keys/sm2", digest=signed.digest)
    again = town.by("signer").done("SigningService/Sign", request)
    assert openssl.accepts("sm2", b"a document", again.signature)


def test_a_hundred_mebibytes_take_no_memory(
    town: Scene, channel: grpc.Channel, openssl: Openssl, tmp_path: Path
) -> None:
    document(channel, [start("sm2"), *chunks(bytes(4 * MEBIBYTE)), end()])  # warm
    block = random.Random(1).randbytes(MEBIBYTE)
    before, most = memory(town), 0
    file = tmp_path / "document"

    def parts() -> Iterator[Part]:
        nonlocal most
        yield start("sm2")
        with file.open("wb") as out:
            for number in range(100):
                data = number.to_bytes(8, "big") + block[8:]
                out.write(data)
                yield from chunks(data)
                most = max(most, memory(town))
        yield end(document_bytes=100 * MEBIBYTE)

    signed = document(channel, parts())
    assert openssl.accepts("sm2", file, signed.response.signature)
    assert most - before < 24 * MEBIBYTE, f"{(most - before) / MEBIBYTE:.1f} MiB more than before"


def test_the_record_is_that_of_a_signature(town: Scene, channel: grpc.Channel) -> None:
    before = town.last()
    signed = document(channel, [start("ec"), *chunks(b"text"), end()])
    (record,) = town.records(before)
    body = json.loads(record.json)
    assert record.number == signed.response.audit_number
    assert (record.operation, record.resource, record.result) == ("sign", "keys/ec", "OK")
    assert (record.kind, record.identity) == ("use", "signer")
    assert body["digest"] == hashlib.sha256(b"text").hexdigest()


@pytest.mark.parametrize(
    ("parts", "reason", "words"),
    [
        ([], "INPUT_MISSING", "start is missing"),
        ([end()], "INPUT_MISSING", "start is missing"),
        ([Part(chunk=b"early")], "INPUT_MISSING", "start is missing"),
        ([start()], "INPUT_MISSING", "end is missing"),
        ([start(), Part(chunk=b"cut")], "INPUT_MISSING", "end is missing"),
        ([start(), start(), end()], "INPUT_INVALID", "start came a second time"),
        ([start(), end(), Part(chunk=b"late")], "INPUT_INVALID", "chunk came after end"),
        ([start(), end(), end()], "INPUT_INVALID", "end came after end"),
        ([start(), Part(), end()], "INPUT_MISSING", "no part"),
        ([start(), Part(chunk=bytes(MEBIBYTE + 1)), end()], "INPUT_INVALID", "chunk has 1048577"),
        ([start(), Part(chunk=b"12"), end(document_bytes=3)], "INPUT_INVALID", "2 bytes arrived"),
        ([start(), Part(chunk=b"12"), end(document_bytes=-1)], "INPUT_INVALID", "2 bytes arrived"),
        (
            [start(), Part(chunk=b"12"), end(document_crc32c=1)],
            "INPUT_CRC_MISMATCH",
            "document_crc32c",
        ),
        ([start("missing"), end()], "KEY_NOT_FOUND", "missing"),
        ([start("Wrong"), end()], "INPUT_INVALID", "start.key"),
        (
            [start(signer_id=b"me"), end()],
            "SIGNER_ID_INVALID",
            "signer_id",
        ),
        (
            [start(algorithm=resources.ALGORITHM_SM2_SM3), end()],
            "ALGORITHM_UNSUITABLE",
            "",
        ),
    ],
)
def test_what_is_not_right_is_not_signed(
    town: Scene, channel: grpc.Channel, parts: list[Part], reason: str, words: str
) -> None:
    before, calls = town.last(), town.daemon.count("C_Sign")
    code, text, info = refused(channel, parts)
    assert info.reason == reason, text
    assert words in text
    assert code is not grpc.StatusCode.INTERNAL
    (record,) = town.records(before)
    assert record.result == reason
    assert town.daemon.count("C_Sign") == calls


def slowly(first: Part, asked: list[Part]) -> Iterator[Part]:
    """A document that nobody should ask for."""
    yield first
    while True:
        time.sleep(0.05)
        asked.append(Part(chunk=b"in vain"))
        yield asked[-1]


def test_what_is_known_to_be_refused_is_refused_before_it_is_sent(
    town: Scene, channel: grpc.Channel
) -> None:
    town.key("ed", key_type=resources.KEY_TYPE_ED25519)
    town.key("off")
    town.disable("off")
    town.key("sealing", resources.KEY_PURPOSE_SEALING, resources.KEY_TYPE_SM2)
    wanted = {
        "ed": "ALGORITHM_UNSUITABLE",
        "off": "KEY_STATE_WRONG",
        "sealing": "KEY_PURPOSE_WRONG",
        "unknown": "KEY_NOT_FOUND",
    }
    for key, reason in wanted.items():
        asked: list[Part] = []
        before = town.last()
        _, text, info = refused(channel, slowly(start(key), asked))
        assert info.reason == reason, text
        assert len(asked) < 20
        (record,) = town.records(before)
        assert (record.operation, record.resource) == ("sign", f"keys/{key}")
        assert record.result == reason
    assert "Sign" in refused(channel, [start("ed")])[1], "the way out is named"


def test_a_grant_for_digests_only_refuses_a_document_at_its_start(fresh: Any) -> None:
    scene = fresh()
    for each in (
        scene.by(FOUNDER).done("AccessService/ListGrants", access.ListGrantsRequest()).grants
    ):
        if each.subject == "signer":
            request = access.DeleteGrantRequest(name=each.name)
            scene.by(FOUNDER).done("AccessService/DeleteGrant", request)
    scene.grant("signer", "ec", conditions=access.Conditions(digest_only=True))
    channel = scene.by("signer").channel
    asked: list[Part] = []
    _, _, info = refused(channel, slowly(start("ec"), asked))
    assert info.reason == "PERMISSION_DENIED"
    assert len(asked) < 20
    digest = messages.SignRequest(key="keys/ec", digest=bytes(32))
    assert scene.by("signer").done("SigningService/Sign", digest).signature


def test_a_key_that_is_replaced_meanwhile_does_not_sign_a_digest_of_the_old_one(
    town: Scene, channel: grpc.Channel
) -> None:
    town.key("renewed", key_type=resources.KEY_TYPE_SM2)
    asked = threading.Event()
    replaced = threading.Event()

    def parts() -> Iterator[Part]:
        yield start("renewed")
        yield Part(chunk=b"half")
        asked.set()
        assert replaced.wait(20)
        yield Part(chunk=b"half")
        yield end()

    def replace() -> None:
        assert asked.wait(20)
        time.sleep(0.2)  # for the start to be read
        request = keys.ReplaceKeyRequest(name="keys/renewed", token="tokens/t")
        town.by(FOUNDER).done("KeyService/ReplaceKey", request)
        replaced.set()

    other = threading.Thread(target=replace)
    other.start()
    _, text, info = refused(channel, parts())
    other.join()
    assert (info.reason, info.metadata["retryable"]) == ("POLICY_CHANGED", "true"), text
    assert document(channel, [start("renewed"), *chunks(b"halfhalf"), end()]).response.signature


def test_an_approval_is_for_the_digest_of_the_document_and_used_once(
    town: Scene, channel: grpc.Channel, openssl: Openssl
) -> None:
    town.key("guarded", key_type=resources.KEY_TYPE_SM2)
    town.admit("voter", access.ROLE_SIGNER)
    town.group("voters", "voter")
    rule = resources.ApprovalRule(count=1, group="groups/voters")
    town.policy("guarded", resources.KeyPolicy(approval=rule))
    body = [*chunks(b"a contract"), end()]
    _, text, info = refused(channel, [start("guarded"), *body])
    assert info.reason == "APPROVAL_NEEDED", text
    subject = messages.SignRequest(key="keys/guarded", message=b"a contract")
    made = town.by("signer").done(
        "ApprovalService/CreateApproval",
        approvals.CreateApprovalRequest(sign=subject, summary="a contract"),
    )
    vote = approvals.ApproveApprovalRequest(name=made.name, digest=made.digest)
    town.by("voter").done("ApprovalService/ApproveApproval", vote)
    other = [*chunks(b"another contract"), end()]
    wrong = refused(channel, [start("guarded", approval=made.name), *other])[2]
    assert wrong.reason == "APPROVAL_INVALID"
    before = town.last()
    signed = document(channel, [start("guarded", approval=made.name), *body])
    assert openssl.accepts("guarded", b"a contract", signed.response.signature)
    (record,) = [each for each in town.records(before) if each.kind == "use"]
    assert json.loads(record.json)["approval"] == made.name
    assert refused(channel, [start("guarded", approval=made.name), *body])[2].reason == (
        "APPROVAL_INVALID"
    )


def test_a_document_whose_client_goes_is_recorded_and_not_signed(
    town: Scene, channel: grpc.Channel
) -> None:
    before = town.last()
    begun = threading.Event()

    def parts() -> Iterator[Part]:
        yield start()
        yield Part(chunk=bytes(1000))
        begun.set()
        time.sleep(0.5)
        yield Part(chunk=bytes(1000))

    stub: Any = channel.stream_unary(
        "/signetd.api.v1.SigningService/SignDocument",
        request_serializer=Part.SerializeToString,
    )
    call = stub.future(parts())
    assert begun.wait(10)
    time.sleep(0.2)
    call.cancel()
    _until(lambda: len(town.records(before)) == 1)
    (record,) = town.records(before)
    assert (record.operation, record.resource, record.result) == ("sign", "keys/ec", "CANCELLED")


def _until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < limit, "waited 20 s"
        time.sleep(0.02)


def test_a_client_that_stops_sending_is_sent_away(fresh: Any) -> None:
    scene = fresh(limits="default_deadline = 1.0")
    before = scene.last()
    stop = threading.Event()

    def parts() -> Iterator[Part]:
        yield start()
        yield Part(chunk=b"and then nothing")
        stop.wait(20)

    began = time.monotonic()
    _, text, info = refused(scene.by("signer").channel, parts())
    stop.set()
    assert info.reason == "DEADLINE_PASSED"
    assert "limits.default_deadline" in text
    assert time.monotonic() - began < 5
    assert [each.result for each in scene.records(before)] == ["DEADLINE_PASSED"]


def test_a_document_may_take_longer_than_a_message(fresh: Any) -> None:
    scene = fresh(limits="default_deadline = 1.0\nmax_deadline = 2.0")

    def parts() -> Iterator[Part]:
        yield start()
        for _ in range(6):
            time.sleep(0.5)
            yield Part(chunk=b"slow, but not too slow")
        yield end()

    assert document(scene.by("signer").channel, parts()).response.signature
    stub: Any = scene.by("signer").channel.stream_unary(
        "/signetd.api.v1.SigningService/SignDocument",
        request_serializer=Part.SerializeToString,
    )
    with pytest.raises(grpc.RpcError, match="no answer within 2 s"):
        stub(parts())
