"""A registered key pair that a worker does not find: is it gone, or is the worker blind?"""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import child
from signetd.drivers.isolation.misses import Misses
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, Input, KeyRef, KeyType, SignOrder
from tests.integration.drivers.blind_worker import VARIABLE
from tests.integration.drivers.faulty import Faulty, eventually, ready, refused

_ROOT = Path(__file__).parents[3]


@pytest.fixture
def blind(faulty: Faulty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the workers of the token be blind that are started while this folder is there."""
    folder = tmp_path / "blind"
    folder.mkdir()
    monkeypatch.setattr(child, "_MODULE", "tests.integration.drivers.blind_worker")
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    environment = faulty.settings.environment | {VARIABLE: str(folder)}
    faulty.settings = msgspec.structs.replace(faulty.settings, environment=environment)
    return folder


def order_with(key: KeyRef) -> SignOrder:
    return SignOrder(
        key=key, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.DIGEST, data=bytes(32)
    )


async def test_a_pair_made_by_another_program_is_found_by_fresh_workers(
    faulty: Faulty, blind: Path
) -> None:
    pool, _ = await ready(faulty, workers=2)
    other = faulty.pool()
    try:
        await eventually(lambda: pool.workers_ready == 2)
        assert len(os.listdir(blind)) == 2
        os.rename(blind, f"{blind}-over")  # those that come see everything
        await other.start()
        await other.unlock(faulty.pin)
        made = await other.generate(KeyType.EC_P256, label="new", cka_id=b"\x02")
        old = set(pool.crew.ready.values())
        asked = [pool.sign(order_with(made.ref)) for _ in range(20)]
        batch = pool.sign_many([order_with(made.ref)] * 20)
        assert all(await asyncio.gather(*asked))
        assert all(isinstance(each, bytes) for each in await batch)
        await eventually(lambda: pool.status.state is TokenState.READY)
        assert not old & set(pool.crew.ready.values()), "each of them was replaced"
    finally:
        await other.close()
        await pool.close()


async def test_asking_for_what_is_not_there_costs_each_worker_once(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        gone = order_with(KeyRef(b"\x09", bytes(32)))
        serving = asyncio.ensure_future(pool.sign_many([order] * 2000))
        error = await refused(pool, gone)
        assert error.reason is Reason.KEY_NOT_ON_TOKEN
        assert all(isinstance(each, bytes) for each in await serving), "the others lost nothing"
        await eventually(lambda: pool.workers_ready == 2)
        for _ in range(10):  # and each worker is asked
            await asyncio.gather(*(refused(pool, gone) for _ in range(4)))
            results = await pool.sign_many([gone] * 40)
            assert {each.reason for each in results if isinstance(each, SignetError)} == {
                Reason.KEY_NOT_ON_TOKEN
            }
        await eventually(lambda: pool.workers_ready == 2)
        starts = faulty.count("C_Initialize")
        assert starts <= 2 + 2, "each is replaced once for it"
        pids = {worker.pid for worker in pool.crew.ready.values()}
        await asyncio.gather(*(refused(pool, gone) for _ in range(20)))
        assert {worker.pid for worker in pool.crew.ready.values()} == pids
    finally:
        await pool.close()


def test_a_miss_is_forgotten_after_a_minute_and_the_oldest_of_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("signetd.drivers.isolation.misses.time.monotonic", lambda: now)
    misses, key = Misses(), KeyRef(b"\x01", b"f")
    assert misses.is_blind(50.0, key)
    now = 101.0
    assert misses.is_blind(99.0, key), "another one that is as old"
    assert not misses.is_blind(100.5, key), "this one was started since"
    now = 200.0
    assert misses.is_blind(100.5, key), "much may have been made since"
    for number in range(2000):
        misses.is_blind(0.0, KeyRef(number.to_bytes(2), b"f"))
    assert len(misses._first) <= 1024
