"""Many signatures at once: each item by itself, in order, whatever happens to the others."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signetd.drivers.errors import SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, Input, KeyInfo, KeyType, Requester, SignOrder
from signetd.gm import encoding
from tests.integration.drivers.conftest import MakePool
from tests.integration.drivers.faulty import Faulty, eventually, ready
from tests.integration.drivers.test_pool import openssl_verifies, sm2_order


def digests(order: SignOrder, count: int) -> list[SignOrder]:
    return [msgspec.structs.replace(order, data=n.to_bytes(32)) for n in range(count)]


def reasons(results: Sequence[bytes | SignetError]) -> Counter[str]:
    return Counter("OK" if isinstance(each, bytes) else each.reason.value for each in results)


async def key_of(pool: TokenPool) -> KeyInfo:
    return (await pool.keys())[0]


def assert_signed(key: KeyInfo, order: SignOrder, result: bytes | SignetError) -> None:
    """Have a P-256 or RSA signature of a digest verified by cryptography."""
    assert isinstance(result, bytes), result
    public = load_der_public_key(key.spki)
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(encoding.raw_to_der(result), order.data, ec.ECDSA(Prehashed(SHA256())))
        else:
            assert isinstance(public, rsa.RSAPublicKey)
            public.verify(result, order.data, padding.PKCS1v15(), Prehashed(SHA256()))
    except InvalidSignature:
        pytest.fail(f"the signature is of something else than {order.data.hex()}")


async def test_each_item_has_its_signature_in_order(make_pool: MakePool, tmp_path: Path) -> None:
    pool = await make_pool(workers=2)
    kinds = (KeyType.EC_P256, KeyType.RSA_2048, KeyType.SM2)
    p256, rsa_key, sm2_key = [
        await pool.generate(kind, label="k", cka_id=bytes([n])) for n, kind in enumerate(kinds, 1)
    ]
    orders = []
    for number in range(120):
        for key, algorithm in (
            (p256, Algorithm.ECDSA_P256_SHA256),
            (rsa_key, Algorithm.RSA_PKCS1_SHA256),
        ):
            data = number.to_bytes(32)
            orders.append(
                SignOrder(key=key.ref, algorithm=algorithm, input=Input.DIGEST, data=data)
            )
    of_sm2 = [sm2_order(sm2_key, b"message", b"signer"), sm2_order(sm2_key, b"another message")]
    results = await pool.sign_many([*orders, *of_sm2])
    assert len(results) == 242
    for number, (order, result) in enumerate(zip(orders, results[:240], strict=True)):
        assert_signed(rsa_key if number % 2 else p256, order, result)
    for order, result in zip(of_sm2, results[240:], strict=True):
        assert isinstance(result, bytes), result
        openssl_verifies(tmp_path, sm2_key, order, encoding.raw_to_der(result))
    assert sum(worker.signatures for worker in pool.crew.ready.values()) == 242
    assert await pool.sign_many([]) == []


async def test_an_item_that_cannot_be_signed_spoils_no_other(make_pool: MakePool) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    good = SignOrder(
        key=key.ref, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.DIGEST, data=bytes(32)
    )
    wrong = msgspec.structs.replace(good, algorithm=Algorithm.RSA_PKCS1_SHA256)
    gone = msgspec.structs.replace(good, key=msgspec.structs.replace(key.ref, cka_id=b"\x09"))
    results = await pool.sign_many([good, wrong, good, gone, good] * 20)
    assert reasons(results) == {"OK": 60, "ALGORITHM_UNSUITABLE": 20, "KEY_NOT_ON_TOKEN": 20}
    assert reasons(results[1::5]) == {"ALGORITHM_UNSUITABLE": 20}


async def test_a_thousand_items_are_no_flood(make_pool: MakePool) -> None:
    """More than the queue takes of one client, and several such batches at once."""
    pool = await make_pool(workers=2)
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    order = SignOrder(
        key=key.ref, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.DIGEST, data=bytes(32)
    )
    batches = await asyncio.gather(*(pool.sign_many(digests(order, 1000)) for _ in range(4)))
    assert [reasons(results) for results in batches] == [{"OK": 1000}] * 4
    for each, result in zip(digests(order, 1000), batches[3], strict=True):
        assert_signed(key, each, result)


@pytest.mark.parametrize("fault", ["C_Sign error 0x30", "C_SignInit error 0x101"])
async def test_an_error_that_passes_is_not_seen(fault: str, faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        orders = digests(order, 200)
        faulty.faults(f"{fault} after=50 times=1")
        results = await pool.sign_many(orders)
        key = await key_of(pool)
        for each, result in zip(orders, results, strict=True):
            assert_signed(key, each, result)
        # One failed, and the first of what the worker was given behind it, in the same session.
        assert 201 <= faulty.count("C_SignInit") <= 204
    finally:
        await pool.close()


async def test_an_item_is_tried_again_once_and_the_rest_goes_on(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Sign error 0x30 after=2 times=2")
        results = await pool.sign_many(digests(order, 5))  # one chunk: nothing is behind it
        assert reasons(results) == {"OK": 4, "TOKEN_FAILED": 1}
        assert isinstance(results[2], SignetError)
        assert results[2].ckr == "CKR_DEVICE_ERROR"
    finally:
        await pool.close()


async def test_a_token_that_fails_always_is_not_asked_for_each_item(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        assert reasons(await pool.sign_many(digests(order, 200))) == {"OK": 200}
        before = faulty.count("C_SignInit")
        faulty.faults("C_Sign error 0x30")
        results = await pool.sign_many(digests(order, 200))
        assert reasons(results)["OK"] == 0
        asked = faulty.count("C_SignInit") - before
        assert asked < 150, f"it was asked {asked} times: chunks are given up after some items"
        faulty.faults()
        await eventually(lambda: pool.status.state is TokenState.READY)
        assert reasons(await pool.sign_many(digests(order, 40))) == {"OK": 40}
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("crash", "WORKER_LOST"), ("hang", "TOKEN_TIMEOUT"), ("flip", "SIGNATURE_FAULTY")],
)
async def test_what_breaks_costs_one_item(fault: str, reason: str, faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        orders = digests(order, 100)
        worker = pool.crew.ready[0]
        faulty.faults(f"C_Sign {fault} after=40 times=1")
        signing = asyncio.ensure_future(pool.sign_many(orders))
        await eventually(lambda: not worker.alive or signing.done())
        faulty.faults()  # another worker would count its own calls
        results = await signing
        assert reasons(results) == {"OK": 99, reason: 1}
        key = await key_of(pool)
        for each, result in zip(orders, results, strict=True):
            if isinstance(result, bytes):
                assert_signed(key, each, result)
    finally:
        await pool.close()


async def test_the_others_finish_what_waits_behind_a_hang(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2, request_timeout=5.0)
    try:
        await pool.sign_many(digests(order, 100))
        faulty.faults("C_Sign hang times=1")
        signing = asyncio.ensure_future(pool.sign(order))
        await asyncio.sleep(0.05)
        faulty.faults()
        began = time.monotonic()
        results = await pool.sign_many(digests(order, 200))
        assert reasons(results) == {"OK": 200}
        assert time.monotonic() - began < 2.0, "they waited for the end of the one that hangs"
        with pytest.raises(SignetError):
            await signing
    finally:
        await pool.close()


async def test_a_batch_in_a_hanging_worker_is_taken_over_but_for_one_item(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2, request_timeout=4.0)
    try:
        await pool.sign_many(digests(order, 100))
        faulty.faults("C_Sign hang after=5 times=1")
        signing = asyncio.ensure_future(pool.sign_many(digests(order, 64)))
        await asyncio.sleep(0.1)
        faulty.faults()
        hung = [worker for worker in pool.crew.ready.values() if worker.in_flight]
        assert hung
        for worker in hung[1:]:  # both hang: one must go before the other's items can move
            worker.kill()
        await eventually(lambda: all(worker.in_flight <= 33 for worker in hung))
        results = await signing
        assert reasons(results)["OK"] >= 62, reasons(results)
    finally:
        await pool.close()


async def test_a_worker_that_sleeps_before_its_batch_loses_nothing(faulty: Faulty) -> None:
    """What waits behind its next item is given to others; that item it still has to sign."""
    pool, order = await ready(faulty, workers=2, request_timeout=10.0)
    try:
        await pool.sign_many(digests(order, 100))
        sleeper = pool.crew.ready[1]
        os.kill(sleeper.pid, signal.SIGSTOP)
        signing = asyncio.ensure_future(pool.sign_many(digests(order, 200)))
        await eventually(lambda: sleeper.stalled)
        await eventually(lambda: not pool.crew.ready[0].in_flight)
        os.kill(sleeper.pid, signal.SIGCONT)
        assert reasons(await signing) == {"OK": 200}
    finally:
        await pool.close()


async def test_a_worker_that_is_killed_takes_one_item_with_it(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        faulty.faults("C_Sign delay 1")
        signing = asyncio.ensure_future(pool.sign_many(digests(order, 300)))
        for _ in range(2):
            await asyncio.sleep(0.05)
            busy = [worker for worker in pool.crew.ready.values() if worker.in_flight]
            os.kill(busy[0].pid, signal.SIGKILL)
        failed = reasons(await signing)
        assert failed["WORKER_LOST"] <= 2
        assert failed["OK"] == 300 - failed["WORKER_LOST"]
    finally:
        await pool.close()


async def test_the_deadline_ends_what_has_not_been_begun(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Sign delay 10")
        began = time.monotonic()
        asker = Requester("a", began + 0.3)
        results = await pool.sign_many(digests(order, 100), asker)
        assert time.monotonic() - began < 0.5
        failed = reasons(results)
        assert failed.keys() == {"OK", "DEADLINE_PASSED"}
        assert 5 <= failed["OK"] <= 35
        signed = faulty.count("C_SignInit")
        await asyncio.sleep(0.2)
        assert faulty.count("C_SignInit") <= signed + 1, "it went on for nobody"
        late = Requester("a", time.monotonic() - 1)
        assert reasons(await pool.sign_many(digests(order, 3), late)) == {"DEADLINE_PASSED": 3}
    finally:
        await pool.close()


async def test_who_goes_is_not_served(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Sign delay 10")
        signing = asyncio.ensure_future(pool.sign_many(digests(order, 100)))
        await eventually(lambda: faulty.count("C_SignInit") > 3)
        signing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await signing
        signed = faulty.count("C_SignInit")
        faulty.faults()
        assert await pool.sign(order)
        await asyncio.sleep(0.1)
        assert faulty.count("C_SignInit") <= signed + 2
    finally:
        await pool.close()


async def test_what_concerns_all_is_the_result_of_each(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        await pool.lock()
        assert reasons(await pool.sign_many(digests(order, 3))) == {"TOKEN_LOCKED": 3}
        await pool.unlock(faulty.pin)
        faulty.faults("C_Sign delay 5")
        signing = asyncio.ensure_future(pool.sign_many(digests(order, 200)))
        await eventually(lambda: faulty.count("C_Sign") > 3)
        await pool.lock()
        failed = reasons(await signing)
        assert failed["TOKEN_LOCKED"] > 100, failed
        assert failed["OK"] > 0
    finally:
        await pool.close()


async def test_a_full_queue_refuses_a_batch_that_has_nothing_under_way(faulty: Faulty) -> None:
    pool, order = await ready(faulty, queue=8, queue_per_client=8)
    try:
        faulty.faults("C_Sign delay 20")
        asker = Requester("greedy")
        waiting = [asyncio.ensure_future(pool.sign(order, asker)) for _ in range(30)]
        await asyncio.sleep(0)
        assert reasons(await pool.sign_many(digests(order, 20), asker)) == {"TOKEN_BUSY": 20}
        other = asyncio.ensure_future(pool.sign_many(digests(order, 20), Requester("other")))
        await asyncio.gather(*waiting, return_exceptions=True)
        assert reasons(await other)["OK"] == 20
    finally:
        await pool.close()


async def test_large_items_go_one_by_one(make_pool: MakePool) -> None:
    pool = await make_pool(workers=2)
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    algorithm = Algorithm.ECDSA_P256_SHA256
    orders = [
        SignOrder(
            key=key.ref, algorithm=algorithm, input=Input.MESSAGE, data=bytes([n]) * (1 << 20)
        )
        for n in range(12)
    ]
    results = await pool.sign_many(orders)
    assert reasons(results) == {"OK": 12}
    public = load_der_public_key(key.spki)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    for order, result in zip(orders, results, strict=True):
        assert isinstance(result, bytes)
        public.verify(encoding.raw_to_der(result), order.data, ec.ECDSA(SHA256()))


async def test_a_signature_is_not_verified_where_the_order_leaves_it_out(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Sign flip")
        unverified = [msgspec.structs.replace(it, verify=False) for it in digests(order, 10)]
        assert reasons(await pool.sign_many(unverified)) == {"OK": 10}
        assert reasons(await pool.sign_many([order] * 2 + unverified)) == {
            "OK": 10,
            "SIGNATURE_FAULTY": 2,
        }
    finally:
        await pool.close()
