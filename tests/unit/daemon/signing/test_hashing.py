"""Documents hashed as they arrive: in any chunks they have the digest of the whole."""

import asyncio
import hashlib
import subprocess
import threading
from collections.abc import Callable
from random import Random
from typing import Any

import google_crc32c
import pytest

from signetd.daemon.keys import RegisteredKey
from signetd.daemon.signing.hashing import DocumentHash
from signetd.daemon.signing.types import DocumentEnd, SignInput
from signetd.daemon.signing.validate import check
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from signetd.gm import sm2

SIZES = (0, 1, 2047, 65_535, 65_536, 200_000, 1 << 20)


Registration = Callable[[KeyType], RegisteredKey]


def begun(registration: Registration, key_type: KeyType = KeyType.EC_P256) -> DocumentHash:
    return DocumentHash(check(registration(key_type), SignInput(key="k", message=b"")))


@pytest.mark.parametrize("seed", range(8))
async def test_large_and_small_chunks_are_hashed_in_their_order(
    registration: Registration, seed: int
) -> None:
    random = Random(seed)
    chunks = [random.randbytes(random.choice(SIZES)) for _ in range(30)]
    hashed, whole = begun(registration), b"".join(chunks)
    for chunk in chunks:
        await hashed.take(chunk)
        if random.random() < 0.5:
            await asyncio.sleep(random.random() / 100)
    end = DocumentEnd(size=len(whole), crc32c=google_crc32c.value(whole))
    assert await hashed.finish(end) == hashlib.sha256(whole).digest()


async def test_sm2_hashes_z_before_the_document(registration: Registration) -> None:
    hashed = begun(registration, KeyType.SM2)
    for _ in range(3):
        await hashed.take(b"x" * 100_000)
    key = sm2.Sm2PublicKey.from_spki(registration(KeyType.SM2).spki)
    z = sm2.z_value(key, b"1234567812345678")
    done = await asyncio.to_thread(
        subprocess.run,
        ["openssl", "dgst", "-sm3", "-binary"],
        input=z + b"x" * 300_000,
        capture_output=True,
        check=True,
    )
    assert await hashed.finish(DocumentEnd()) == done.stdout


async def test_no_more_than_two_chunks_wait(
    registration: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed, go = begun(registration), threading.Event()
    update: Any = hashed._update

    def slowly(chunk: bytes) -> None:
        assert go.wait(10)
        update(chunk)

    monkeypatch.setattr(hashed, "_update", slowly)
    chunk = bytes(100_000)
    for _ in range(2):  # one with the thread, one behind it
        await hashed.take(chunk)
    third = asyncio.create_task(hashed.take(chunk))
    await asyncio.sleep(0.2)
    assert not third.done()
    go.set()
    await third


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (DocumentEnd(size=99_999), Reason.INPUT_INVALID),
        (DocumentEnd(size=100_001), Reason.INPUT_INVALID),
        (DocumentEnd(size=100_000, crc32c=0), Reason.INPUT_CRC_MISMATCH),
    ],
)
async def test_an_end_that_does_not_fit_is_refused(
    registration: Registration, end: DocumentEnd, reason: Reason
) -> None:
    hashed = begun(registration)
    await hashed.take(b"y" * 100_000)
    with pytest.raises(SignetError) as refused:
        await hashed.finish(end)
    assert refused.value.reason is reason


async def test_what_goes_wrong_in_the_thread_is_raised(
    registration: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = begun(registration)

    def broken(chunk: bytes) -> None:
        raise MemoryError("too large")

    monkeypatch.setattr(hashed, "_update", broken)
    with pytest.raises(MemoryError):
        for _ in range(5):
            await hashed.take(bytes(100_000))
