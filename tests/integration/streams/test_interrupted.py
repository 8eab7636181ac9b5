"""Streams that are interrupted: by their client, by an administrator, by the token, by a stop."""

import json
import signal
import threading
import time
from collections.abc import Callable

import grpc
import pytest

from signetd.api.v1 import access_service_pb2 as access
from tests.integration.attack.scene import FOUNDER, Scene
from tests.integration.streams.talk import Stream, reasons, refused, sign, start

Start = Callable[..., Scene]


def until(holds: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def test_what_was_under_way_when_its_client_cancels_is_recorded(fresh: Start) -> None:
    scene = fresh()
    before, calls = scene.last(), scene.daemon.count("C_Sign")
    scene.daemon.faults("C_Sign delay 300")
    stream = Stream(scene.by("signer").channel)
    stream.send(*(sign(n) for n in range(10)))
    scene.daemon.await_calls("C_Sign", calls + 2)
    stream.call.cancel()
    scene.daemon.await_log('"status": "CANCELLED"')
    scene.daemon.faults()
    until(lambda: len(scene.records(before, kind="use")) == 10, "the record of each item")
    for record in scene.records(before, kind="use"):
        body = json.loads(record.json)
        assert record.result == "CANCELLED" or body["signature_digest"], body
        assert record.result != "CANCELLED" or not body.get("signature_digest"), body
    # The places are given back: a client that does this again and again is not shut out.
    for _ in range(300):
        again = Stream(scene.by("signer").channel)
        again.send(sign(1))
        again.call.cancel()
    last = Stream(scene.by("signer").channel)
    last.send(sign(1))
    assert reasons(last.read(1)) == {1: "OK"}


def test_an_identity_that_is_disabled_signs_no_more_on_an_open_stream(fresh: Start) -> None:
    scene = fresh()
    stream = Stream(scene.by("signer").channel)
    stream.send(sign(1))
    assert reasons(stream.read(1)) == {1: "OK"}
    answer = scene.update(
        FOUNDER,
        "signer",
        access.ROLE_SIGNER,
        credential=access.CREDENTIAL_SOCKET,
        disabled=True,
    )
    assert answer.result == "OK", answer
    before = scene.last()
    stream.send(sign(2))
    found, info = stream.failure()
    assert info.reason == "PERMISSION_DENIED"
    assert not found
    records = scene.records(before)
    assert [(each.identity, each.result) for each in records] == [("signer", "PERMISSION_DENIED")]


def test_a_token_that_is_pulled_out_fails_items_until_it_is_back(fresh: Start) -> None:
    scene = fresh()
    stream = Stream(scene.by("signer").channel)
    stream.send(sign(1))
    assert reasons(stream.read(1)) == {1: "OK"}
    scene.daemon.faults("* hide")
    scene.daemon.await_log("token t is ABSENT")
    _, _, info = refused(scene.by("signer").channel, [start("ec")])
    assert info.reason == "TOKEN_ABSENT", "a document is sent in vain"
    stream.send(sign(2))
    gone = stream.read(1)
    assert reasons(gone) == {2: "TOKEN_ABSENT"}
    assert gone[2].error.code == grpc.StatusCode.UNAVAILABLE.value[0]
    ready = scene.daemon.log.count("token t is READY")
    scene.daemon.faults()
    until(lambda: scene.daemon.log.count("token t is READY") > ready, "the token")
    stream.send(sign(3))
    stream.end()
    assert reasons(stream.rest()) == {3: "OK"}


def test_a_token_that_is_pulled_out_under_load_loses_no_item(fresh: Start) -> None:
    scene = fresh()
    before = scene.last()
    stream = Stream(scene.by("signer").channel)
    answered: dict[int, str] = {}
    for reference in range(64):
        stream.send(sign(reference))
    next_one = 64
    back: threading.Timer | None = None
    while len(answered) < 600:
        for result in reasons(stream.read_some()).items():
            answered[result[0]] = result[1]
            if next_one < 600:
                stream.send(sign(next_one))
                next_one += 1
        if len(answered) > 150 and back is None:
            scene.daemon.faults("* hide")
            back = threading.Timer(0.5, scene.daemon.faults)
            back.start()
    assert back is not None
    back.join()
    stream.end()
    assert stream.rest() == {}
    assert set(answered) == set(range(600)), "each item has one result"
    assert "OK" in answered.values()
    assert set(answered.values()) > {"OK"}, "the token was not missed"
    recorded = [each.result for each in scene.records(before, kind="use")]
    assert sorted(recorded) == sorted(answered.values()), "each result has its record"


def test_a_stop_answers_what_is_under_way_and_says_that_it_stops(fresh: Start) -> None:
    scene = fresh()
    calls = scene.daemon.count("C_Sign")
    scene.daemon.faults("C_Sign delay 200")
    stream = Stream(scene.by("signer").channel)
    stream.send(*(sign(n) for n in range(4)))
    scene.daemon.await_calls("C_Sign", calls + 1)
    scene.daemon.signal(signal.SIGTERM)
    scene.daemon.await_log('"event": "stopping"')
    stream.send(sign(5))
    found, info = stream.failure()
    assert reasons(found) == dict.fromkeys(range(4), "OK")
    assert (info.reason, info.metadata["retryable"]) == ("SHUTTING_DOWN", "true")
    assert stream.call.code() is grpc.StatusCode.UNAVAILABLE
    assert scene.daemon.wait(20) == 0


def test_a_stop_does_not_wait_for_streams_without_items(fresh: Start) -> None:
    scene = fresh()
    streams = [Stream(scene.by("signer").channel) for _ in range(5)]
    for stream in streams:
        stream.send(sign(1))
        assert reasons(stream.read(1)) == {1: "OK"}
    began = time.monotonic()
    scene.daemon.signal(signal.SIGTERM)
    for stream in streams:
        assert stream.failure()[1].reason == "SHUTTING_DOWN"
    assert scene.daemon.wait(20) == 0
    assert time.monotonic() - began < 5


def test_a_stop_that_a_hung_token_holds_up_ends_with_its_time(fresh: Start) -> None:
    scene = fresh()
    calls = scene.daemon.count("C_Sign")
    scene.daemon.faults("C_Sign hang")
    stream = Stream(scene.by("signer").channel)
    stream.send(sign(1))
    scene.daemon.await_calls("C_Sign", calls + 1)
    began = time.monotonic()
    scene.daemon.signal(signal.SIGTERM)
    with pytest.raises(grpc.RpcError):
        stream.rest()
    stream.end()
    assert scene.daemon.wait(20) == 0
    assert time.monotonic() - began < 15


def test_no_more_streams_than_the_limit_says(fresh: Start) -> None:
    scene = fresh(limits="streams = 4")
    open_ones = [Stream(scene.by("signer").channel) for _ in range(2)]
    for stream in open_ones:
        stream.send(sign(1))
        assert reasons(stream.read(1)) == {1: "OK"}
    one_more = Stream(scene.by("signer").channel)
    one_more.send(sign(1))
    _, info = one_more.failure()
    assert (info.reason, info.metadata["limit"]) == ("OVERLOADED", "streams")
    open_ones[0].end()
    assert open_ones[0].rest() == {}
    again = Stream(scene.by("signer").channel)
    again.send(sign(1))
    assert reasons(again.read(1)) == {1: "OK"}
