"""Items signed on a stream by a real daemon on SoftHSM: what is signed, refused, and recorded."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as messages
from tests.integration.attack.scene import FOUNDER, Scene
from tests.integration.streams.talk import Item, Openssl, Stream, export, reasons, sign

SHOWN = 4  # of each key, verified by the openssl command


@pytest.fixture
def stream(town: Scene) -> Stream:
    return Stream(town.by("signer").channel)


def test_each_result_is_that_of_its_reference(
    town: Scene, stream: Stream, openssl: Openssl
) -> None:
    wanted = {n: ("sm2", "ec", "rsa")[n % 3] for n in range(300)}
    for first in range(0, 300, 60):
        stream.send(*(sign(n, wanted[n]) for n in range(first, first + 60)))
    stream.end()
    results = stream.rest()
    assert reasons(results) == dict.fromkeys(wanted, "OK")
    for n in range(3 * SHOWN):
        signature = results[n].response.signature
        assert openssl.accepts(wanted[n], str(n).encode(), signature)
        assert not openssl.accepts(wanted[n], b"another", signature)
    assert stream.call.code().name == "OK"


def test_the_audit_has_every_signature_and_every_refusal_by_reference(
    town: Scene, stream: Stream, tmp_path: Path
) -> None:
    before = town.last()
    top = 2**64 - 1
    stream.send(
        sign(1),
        Item(reference=2),
        sign(3, "none"),
        sign(top, digest=b"short"),
        sign(5, "ec", b"given twice", digest=b"\0" * 32),
    )
    stream.send(sign(0, "sm2", b"the next message"))
    stream.end()
    found = reasons(stream.rest())
    assert found == {
        **{1: "OK", 2: "INPUT_MISSING", 3: "KEY_NOT_FOUND"},
        **{top: "INPUT_AMBIGUOUS", 5: "INPUT_AMBIGUOUS", 0: "OK"},
    }
    request = dict(stream.call.trailing_metadata())["x-request-id"]
    records = [json.loads(each.json) for each in town.records(before, kind="use")]
    recorded = {each["request_id"]: each["result"] for each in records}
    assert recorded == {f"{request}.{reference}": result for reference, result in found.items()}
    assert {each["operation"] for each in records} == {"sign"}
    _check_export(town, tmp_path)


def _check_export(town: Scene, folder: Path) -> None:
    public = town.by(FOUNDER).done(
        "KeyService/GetPublicKey", keys.GetPublicKeyRequest(name="keys/audit")
    )
    (folder / "audit.pem").write_text(public.pem)
    (folder / "export.jsonl").write_bytes(export(town))
    program = Path(sys.executable).with_name("signetctl")
    command = [str(program), "audit", "verify", "export.jsonl", "--public-key", "audit.pem"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([], "0 items"),
        ([sign(n) for n in range(101)], "101 items"),
        ([sign(7), sign(8), sign(7)], "two items with the same reference"),
    ],
)
def test_a_message_that_is_not_right_ends_the_stream_after_what_was_sent_before(
    stream: Stream, items: list[Item], field: str
) -> None:
    stream.send(sign(1), sign(2))
    stream.send(*items)
    stream.send(sign(3))
    found, info = stream.failure()
    assert info.reason == "INPUT_INVALID"
    assert info.metadata["retryable"] == "false"
    assert field in stream.call.details()
    assert reasons(found) == {1: "OK", 2: "OK"}


def test_a_reference_can_be_used_again_but_not_while_it_is_under_way(
    town: Scene, stream: Stream
) -> None:
    for _ in range(3):
        stream.send(sign(1))
        assert reasons(stream.read(1)) == {1: "OK"}
    town.daemon.faults("C_Sign delay 500 times=1")
    stream.send(sign(1))
    stream.send(sign(1))
    found, info = stream.failure()
    assert info.reason == "INPUT_INVALID"
    assert "reference 1 is under way" in stream.call.details()
    assert reasons(found) == {1: "OK"}


@pytest.mark.parametrize("raw", [b"\xff\xff\xff", b"\x0a\x05\x08", b"\0" * (6 << 20)])
def test_garbage_ends_the_stream(town: Scene, raw: bytes) -> None:
    good = messages.SignStreamRequest(items=[sign(1)]).SerializeToString()
    channel: Any = town.by("signer").channel
    call = channel.stream_stream(
        "/signetd.api.v1.SigningService/SignStream",
        response_deserializer=messages.SignStreamResponse.FromString,
    )(iter([good, raw, good]), timeout=20)
    found, info = Stream.failure(_Raw(call))  # type: ignore[arg-type]
    assert info.reason == "INPUT_INVALID"
    assert reasons(found) == {1: "OK"}


class _Raw:
    def __init__(self, call: object) -> None:
        self.call = call

    def end(self) -> None:
        pass


def test_an_empty_stream_is_no_error(stream: Stream) -> None:
    stream.end()
    assert stream.rest() == {}


def test_a_limit_that_is_reached_fails_items_and_not_the_stream(
    town: Scene, stream: Stream
) -> None:
    town.key("few")
    limit = resources.UseLimit(count=3, period=resources.LIMIT_PERIOD_EVER)
    town.policy("few", resources.KeyPolicy(limits=[limit]))
    stream.send(*(sign(n, "few") for n in range(8)))
    stream.send(sign(100, "ec"))
    stream.end()
    found = reasons(stream.rest())
    assert found.pop(100) == "OK"
    assert sorted(found.values()) == ["LIMIT_REACHED"] * 5 + ["OK"] * 3
    records = town.records(resource="keys/few", operation="sign")
    assert sorted(each.result for each in records) == ["LIMIT_REACHED"] * 5 + ["OK"] * 3


def test_a_key_that_is_disabled_meanwhile_fails_its_items_until_it_is_enabled(
    town: Scene, stream: Stream
) -> None:
    town.key("closed")
    stream.send(sign(1, "closed"))
    assert reasons(stream.read(1)) == {1: "OK"}
    town.disable("closed")
    stream.send(sign(2, "closed"), sign(3))
    assert reasons(stream.read(2)) == {2: "KEY_STATE_WRONG", 3: "OK"}
    town.by(FOUNDER).done("KeyService/EnableKey", keys.EnableKeyRequest(name="keys/closed"))
    stream.send(sign(4, "closed"))
    stream.end()
    assert reasons(stream.rest()) == {4: "OK"}


def test_one_line_of_the_log_tells_of_a_stream(town: Scene, stream: Stream) -> None:
    stream.send(*(sign(n) for n in range(50)), sign(50, "none"))
    stream.end()
    stream.rest()
    request = dict(stream.call.trailing_metadata())["x-request-id"]
    lines = [json.loads(line) for line in town.daemon.log.splitlines() if request in line]
    assert len(lines) == 1
    assert (lines[0]["items"], lines[0]["failed"], lines[0]["status"]) == (51, 1, "OK")
