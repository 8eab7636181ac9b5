"""A real token through real workers: signing, PINs, crashes, vendors in disguise."""

import asyncio
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from gmssl import sm2 as gmssl_sm2  # type: ignore[import-untyped]

from signetd.drivers.algorithms import ALGORITHMS_OF, INTEGER_BYTES
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, Input, KeyInfo, KeyRef, KeyType, Pin, SignOrder
from signetd.gm import encoding
from signetd.softhsm import ProvisionedToken

MakePool = Callable[..., Awaitable[TokenPool]]
VENDORS = {
    "luna": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000016",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80000B20",
        "SIGNETD_SM2_SIGN": "0x80000B21",
        "SIGNETD_SM2_SIGN_SM3": "0",
        "SIGNETD_SM2_OUTPUT": "raw",
    },
    "sansec": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0",
        "SIGNETD_SM2_SIGN_SM3": "0x80008100",
        "SIGNETD_SM2_HASHING": "plain",
    },
    "tass": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0",
        "SIGNETD_SM2_SIGN_SM3": "0x80008100",
        "SIGNETD_SM2_HASHING": "z-fixed",
        "SIGNETD_SM2_OUTPUT": "der-padded",
    },
    "ep11": {
        "SIGNETD_SM2_KEY_TYPE": "0x80050002",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x8005000A",
        "SIGNETD_SM2_SIGN": "0",
        "SIGNETD_SM2_SIGN_SM3": "0x8005000C",
    },
}


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except PermissionError:  # the kernel hides a process without dumps from all but root
        assert os.geteuid() != 0
        return b""


def sm2_order(key: KeyInfo, message: bytes = b"a document", signer_id: bytes = b"") -> SignOrder:
    return SignOrder(
        key=key.ref,
        algorithm=Algorithm.SM2_SM3,
        input=Input.MESSAGE,
        data=message,
        signer_id=signer_id,
    )


def openssl_verifies(folder: Path, key: KeyInfo, order: SignOrder, signature: bytes) -> None:
    if order.algorithm is Algorithm.ED25519 and not order.data:
        # The openssl command refuses an empty file here: its library, through cryptography.
        public = load_der_public_key(key.spki)
        assert isinstance(public, Ed25519PublicKey)
        public.verify(signature, b"")
        return
    for name, data in (("k.der", key.spki), ("m", order.data), ("s", signature)):
        (folder / name).write_bytes(data)
    options = {
        "SM2": [
            "-digest",
            "sm3",
            "-pkeyopt",
            "distid:" + (order.signer_id.decode() or "1234567812345678"),
        ],
        "ED2": [],
    }.get(order.algorithm[:3], ["-digest", order.algorithm.rsplit("_", 1)[-1].lower()])
    if "_PSS_" in order.algorithm:
        options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"]
    files = ["-inkey", f"{folder}/k.der", "-in", f"{folder}/m", "-sigfile", f"{folder}/s"]
    done = subprocess.run([*verify, *options, *files], capture_output=True, text=True, timeout=30)
    assert "Verified Successfully" in done.stdout, f"{order.algorithm}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("key_type", KeyType)
async def test_every_algorithm_is_verified_by_openssl(
    key_type: KeyType, make_pool: MakePool, tmp_path: Path
) -> None:
    pool = await make_pool()
    key = await pool.generate(key_type, label="k", cka_id=b"\x01")
    for algorithm in ALGORITHMS_OF[key_type]:
        for message in (b"", b"x", b"y" * 100_000):
            order = SignOrder(key=key.ref, algorithm=algorithm, input=Input.MESSAGE, data=message)
            signature = await pool.sign(order)
            if algorithm in INTEGER_BYTES:
                signature = encoding.raw_to_der(signature)
            openssl_verifies(tmp_path, key, order, signature)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_vendor_is_only_another_profile(
    vendor: str, make_pool: MakePool, tmp_path: Path
) -> None:
    pool = await make_pool(vendor, **VENDORS[vendor])
    key = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    for _ in range(8):  # malformed DER shows in some signatures only
        order = sm2_order(key)
        signature = encoding.raw_to_der(await pool.sign(order))
        openssl_verifies(tmp_path, key, order, signature)


async def test_a_profile_that_lies_is_refused_and_the_truth_is_named(make_pool: MakePool) -> None:
    environment = VENDORS["sansec"] | {"SIGNETD_SM2_HASHING": "z"}
    pool = await make_pool("sansec", **environment)
    key = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    with pytest.raises(SignetError, match='takes = "message"') as refused:
        await pool.sign(sm2_order(key))
    assert refused.value.reason is Reason.CONVENTION_WRONG


