"""A load generator: one unary method, a fixed request, so many calls in flight, from 2 processes.

    python -m benchmarks.bench.caller -addr unix:/path -method /pkg.Service/Method -request FILE \
        [-conc 16] [-conns 2] [-duration 2s] [-warmup 0s] [-weight 1] [-streams N [-gather]] \
        [-ca FILE -cert FILE -key FILE -server-name NAME]

Requests and replies are bytes that it does not look into, so that it is as fast as Python gets and
the same for every server. It prints one line, such as

    1234 sig/s  p50=801us p90=950us p99=2103us max=3001us  ok=2468 failed=0

A generator in another language with the same options (but for those of streams: streams.py) and
the same line can take its place.
"""

import argparse
import asyncio
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from multiprocessing.pool import AsyncResult
from pathlib import Path
from typing import Any, Final

import grpc
import uvloop

from benchmarks.bench import streams
from benchmarks.bench.tally import Tally

_PROCESSES: Final = 2
_DEADLINE: Final = 30.0
_CONNECT_SECONDS: Final = 20.0
_PAUSE: Final = 0.001  # after a failure
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", 64 << 20),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
)


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.bench.caller", allow_abbrev=False)
    made.add_argument("-addr", required=True)
    made.add_argument("-method", required=True)
    made.add_argument("-request", type=Path, required=True)
    made.add_argument("-conns", type=int, default=2)
    made.add_argument("-conc", type=int, default=16)
    made.add_argument("-duration", type=seconds, default=2.0)
    made.add_argument("-warmup", type=seconds, default=0.0)
    made.add_argument("-weight", type=int, default=1)
    made.add_argument("-streams", type=int, default=0)
    made.add_argument("-gather", action="store_true")
    for name in ("-ca", "-cert", "-key"):
        made.add_argument(name, type=Path)
    made.add_argument("-server-name", default="")
    return made


def seconds(text: str) -> float:
    """Read a duration, such as ``1.5s``. Raises ValueError."""
    if not text.endswith("s"):
        raise ValueError(f"{text} is no duration; write seconds, such as 1.5s")
    return float(text[:-1])


def line(tallies: Sequence[Tally], weight: int) -> str:
    """Return the line of what all processes saw together."""
    latencies = sorted(value for tally in tallies for value in tally.latencies)
    if not latencies:
        return "0 sig/s: every request failed"
    failed = sum(tally.failures.total() for tally in tallies)
    rate = sum(len(tally.latencies) / tally.seconds for tally in tallies) * weight
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    figures = " ".join(f"{name}={_at(latencies, share)}us" for name, share in shares.items())
    return f"{rate:.0f} sig/s  {figures}  ok={len(latencies)} failed={failed}"


def _at(latencies: Sequence[float], share: float) -> int:
    return round(latencies[int((len(latencies) - 1) * share)] * 1e6)


async def _call(options: argparse.Namespace, number: int, connections: int) -> Tally:
    """Call from *number* tasks, or over as many streams, over so many connections."""
    channels = [_channel(options) for _ in range(connections)]
    async with asyncio.timeout(_CONNECT_SECONDS):
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
    begin = _streams if options.streams else _single
    tally = Tally()
    for duration, seen in ((options.warmup, Tally()), (options.duration, tally)):
        began = time.monotonic()
        await asyncio.gather(*begin(options, channels, number, began + duration, seen))
        seen.seconds = time.monotonic() - began
    await asyncio.gather(*(channel.close() for channel in channels))
    return tally


def _single(
    options: argparse.Namespace,
    channels: Sequence[grpc.aio.Channel],
    number: int,
    end: float,
    tally: Tally,
) -> list[Coroutine[Any, Any, None]]:
    calls: list[Any] = [channel.unary_unary(options.method) for channel in channels]
    body = options.request.read_bytes()
    return [_repeat(calls[index % len(calls)], body, end, tally) for index in range(number)]


def _streams(
    options: argparse.Namespace,
    channels: Sequence[grpc.aio.Channel],
    number: int,
    end: float,
    tally: Tally,
) -> list[Coroutine[Any, Any, None]]:
    """So many streams, each with its part of all the items in flight."""
    calls: list[Any] = [channel.stream_stream(options.method) for channel in channels]
    width = options.conc // options.streams
    items = streams.encoded(options.request.read_bytes(), width)
    most = max(0.0, end - time.monotonic()) + _DEADLINE
    opened = [calls[index % len(calls)](timeout=most) for index in range(number)]
    return [streams.repeat(call, items, end, tally, gathers=options.gather) for call in opened]


async def _repeat(call: Any, body: bytes, end: float, tally: Tally) -> None:
    while (began := time.monotonic()) < end:
        try:
            await call(body, timeout=_DEADLINE)
        except grpc.RpcError as error:
            tally.failures[f"{error.code().name}: {error.details()}"] += 1
            await asyncio.sleep(_PAUSE)
        else:
            tally.latencies.append(time.monotonic() - began)


def _channel(options: argparse.Namespace) -> grpc.aio.Channel:
    if options.ca is None:
        return grpc.aio.insecure_channel(options.addr, options=_OPTIONS)
    files = (options.ca, options.key, options.cert)
    credentials = grpc.ssl_channel_credentials(*(file.read_bytes() for file in files))
    name = [("grpc.ssl_target_name_override", options.server_name)] if options.server_name else []
    return grpc.aio.secure_channel(options.addr, credentials, options=[*_OPTIONS, *name])


def work(options: argparse.Namespace, number: int, connections: int) -> Tally:
    """Call, in a process of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_call(options, number, connections))


def main() -> int:
    """Call from several processes, and print what they saw; 1 when no request was answered."""
    options = parser().parse_args()
    number = options.streams or options.conc
    count = min(_PROCESSES, number)
    shares = [number // count + (index < number % count) for index in range(count)]
    connections = max(1, options.conns // count)
    # Not by fork: gRPC has threads.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        running: list[AsyncResult[Tally]] = [
            pool.apply_async(work, (options, share, connections)) for share in shares
        ]
        tallies = [each.get() for each in running]
    for failure, times in sum((tally.failures for tally in tallies), Counter[str]()).items():
        print(f"caller: {times} × {failure}", file=sys.stderr)
    print(line(tallies, options.weight))
    return 0 if any(tally.latencies for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
