"""Requests larger than the buffer of a worker's socket: taken back, they are not signed twice."""

import asyncio
import os
import random

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import Input, SignOrder
from signetd.gm.encoding import raw_to_der
from tests.integration.drivers.faulty import Faulty, eventually, ready

LARGE = 1 << 20  # the longest message that the API takes


def document(order: SignOrder, size: int) -> SignOrder:
    return msgspec.structs.replace(order, input=Input.MESSAGE, data=os.urandom(size))


async def begin_slow(pool: TokenPool, order: SignOrder, faulty: Faulty) -> asyncio.Task[bytes]:
    """Begin a signature that takes a while; return when the token is at it."""
    before = faulty.count("C_Sign")
    task = asyncio.create_task(pool.sign(order))
    await eventually(lambda: faulty.count("C_Sign") > before)
    return task


async def test_one_that_was_cancelled_is_not_signed(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        before = faulty.count("C_SignInit")
        faulty.faults("C_Sign delay 200 times=1")
        slow = await begin_slow(pool, order, faulty)
        large = [asyncio.create_task(pool.sign(document(order, LARGE))) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert pool.crew.ready[0].in_flight == 1, "a large one was sent behind another"
        for task in large:
            task.cancel()
        assert await slow
        assert all([await pool.sign(order) for _ in range(3)])
        assert faulty.count("C_SignInit") == before + 1 + 3, "a request that nobody waits for"
    finally:
        await pool.close()


async def test_one_behind_a_call_that_stalls_is_signed_once_by_another_worker(
    faulty: Faulty,
) -> None:
    pool, order = await ready(faulty, workers=2, request_timeout=5.0)
    try:
        before = faulty.count("C_SignInit")
        faulty.faults("C_Sign delay 600 times=1")  # once in each worker
        slow = [await begin_slow(pool, order, faulty)]
        await asyncio.sleep(0.2)
        slow.append(await begin_slow(pool, order, faulty))
        # All workers are busy. When the first one stalls, the second has not yet.
        large = [asyncio.create_task(pool.sign(document(order, LARGE))) for _ in range(3)]
        assert all(await asyncio.gather(*slow, *large))
        assert all([await pool.sign(order) for _ in range(3)])
        assert faulty.count("C_SignInit") == before + 2 + 3 + 3, "one was signed twice"
    finally:
        await pool.close()


async def test_large_and_small_ones_in_disorder_are_signed_as_they_are(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        public = load_der_public_key((await pool.keys())[0].spki)
        assert isinstance(public, EllipticCurvePublicKey)
        chance = random.Random(7)
        orders = [
            document(order, chance.choice([10, 1000, 70_000, 300_000, LARGE])) for _ in range(80)
        ]
        tasks = [asyncio.create_task(pool.sign(each)) for each in orders]
        for task in chance.sample(tasks, 30):
            await asyncio.sleep(0.002)
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        signed = [(o, r) for o, r in zip(orders, results, strict=True) if isinstance(r, bytes)]
        for each, signature in signed:
            public.verify(raw_to_der(signature), each.data, ECDSA(SHA256()))
        others = [r for r in results if not isinstance(r, bytes | asyncio.CancelledError)]
        assert not others, f"failed: {others[:3]}"
        assert len(signed) >= 50
    finally:
        await pool.close()