async def test_gmssl_is_the_second_oracle(make_pool: MakePool) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    point = key.spki[-64:].hex()
    crypt = gmssl_sm2.CryptSM2(private_key="", public_key=point)
    crypt.public_key = point  # its constructor strips leading zeros and fours
    for message in (b"", b"x", b"y" * 1000):
        signature = await pool.sign(sm2_order(key, message))
        assert crypt.verify_with_sm3(signature.hex(), message)
        assert not crypt.verify_with_sm3(signature.hex(), message + b"!")


async def test_another_signer_id(make_pool: MakePool, tmp_path: Path) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    order = sm2_order(key, b"", b"ALICE123@YAHOO.COM")
    openssl_verifies(tmp_path, key, order, encoding.raw_to_der(await pool.sign(order)))


async def test_a_strangers_key_under_the_same_id_is_refused(make_pool: MakePool) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    stranger = KeyRef(key.ref.cka_id, bytes(32))
    order = SignOrder(
        key=stranger, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.MESSAGE, data=b""
    )
    with pytest.raises(SignetError) as refused:
        await pool.sign(order)
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN


async def test_wrong_pin_is_refused_and_not_tried_again(
    make_pool: MakePool, token: ProvisionedToken
) -> None:
    pool = await make_pool(workers=2)
    await pool.lock()
    with pytest.raises(SignetError) as refused:
        await pool.unlock(Pin("not the pin"))
    assert refused.value.reason is Reason.PIN_REFUSED
    assert not pool.crew.unlocked
    assert pool.status.state is TokenState.LOCKED


async def test_the_right_pin_works_at_once_after_a_wrong_one_and_after_lock(
    make_pool: MakePool, token: ProvisionedToken
) -> None:
    """The worker is being replaced then; unlocking waits for the new one."""
    pool = await make_pool()
    for _ in range(3):
        await pool.lock()
        with pytest.raises(SignetError) as refused:
            await pool.unlock(Pin("not the pin"))
        assert refused.value.reason is Reason.PIN_REFUSED
        await pool.unlock(Pin(token.user_pin_file.read_text()))
        assert pool.status.state is TokenState.READY


async def kill_under_load(pool: TokenPool, order: SignOrder) -> list[bytes | BaseException]:
    load = asyncio.gather(*(pool.sign(order) for _ in range(200)), return_exceptions=True)
    await asyncio.sleep(0.005)  # both workers are at it then, and for some time to come
    os.kill(next(iter(pool.crew.ready.values())).pid, signal.SIGKILL)
    return await load


async def test_kill_9_costs_the_call_that_was_begun_only(make_pool: MakePool) -> None:
    pool = await make_pool(workers=2)
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    order = SignOrder(
        key=key.ref, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.DIGEST, data=bytes(32)
    )
    results = await kill_under_load(pool, order)
    failed = [result for result in results if isinstance(result, BaseException)]
    assert len(failed) <= 1, f"more than the call that the worker was at: {failed[:3]}"
    assert all(isinstance(e, SignetError) and e.reason is Reason.WORKER_LOST for e in failed)
    began = time.monotonic()
    await pool.sign(order)
    assert time.monotonic() - began < 1.0


async def test_the_key_is_gone_after_destroy(make_pool: MakePool) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.ED25519, label="k", cka_id=b"\x01")
    await pool.destroy(key.ref)
    assert await pool.keys() == []


async def test_no_process_is_left(make_pool: MakePool) -> None:
    pool = await make_pool(workers=2)
    pids = [worker.pid for worker in pool.crew.opened.values()]
    await pool.close()
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]  # noqa: ASYNC240


async def test_the_pin_is_nowhere_in_proc(make_pool: MakePool, token: ProvisionedToken) -> None:
    pool = await make_pool()
    pin = token.user_pin_file.read_bytes()
    for worker in pool.crew.opened.values():
        for name in ("cmdline", "environ", "status", "maps", "comm"):
            assert pin not in read(f"/proc/{worker.pid}/{name}")


async def test_workers_that_keep_dying_are_replaced_ever_slower(make_pool: MakePool) -> None:
    """As with a library that crashes in a thread of its own soon after every start."""
    pool = await make_pool()
    replaced: list[float] = []
    dead: set[int] = set()
    end = time.monotonic() + 6
    while time.monotonic() < end:
        for pid in {worker.pid for worker in pool.crew.ready.values()} - dead:
            replaced.append(time.monotonic())
            dead.add(pid)
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.01)
    pauses = [later - earlier for earlier, later in itertools.pairwise(replaced)]
    assert len(pauses) >= 3, "the first ones are replaced at once"
    assert len(replaced) < 12, f"replaced {len(replaced)} times in 6 s, which is a loop: {pauses}"
