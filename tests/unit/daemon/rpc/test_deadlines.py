"""Deadlines: the client's or a default, never beyond the limit; what is late is given up."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from google.rpc import error_details_pb2
from grpc import StatusCode

from signetd.api.v1 import signing_service_pb2, token_service_pb2
from signetd.daemon.config import Limits
from signetd.daemon.rpc import calls, rules, sign_many
from signetd.daemon.rpc.deadlines import PATIENT, Deadlines
from signetd.daemon.rpc.methods import Method

Sign = signing_service_pb2.SignRequest
WAIT = Sign(key="keys/seal", message=b"wait")
QUICK = "/signetd.api.v1.SigningService/Sign"
SLOW = "/signetd.api.v1.KeyService/GenerateKey"


def method(path: str, streams: bool = False) -> Method:
    return Method(
        path, rules.RULES[QUICK], signing_service_pb2.SignRequest, lambda _: None, streams
    )


@pytest.mark.parametrize(
    ("path", "wanted", "seconds"),
    [(QUICK, None, 30), (QUICK, 5, 5), (QUICK, 1000, 300), (SLOW, None, 300), (SLOW, 5, 5)],
)
def test_the_clients_deadline_a_default_and_the_limit(
    path: str, wanted: float | None, seconds: float
) -> None:
    assert Deadlines(Limits()).seconds(method(path), wanted) == seconds


def test_a_stream_goes_on_unless_its_client_says_otherwise() -> None:
    deadlines = Deadlines(Limits())
    assert deadlines.seconds(method("/x/Watch", streams=True), None) is None
    assert deadlines.seconds(method("/x/Watch", streams=True), 9000) == 9000
    assert deadlines.for_reading(None) == 30


def test_patient_methods_exist() -> None:
    assert rules.RULES.keys() >= PATIENT


async def test_a_call_without_a_deadline_ends_with_the_default(serve: Any) -> None:
    service, caller = await serve(default_deadline=0.2, max_deadline=60)
    refused = await caller.refusal("SigningService/Sign", WAIT, timeout=None)
    assert (refused.code, refused.reason) == (StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
    assert refused.metadata["retryable"] == "false"
    assert "within 0.2 s" in refused.message
    assert "at most 60 s" in refused.message
    assert service.engine.given_up == 1, "what nobody waits for is not worked on"


async def test_a_call_ends_with_the_limit_however_long_its_client_would_wait(serve: Any) -> None:
    service, caller = await serve(default_deadline=0.1, max_deadline=0.2)
    refused = await caller.refusal("SigningService/Sign", WAIT, timeout=60)
    assert refused.reason == "DEADLINE_PASSED"
    assert service.engine.given_up == 1


async def test_a_batch_has_the_longest_deadline_and_is_given_up_as_a_whole(serve: Any) -> None:
    service, caller = await serve(default_deadline=0.1, max_deadline=0.3)
    request = signing_service_pb2.BatchSignRequest(requests=[WAIT] * 3)
    began = time.monotonic()
    refused = await caller.refusal("SigningService/BatchSign", request, timeout=None)
    assert time.monotonic() - began >= 0.3
    assert (refused.reason, service.engine.given_up) == ("DEADLINE_PASSED", 3)


async def test_the_token_is_told_for_whom_it_works_and_until_when(serve: Any) -> None:
    service, caller = await serve()
    before = time.monotonic()
    await caller.raw(QUICK, Sign(key="keys/seal", message=b"").SerializeToString(), None)
    batch = signing_service_pb2.BatchSignRequest(requests=[Sign(key="keys/seal", message=b"")])
    await caller.raw(
        "/signetd.api.v1.SigningService/BatchSign", batch.SerializeToString(), timeout=5
    )
    after = time.monotonic()
    single, item = service.engine.requesters
    assert (single.client, item.client) == ("both", "both")
    assert before + 30 <= single.deadline <= after + 30
    # gRPC rounds a client's deadline.
    assert before + 4.8 <= item.deadline <= after + 5.2


async def test_items_of_a_batch_that_come_too_late_are_not_begun(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop was busy with something else: the time is over and the timer has not come yet."""
    service, caller = await serve()
    item = Sign(key="keys/seal", message=b"")
    sign = service.engine.sign

    async def slow(request: Any, requester: Any) -> Any:
        late = SimpleNamespace(monotonic=lambda: requester.deadline + 1)
        monkeypatch.setattr(calls, "time", late)
        return await sign(request, requester)

    monkeypatch.setattr(service.engine, "sign", slow)
    monkeypatch.setattr(sign_many, "_PART", 1)  # of what is under way, the pool looks at each item
    monkeypatch.setattr(sign_many, "_AT_ONCE", 1)
    request = signing_service_pb2.BatchSignRequest(requests=[item] * 3)
    results = (await caller.call("SigningService/BatchSign", request)).results
    monkeypatch.undo()
    assert [each.WhichOneof("outcome") for each in results] == ["response", "error", "error"]
    info = error_details_pb2.ErrorInfo()
    assert results[1].error.details[0].Unpack(info)
    assert info.reason == "DEADLINE_PASSED"
    assert len(service.engine.asked) == 1


async def test_a_request_that_does_not_arrive_is_waited_for_as_long_as_its_deadline(
    serve: Any,
) -> None:
    _, caller = await serve(default_deadline=0.2)
    call: Any = caller.channel.stream_unary(QUICK)()  # its headers go out, and nothing else
    assert await asyncio.wait_for(call.code(), 10) is StatusCode.DEADLINE_EXCEEDED
    watch: Any = caller.channel.stream_stream("/signetd.api.v1.TokenService/WatchTokens")()
    assert await asyncio.wait_for(watch.code(), 10) is StatusCode.DEADLINE_EXCEEDED


async def test_a_call_without_a_request_is_refused(serve: Any) -> None:
    _, caller = await serve()
    call: Any = caller.channel.stream_unary(QUICK)(iter(()))
    assert await asyncio.wait_for(call.code(), 10) is StatusCode.INVALID_ARGUMENT
    assert "without its request" in await call.details()


async def test_an_unlocking_that_has_begun_is_finished_without_its_caller(serve: Any) -> None:
    """A login broken off would leave open whether the token has counted the PIN."""
    service, caller = await serve(default_deadline=0.1, max_deadline=0.2)
    token = service.tokens["t1"]
    may_end, ended = asyncio.Event(), asyncio.Event()
    unlock = token.unlock

    async def slow(pin: Any, *, accept_final_try: bool) -> None:
        await may_end.wait()
        await unlock(pin, accept_final_try=accept_final_try)
        ended.set()

    token.unlock = slow
    request = token_service_pb2.UnlockTokenRequest(
        name="tokens/t1", pin="1234", accept_final_try=True
    )
    refused = await caller.refusal("TokenService/UnlockToken", request)
    assert refused.reason == "DEADLINE_PASSED"
    may_end.set()
    await asyncio.wait_for(ended.wait(), 10)
    assert (token.pins, token.final_tries) == (["1234"], [True])
