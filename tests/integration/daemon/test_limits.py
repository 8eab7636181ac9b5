"""A real daemon under more than it is given room for: deadlines of its own, refusals at once."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from signetd.api.v1 import signing_service_pb2, signing_service_pb2_grpc
from signetd.client import DeadlineExceeded, ResourceExhausted, SignItem
from signetd.client.errors import from_rpc
from tests.integration.daemon.running import Running

ITEM = SignItem(key="k", message=b"a document")


def test_a_call_without_a_deadline_gets_one_and_leaves_the_queue(running: Running) -> None:
    """The one that waits behind it is not sent to the token either when its time is over."""
    running.start(limits="default_deadline = 0.5")
    with running.client() as client, grpc.insecure_channel(running.endpoint) as channel:
        client.generate_key("k", token="t", key_type="EC_P256")
        begun = running.count("C_SignInit")
        running.faults("C_Sign delay 2000 times=1")
        stub = signing_service_pb2_grpc.SigningServiceStub(channel)
        request = signing_service_pb2.SignRequest(key="keys/k", message=b"for nobody")
        began = time.monotonic()
        waiting = [stub.Sign.future(request) for _ in range(2)]
        for call in waiting:
            with pytest.raises(grpc.RpcError) as caught:
                call.result(20)
            error = from_rpc(caught.value, "")
            assert isinstance(error, DeadlineExceeded)
            assert (error.reason, error.retryable) == ("DEADLINE_PASSED", False)
            assert "within 0.5 s" in error.message
        assert time.monotonic() - began < 1.9, "the token was not waited for"
        running.await_log('"reason": "DEADLINE_PASSED"')
        time.sleep(2.0)  # for the token to end what it has begun
        assert client.sign(ITEM).signature
        assert running.count("C_SignInit") == begun + 2, "the token was asked for nobody"


def test_one_call_too_many_is_refused_at_once(running: Running) -> None:
    running.start(limits="calls_per_client = 2")
    with (
        running.client(share_streams=False) as client,
        grpc.insecure_channel(running.endpoint) as channel,
        ThreadPoolExecutor(2) as threads,
    ):
        client.generate_key("k", token="t", key_type="EC_P256")
        begun = running.count("C_Sign")
        running.faults("C_Sign delay 1500 times=2")
        under_way = [threads.submit(client.sign, ITEM) for _ in range(2)]
        running.await_calls("C_Sign", begun + 1)
        time.sleep(0.2)  # the second one waits in the daemon, which shows no sign of that
        stub = signing_service_pb2_grpc.SigningServiceStub(channel)
        began = time.monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            stub.Sign(signing_service_pb2.SignRequest(key="keys/k", message=b""), timeout=20)
        assert time.monotonic() - began < 1.0
        error = from_rpc(caught.value, "")
        assert isinstance(error, ResourceExhausted)
        assert (error.reason, error.retryable, error.retry_after) == ("OVERLOADED", True, 0.5)
        assert error.metadata["limit"] == "calls_per_client"
        assert all(signing.result(20).signature for signing in under_way)
        assert client.sign(ITEM).signature


def test_a_client_that_is_refused_comes_back_by_itself(running: Running) -> None:
    running.start(limits="calls_per_client = 2")
    with running.client(share_streams=False) as client, ThreadPoolExecutor(3) as threads:
        client.generate_key("k", token="t", key_type="EC_P256")
        running.faults("C_Sign delay 150 times=3")
        signatures = [threads.submit(client.sign, ITEM) for _ in range(3)]
        assert all(each.result(20).signature for each in signatures)
