"""Batches: many items of one call, each with a result of its own, some of them at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sized
from typing import Final, TypeVar

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from signetd.daemon.rpc import calls, errors
from signetd.daemon.signing import MAX_BATCH_ITEMS
from signetd.drivers.errors import Reason, SignetError

_AT_ONCE: Final = 64
"""Items of one batch that are under way together: more than a token's workers can take, and few
enough that one batch does not fill the queue for everybody else."""
_Item = TypeVar("_Item")
_Result = TypeVar("_Result", bound=Message)


def check_size(requests: Sized) -> None:
    """Raise BATCH_EMPTY or BATCH_TOO_LARGE."""
    items = len(requests)
    if items == 0:
        raise SignetError(
            Reason.BATCH_EMPTY, f"requests is empty; give 1 to {MAX_BATCH_ITEMS} items."
        )
    if items > MAX_BATCH_ITEMS:
        raise SignetError(
            Reason.BATCH_TOO_LARGE,
            f"requests has {items} items; at most {MAX_BATCH_ITEMS} are allowed: send several "
            "batches.",
        )


async def results_of(
    requests: Iterable[_Item],
    answer: Callable[[_Item], Awaitable[_Result]],
    refused: Callable[[Status], _Result],
) -> list[_Result]:
    """Return the results in the order of the items: what *answer* returns, or *refused* does."""
    places, failed = asyncio.Semaphore(_AT_ONCE), 0

    async def one(item: _Item) -> _Result:
        nonlocal failed
        call = calls.current()
        async with places:
            try:
                call.check_deadline()
                return await answer(item)
            except Exception as error:
                failure = errors.known(error, call.request_id)
        failed += 1
        return refused(errors.status_of(failure, call.request_id))

    results = await asyncio.gather(*map(one, requests))
    calls.current().facts.update(items=len(results), failed=failed)
    return results
