"""``python -m tests.integration.drivers.many_starts COUNT FOLDER``: starts so many workers.

In a process as the daemon is, with uvloop and gRPC's threads; prints as JSON how they fared.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import grpc
import uvloop

from signetd.drivers.isolation import wire
from signetd.drivers.isolation.errand import WorkerFailure
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.isolation.process import WorkerProcess

_AT_ONCE = 3


class Nobody:
    """Does not care how the workers get on."""

    def worker_idle(self) -> None:
        pass

    def worker_stalled(self, worker: WorkerProcess) -> None:
        pass


async def start_and_stop(number: int) -> str:
    """Start a worker, have it answer, close it; return "answered", or how it ended without that."""
    worker = await WorkerProcess.spawn(f"t/{number}", {}, Nobody(), Pace())
    answer = worker.call(wire.Check(), 30.0)  # it has opened no token, and says so
    await asyncio.wait({answer})
    await worker.close()
    return "answered" if isinstance(answer.exception(), WorkerFailure) else worker.ended_how


async def some(count: int) -> list[str]:
    return await asyncio.gather(*(start_and_stop(number) for number in range(count)))


async def run(count: int, folder: Path) -> dict[str, Any]:
    server = grpc.aio.server()
    server.add_insecure_port(f"unix:{folder}/socket")
    await server.start()
    async with grpc.aio.insecure_channel(f"unix:{folder}/socket") as channel:
        await channel.channel_ready()  # now all of gRPC's threads are there
        ends = await some(_AT_ONCE)
        before = len(os.listdir("/proc/self/fd"))
        while len(ends) < count:
            ends += await some(min(_AT_ONCE, count - len(ends)))
        await asyncio.sleep(0.05)  # uvloop closes descriptors a little later
        left = len(os.listdir("/proc/self/fd")) - before
        threads = len(os.listdir("/proc/self/task"))
    await server.stop(None)
    return {"ends": ends, "descriptors_left": left, "threads": threads}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(int(sys.argv[1]), Path(sys.argv[2])))))
