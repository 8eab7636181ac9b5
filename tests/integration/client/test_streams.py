"""The client's streams on a real daemon with SoftHSM; openssl and cryptography verify."""

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest

from signetd.client import AsyncClient, Client, Endpoint, Signature, SignetdError, SignItem
from tests.integration.client.conftest import KEYS, Judge
from tests.integration.daemon.running import Running

ITEMS = 2000
SAMPLE = 40
Result = Signature | SignetdError
Many = Callable[[Running, Iterator[SignItem]], list[Result]]


def items(number: int, *keys: str) -> list[SignItem]:
    names = cycle(keys or KEYS)
    return [SignItem(key=next(names), message=b"document %d" % each) for each in range(number)]


def with_threads(running: Running, source: Iterator[SignItem]) -> list[Result]:
    with running.client() as client:
        return list(client.sign_many(source))


def with_asyncio(running: Running, source: Iterator[SignItem]) -> list[Result]:
    async def many() -> list[Result]:
        async with AsyncClient(Endpoint(running.endpoint)) as client:
            return [one async for one in client.sign_many(source)]

    return asyncio.run(many())


both = pytest.mark.parametrize("many", [with_threads, with_asyncio])


def check(judge: Judge, asked: list[SignItem], results: list[Result]) -> None:
    """All are signatures; a sample is verified, so that one in another's place is found."""
    assert len(results) == len(asked)
    made = [one for one in results if isinstance(one, Signature)]
    assert len(made) == len(asked), [one for one in results if isinstance(one, SignetdError)][:3]
    for number in random.Random(1).sample(range(len(asked)), SAMPLE):
        item = asked[number]
        judge.check(item.key, item.message or b"", made[number].signature)


@both
def test_two_thousand_items_of_three_kinds(running: Running, judge: Judge, many: Many) -> None:
    asked = items(ITEMS)
    results = many(running, iter(asked))
    check(judge, asked, results)
    numbers = {one.audit_number for one in results if isinstance(one, Signature)}
    assert len(numbers) == ITEMS, "each has a record of its own in the audit"


@both
@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_daemon_that_is_restarted_in_the_middle(
    running: Running, judge: Judge, many: Many, how: signal.Signals
) -> None:
    """Nothing is missing, and nothing is signed that was not asked for."""
    asked = items(ITEMS, "p256")
    restarted = threading.Event()

    def restart() -> None:
        running.signal(how)
        running.wait(30)
        running.spawn()
        running.await_log('"event": "ready"')
        restarted.set()

    restarting = threading.Thread(target=restart)

    def source() -> Iterator[SignItem]:
        for number, item in enumerate(asked):
            if number == ITEMS // 2:
                restarting.start()
            yield item

    results = many(running, source())
    restarting.join()
    assert restarted.is_set()
    check(judge, asked, results)


def test_thirty_two_threads_with_one_client(running: Running, judge: Judge) -> None:
    asked = items(960)
    with running.client() as client, ThreadPoolExecutor(32) as threads:
        results: list[Result] = list(threads.map(client.sign, asked))
    check(judge, asked, results)
    streams = [line for line in running.log.splitlines() if "SigningService/SignStream" in line]
    assert len(streams) == 1, running.log[-2000:]
    assert '"status": "OK"' in streams[0], "a client that is closed ends its stream in order"


async def test_sixty_four_tasks_with_one_client(running: Running, judge: Judge) -> None:
    asked = items(960)
    room = asyncio.Semaphore(64)

    async def one(client: AsyncClient, item: SignItem) -> Result:
        async with room:
            return await client.sign(item)

    async with AsyncClient(Endpoint(running.endpoint)) as client:
        results = await asyncio.gather(*(one(client, item) for item in asked))
    await asyncio.to_thread(check, judge, asked, results)


def test_errors_are_the_same_alone_and_shared(running: Running) -> None:
    """With the facts of ErrorInfo: the reason, and a request ID to look for in the log."""
    wrong = [
        SignItem(key="nobody", message=b"x"),
        SignItem(key="p256", digest=b"short"),
        SignItem(key="p256", message=b"x", algorithm="sm2-sm3"),
        SignItem(key="p256", message=bytes((1 << 20) + 1)),
    ]

    def refusal(client: Client, item: SignItem) -> SignetdError:
        with pytest.raises(SignetdError) as caught:
            client.sign(item)
        return caught.value

    with running.client() as client, ThreadPoolExecutor(16) as threads:
        alone = [refusal(client, item) for item in wrong]
        shared = list(threads.map(lambda item: refusal(client, item), wrong * 20))
        many = list(client.sign_many(wrong))
    for number, error in enumerate([*shared, *many]):
        expected = alone[number % len(wrong)]
        assert isinstance(error, type(expected))
        assert (error.reason, error.code) == (expected.reason, expected.code)
        assert (error.retryable, error.message) == (expected.retryable, expected.message)
        assert error.metadata.keys() == expected.metadata.keys()
        assert error.metadata["request_id"]


def test_closing_early_costs_the_daemon_nothing(running: Running) -> None:
    with running.client() as client:
        results = client.sign_many(items(100_000, "p256"))
        assert isinstance(next(iter(results)), Signature)
        results.close()  # type: ignore[attr-defined]
        assert isinstance(client.sign(items(1)[0]), Signature)
    running.signal(signal.SIGTERM)
    began = time.monotonic()
    assert running.wait(20) == 0
    assert time.monotonic() - began < 8, "no stream was left that it waits for"


@pytest.mark.parametrize("key", KEYS)
def test_a_document_of_50_mib_is_verified_by_openssl(
    running: Running, judge: Judge, key: str, tmp_path: Path
) -> None:
    file = tmp_path / "document"
    file.write_bytes(random.Random(2).randbytes(1 << 20) * 50)
    with running.client() as client:
        made = client.sign_document(key, file, check_digest=True)
    assert made.document_bytes == 50 << 20
    judge.check_file(key, file, made.signature)


async def test_asyncio_a_document_as_it_comes(
    running: Running, judge: Judge, tmp_path: Path
) -> None:
    file = tmp_path / "document"
    file.write_bytes(random.Random(3).randbytes(5_000_001))
    async with AsyncClient(Endpoint(running.endpoint)) as client:
        with file.open("rb") as opened:
            made = await client.sign_document("sm2", opened, check_digest=True)
        with pytest.raises(SignetdError, match="nobody"):
            await client.sign_document("nobody", file)
    await asyncio.to_thread(judge.check_file, "sm2", file, made.signature)
