"""How the daemon is shared: limits, what is left for newcomers, and the refusals."""

import asyncio
import itertools
import json
from typing import Any

import pytest
from google.protobuf.message import Message
from grpc import StatusCode, aio

from signetd.api.v1 import key_service_pb2, signing_service_pb2
from signetd.daemon.config import Limits, Log
from signetd.daemon.rpc.admission import Admission, Memory, Shares
from signetd.drivers.errors import Reason, SignetError

Sign = signing_service_pb2.SignRequest
WAIT = Sign(key="keys/seal", message=b"wait")


def fill(shares: Shares, client: str) -> int:
    """Take whatever a client can get; return how much that was."""
    taken = 0
    while shares.has_room(client):
        shares.take(client)
        taken += 1
    return taken


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 1000])
def test_greedy_clients_always_leave_something_for_a_newcomer(limit: int) -> None:
    shares = Shares(limit)
    taken: list[int] = []
    while (got := fill(shares, f"client {len(taken)}")) > 0:
        taken.append(got)
    assert taken[0] == max(limit // 2, (limit + 1) // 2), "one alone gets half"
    assert sum(taken) <= limit
    assert all(later <= earlier for earlier, later in itertools.pairwise(taken))
    assert len(taken) >= limit.bit_length() - 1, "each newcomer got something until few are left"


def test_a_clients_own_limit_counts_too() -> None:
    shares = Shares(1000, 3)
    assert fill(shares, "a") == 3
    assert fill(shares, "b") == 3


def test_what_is_given_back_can_be_taken_again_and_nothing_is_kept_of_clients() -> None:
    shares = Shares(8)
    for number in range(1000):
        client = f"client {number}"
        taken = fill(shares, client)
        assert taken == 4
        shares.give_back(client, taken)
    assert shares._taken == {}


def memory(admission: Admission, client: str) -> Memory:
    with admission.call(client) as held:
        return held


def test_bytes_are_counted_and_given_back_once() -> None:
    admission = Admission(Limits(request_mebibytes=16))
    first = memory(admission, "a")
    first.bring(8 << 20)
    with pytest.raises(SignetError, match="request_mebibytes") as caught:
        memory(admission, "a").bring(1 << 20)
    assert caught.value.reason is Reason.OVERLOADED
    memory(admission, "b").bring(1 << 20)
    first.give_back()
    first.give_back()
    memory(admission, "a").bring(7 << 20)


def test_replies_count_and_are_never_refused() -> None:
    admission = Admission(Limits(request_mebibytes=16))
    first = memory(admission, "a")
    first.hold(20 << 20)
    with pytest.raises(SignetError, match="request_mebibytes"):
        memory(admission, "b").bring(1)
    first.give_back()
    memory(admission, "b").bring(1)


def test_a_reply_that_comes_after_its_call_is_gone_is_not_counted() -> None:
    admission = Admission(Limits(request_mebibytes=16))
    first = memory(admission, "a")
    first.give_back()
    first.hold(20 << 20)
    memory(admission, "b").bring(1)


async def waiting(service: Any, caller: Any, number: int) -> "list[asyncio.Task[Message]]":
    """Send requests, and wait until the engine works on them."""
    tasks = [asyncio.create_task(caller.call("SigningService/Sign", WAIT)) for _ in range(number)]
    for _ in tasks:
        await asyncio.wait_for(service.engine.begun.get(), 10)
    return tasks


async def test_one_call_too_many_of_a_client_is_refused_at_once(serve: Any) -> None:
    service, caller = await serve(calls_per_client=2)
    tasks = await waiting(service, caller, 2)
    # Not even read: what is no message at all gets the same answer.
    refused = await caller.refusal("SigningService/Sign", b"\xff")
    assert (refused.code, refused.reason) == (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert refused.metadata["limit"] == "calls_per_client"
    assert refused.metadata["retryable"] == "true"
    assert refused.retry_after == 0.5
    assert "limits.calls_per_client" in refused.message
    service.engine.released.set()
    await asyncio.gather(*tasks)
    await caller.call("SigningService/Sign", Sign(key="keys/seal", message=b""))


async def test_a_greedy_client_leaves_room_for_others(serve: Any) -> None:
    service, caller = await serve(calls=4)
    await waiting(service, caller, 2)
    refused = await caller.refusal("SigningService/Sign", WAIT)
    assert refused.metadata["limit"] == "calls"
    async with aio.insecure_channel(await service.serve_socket("signer")) as channel:
        other: Any = type(caller)(channel)
        await other.call("KeyService/GetKey", key_service_pb2.GetKeyRequest(name="keys/seal"))
    service.engine.released.set()


async def test_a_stranger_takes_no_place(serve: Any) -> None:
    service, caller = await serve(calls=1)
    async with aio.insecure_channel(await service.serve_socket("stranger")) as channel:
        stranger: Any = type(caller)(channel)
        for _ in range(3):
            assert (await stranger.refusal("SigningService/Sign", WAIT)).reason == (
                "PERMISSION_DENIED"
            )
    assert await caller.call("SigningService/Sign", Sign(key="keys/seal", message=b""))


async def test_a_caller_that_goes_away_leaves_its_place(serve: Any) -> None:
    service, caller = await serve(calls_per_client=1)
    (task,) = await waiting(service, caller, 1)
    task.cancel()
    request = Sign(key="keys/seal", message=b"")
    for _ in range(100):
        try:
            await caller.call("SigningService/Sign", request)
        except aio.AioRpcError:
            await asyncio.sleep(0.05)
        else:
            break
    else:
        pytest.fail("the place was not given back")
    assert service.engine.given_up == 1


async def test_a_flood_of_refusals_is_summed_up_in_the_log(
    serve: Any, log_to: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to(Log())
    service, caller = await serve(calls_per_client=1)
    await waiting(service, caller, 1)
    for _ in range(30):
        await caller.refusal("SigningService/Sign", WAIT)
    lines: list[Any] = []
    for _ in range(100):
        lines += [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        if any(line["event"] == "more calls refused" for line in lines):
            break
        await asyncio.sleep(0.05)
    refused = [line for line in lines if line.get("status") == "RESOURCE_EXHAUSTED"]
    left_out = [line["calls"] for line in lines if line["event"] == "more calls refused"]
    assert len(refused) + sum(left_out) == 30
    assert len(refused) <= 20 * len(left_out) + 20
    assert left_out
    service.engine.released.set()
