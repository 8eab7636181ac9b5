"""Many clients in one process, each with one request under way: ``python -m benchmarks.clients``.

A client that is refused waits as long as the daemon asks it to. The result is one line of JSON.
"""

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import SignItem, errors, messages
from signetd.client.connection import OPTIONS

_SERVICE: Final = "/signetd.api.v1.SigningService/"
_WAIT_SECONDS: Final = 0.05  # where the daemon does not say for how long
_DEADLINE: Final = 30.0
_CLIENTS_PER_CONNECTION: Final = 25
_SETTLING_SECONDS: Final = 1.0  # until all clients have begun; not counted


@dataclass
class Tally:
    """What the clients of a process saw after the settling time."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)  # of requests with signatures, seconds
    made: int = 0  # signatures, those of the settling time too
    refused: int = 0  # RESOURCE_EXHAUSTED with a reason
    refused_with_delay: int = 0  # … and with how long to wait
    failures: Counter[str] = field(default_factory=Counter)  # everything else


class Orders:
    """Makes requests with *key*: single ones, or batches of so many; *same*: of the same data."""

    def __init__(self, key: str, batch: int, *, same: bool) -> None:
        self._key, self._batch = key, batch
        self._data = bytes(32) if same else None

    def caller(self, channel: grpc.aio.Channel) -> Any:
        """Return what sends a request on *channel*."""
        batches = self._batch > 1
        reply: Any = signing.BatchSignResponse if batches else signing.SignResponse
        return channel.unary_unary(
            _SERVICE + ("BatchSign" if batches else "Sign"),
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=reply.FromString,
        )

    def make(self) -> Any:
        """Return a request."""
        if self._batch == 1:
            return self._one()
        return signing.BatchSignRequest(requests=[self._one() for _ in range(self._batch)])

    def read(self, reply: Any) -> int:
        """Return how many signatures there are in *reply*; raises ValueError for a failed item."""
        if self._batch == 1:
            messages.read_signature(reply)
            return 1
        if any(result.HasField("error") for result in reply.results):
            raise ValueError("an item of a batch has failed")
        return len(reply.results)

    def _one(self) -> signing.SignRequest:
        data = os.urandom(32) if self._data is None else self._data
        return messages.sign_request(SignItem(key=self._key, message=data))


class Clients:
    """Clients of one socket after another, until a time."""

    def __init__(self, sockets: list[str], orders: Orders, seconds: float) -> None:
        self._sockets = sockets
        self._orders = orders
        self._tally = Tally(seconds)
        self._from = time.monotonic() + _SETTLING_SECONDS
        self._until = self._from + seconds

    async def run(self, number: int) -> Tally:
        """Run so many clients, equally many of each socket."""
        channels = [
            grpc.aio.insecure_channel(
                f"unix:{self._sockets[index % len(self._sockets)]}",
                options=[*OPTIONS, ("grpc.use_local_subchannel_pool", 1)],
            )
            for index in range(max(len(self._sockets), -(-number // _CLIENTS_PER_CONNECTION)))
        ]
        await asyncio.gather(*(self._client(channels[i % len(channels)]) for i in range(number)))
        for channel in channels:
            await channel.close()
        return self._tally

    async def _client(self, channel: grpc.aio.Channel) -> None:
        call = self._orders.caller(channel)
        while (began := time.monotonic()) < self._until:
            wait = 0.0
            try:
                reply = await call(self._orders.make(), timeout=_DEADLINE)
                self._count_signatures(self._orders.read(reply), began)
            except grpc.RpcError as failure:
                wait = self._count_failure(failure)
            if wait:
                await asyncio.sleep(wait)

    def _count_signatures(self, number: int, began: float) -> None:
        now = time.monotonic()
        self._tally.made += number
        if self._from <= now < self._until:
            self._tally.latencies.append(now - began)

    def _count_failure(self, failure: grpc.RpcError) -> float:
        """Count it; return how long to wait."""
        error, delay = errors.from_rpc(failure, self._sockets[0]), retry_delay(failure)
        if not self._from <= time.monotonic() < self._until:
            return delay or _WAIT_SECONDS
        if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.reason:
            self._tally.refused += 1
            self._tally.refused_with_delay += delay is not None
        else:
            self._tally.failures[f"{error.code.name} {error.reason or '(no reason)'}"] += 1
        return delay or _WAIT_SECONDS


def retry_delay(failure: grpc.RpcError) -> float | None:
    """Seconds that google.rpc.RetryInfo asks to wait; None without it."""
    try:
        status = rpc_status.from_call(cast(grpc.Call, failure))
    except (ValueError, DecodeError):
        return None
    for detail in status.details if status is not None else ():
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
    return None


def main() -> None:
    """Run the clients, and print what they saw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("sockets", nargs="+")
    parser.add_argument("--key", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--same", action="store_true")
    options = parser.parse_args()
    orders = Orders(options.key, options.batch, same=options.same)

    async def run() -> Tally:
        return await Clients(options.sockets, orders, options.seconds).run(options.clients)

    print(json.dumps(asdict(asyncio.run(run()))))


if __name__ == "__main__":
    main()
