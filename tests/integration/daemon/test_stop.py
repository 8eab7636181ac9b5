"""How a daemon ends, and what becomes of requests whose callers lose patience."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from signetd.api.v1 import signing_service_pb2, signing_service_pb2_grpc
from signetd.client import Signature, SignetdError, SignItem
from tests.integration.daemon.running import Running

ITEM = SignItem(key="k", message=b"a document")


@contextmanager
def under_way(running: Running, fault: str) -> Iterator[Future[Signature]]:
    """A signature that the token is working on, and that *fault* befalls."""
    with running.client() as client, ThreadPoolExecutor() as threads:
        client.generate_key("k", token="t", key_type="EC_P256")
        before = running.count("C_Sign")
        running.faults(fault)
        signing = threads.submit(client.sign, ITEM)
        running.await_calls("C_Sign", before + 1)
        yield signing


def test_sigterm_lets_a_request_under_way_finish(running: Running) -> None:
    running.start()
    with under_way(running, "C_Sign delay 1500 times=1") as signing:
        running.signal(signal.SIGTERM)
        running.await_log('"event": "stopping"')
        with running.client() as late, pytest.raises(SignetdError):
            late.list_keys()
        assert signing.result(20).signature
    assert running.wait(20) == 0
    assert not running.socket.exists()


def test_a_second_signal_does_not_wait(running: Running) -> None:
    running.start(drain=600.0)
    with under_way(running, "C_Sign hang") as signing:
        running.signal(signal.SIGTERM)
        running.await_log('"event": "stopping"')
        running.signal(signal.SIGINT)
        assert running.wait(10) == 0, "a hung token must not hold up a daemon that is told twice"
        with pytest.raises(SignetdError):
            signing.result(40)


def test_draining_ends_when_its_time_is_over(running: Running) -> None:
    running.start(drain=0.5)
    with under_way(running, "C_Sign hang") as signing:
        running.signal(signal.SIGTERM)
        assert running.wait(15) == 0
        with pytest.raises(SignetdError):
            signing.result(40)


def test_stopping_under_load_takes_as_long_as_the_requests(running: Running) -> None:
    """gRPC forgets calls that arrive in the moment of the stop, and would wait for them."""
    running.start(drain=30.0)
    with running.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
    stopped = threading.Event()

    def load() -> None:
        with running.client() as client:
            while not stopped.is_set():
                try:
                    client.sign(ITEM)
                except SignetdError:
                    return

    with ThreadPoolExecutor(16) as threads:
        before = running.count("C_Sign")
        for _ in range(16):
            threads.submit(load)
        running.await_calls("C_Sign", before + 100)
        running.signal(signal.SIGTERM)
        try:
            assert running.wait(15) == 0
        finally:
            stopped.set()


@pytest.mark.parametrize("how", ["deadline", "cancel"])
def test_a_request_given_up_is_not_sent_to_the_token(running: Running, how: str) -> None:
    """The token is busy with one signature while the caller of the next one goes away."""
    running.start()
    request = signing_service_pb2.SignRequest(key="keys/k", message=b"given up")
    with (
        under_way(running, "C_Sign delay 1000 times=1") as signing,
        grpc.insecure_channel(f"unix:{running.socket}") as channel,
    ):
        begun = running.count("C_SignInit")
        stub = signing_service_pb2_grpc.SigningServiceStub(channel)
        call = stub.Sign.future(request, timeout=0.3 if how == "deadline" else 30.0)
        if how == "cancel":
            time.sleep(0.3)  # it reaches the daemon, which shows no sign of that
            call.cancel()
        with pytest.raises((grpc.RpcError, grpc.FutureCancelledError)):
            call.result()
        assert signing.result(20).signature
        with running.client() as client:
            assert client.sign(ITEM).signature
        assert running.count("C_SignInit") == begun + 1, "the token was asked for nobody"


def test_socket_has_the_mode_and_owner_of_the_configuration(running: Running) -> None:
    """Changing to another owner takes root; the group may be any one of the user's own."""
    group, owner = (12345, 23456) if os.getuid() == 0 else (os.getgroups()[0], os.getuid())
    running.start(listener=f"owner = {owner}\ngroup = {group}")
    status = running.socket.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (owner, group, 0o660)
    with running.client() as client:
        assert [token.name for token in client.list_tokens()] == ["tokens/t"]
