"""Certificates beside the key pairs of a real token, looked at by another program too."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asn1crypto import x509  # type: ignore[import-untyped]

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import KeyInfo, KeyType
from signetd.softhsm import ProvisionedToken
from tests.integration.drivers.faulty import Faulty
from tests.unit.pki import forest, holders

MakePool = Callable[..., Awaitable[TokenPool]]
CHILD = Path(__file__).with_name("certificate_objects.py")
_names = itertools.count()


def issued(key: KeyInfo, common_name: str = "") -> bytes:
    """Have a CA issue a certificate for a key pair."""
    holder = holders.Key("sm2" if key.key_type is KeyType.SM2 else "ec", b"", key.spki)
    return forest.root("ec").leaf(common_name or f"leaf {next(_names)}", holder).der


def objects(token: ProvisionedToken, *more: str) -> list[dict[str, str]]:
    """Return the certificates on the token as another process sees them."""
    arguments = [str(token.module), token.label, str(token.user_pin_file), *more]
    done = subprocess.run(
        [sys.executable, str(CHILD), *arguments],
        env=os.environ | token.environment,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("key_type", [KeyType.SM2, KeyType.EC_P256, KeyType.RSA_2048])
async def test_a_certificate_stands_beside_its_key_pair(
    make_pool: MakePool, token: ProvisionedToken, key_type: KeyType
) -> None:
    pool = await make_pool()
    key = await pool.generate(key_type, label="k", cka_id=b"\x01\x02")
    assert await pool.read_certificate(key.ref) == b""
    der = issued(key)
    await pool.store_certificate(key.ref, der, "seal")
    assert await pool.read_certificate(key.ref) == der
    parsed = x509.Certificate.load(der)
    assert objects(token) == [
        {
            "ID": "0102",
            "LABEL": "seal",
            "VALUE": der.hex(),
            "SUBJECT": parsed.subject.dump().hex(),
            "ISSUER": parsed.issuer.dump().hex(),
            "SERIAL_NUMBER": parsed["tbs_certificate"]["serial_number"].dump().hex(),
        }
    ]


async def test_a_new_certificate_takes_the_place_of_the_former(
    make_pool: MakePool, token: ProvisionedToken
) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.SM2, label="k", cka_id=b"\x01")
    first, second = issued(key), issued(key)
    for der in (first, second, second):
        await pool.store_certificate(key.ref, der, "k")
    assert [each["VALUE"] for each in objects(token)] == [second.hex()]


async def test_those_of_other_keys_are_left_alone(
    make_pool: MakePool, token: ProvisionedToken, tmp_path: Path
) -> None:
    """Another key's under the same CKA_ID, and what is no certificate at all."""
    pool = await make_pool()
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    other, file = forest.root("ec").leaf("other").der, tmp_path / "other.der"
    file.write_bytes(other)
    objects(token, "01", str(file))
    der = issued(key)
    await pool.store_certificate(key.ref, der, "k")
    assert {each["VALUE"] for each in objects(token)} == {der.hex(), other.hex()}
    await pool.destroy(key.ref)
    assert [each["VALUE"] for each in objects(token)] == [other.hex()]


async def test_destruction_takes_the_pairs_certificate_whoever_stored_it(
    make_pool: MakePool, token: ProvisionedToken, tmp_path: Path
) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    der, file = issued(key), tmp_path / "own.der"
    file.write_bytes(der)
    objects(token, "01", str(file))
    await pool.store_certificate(key.ref, der, "k")  # it is there already
    assert [each["LABEL"] for each in objects(token)] == ["somebody else's"]
    await pool.destroy(key.ref)
    assert objects(token) == []


async def test_the_certificate_of_another_key_is_refused(make_pool: MakePool) -> None:
    pool = await make_pool()
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    for der in (forest.root("ec").leaf("other").der, b"garbage"):
        with pytest.raises(SignetError) as caught:
            await pool.store_certificate(key.ref, der, "k")
        assert caught.value.reason is Reason.CERTIFICATE_UNSUITABLE
    assert await pool.read_certificate(key.ref) == b""


async def test_a_full_token_gives_up_the_former_one_for_the_new(faulty: Faulty) -> None:
    async with opened(faulty) as (pool, key):
        first, second = issued(key), issued(key)
        await pool.store_certificate(key.ref, first, "k")
        faulty.faults("C_CreateObject error 0x31 times=1")
        await pool.store_certificate(key.ref, second, "k")
        assert await pool.read_certificate(key.ref) == second
        assert [each["VALUE"] for each in objects(faulty.token)] == [second.hex()]


@pytest.mark.parametrize(
    ("number", "answer"), [(0x31, "CKR_DEVICE_MEMORY"), (0x54, "CKR_FUNCTION_NOT_SUPPORTED")]
)
async def test_a_token_that_takes_none_says_so_and_goes_on(
    faulty: Faulty, number: int, answer: str
) -> None:
    async with opened(faulty) as (pool, key):
        faulty.faults(f"C_CreateObject error {number:#x}")
        with pytest.raises(SignetError) as caught:
            await pool.store_certificate(key.ref, issued(key), "k")
        assert caught.value.ckr == answer
        assert await pool.read_certificate(key.ref) == b""


@asynccontextmanager
async def opened(faulty: Faulty) -> AsyncIterator[tuple[TokenPool, KeyInfo]]:
    """Give a pool on the token, with one key pair; it is closed at the end."""
    pool = faulty.pool(request_timeout=10.0)
    try:
        await pool.start()
        await pool.unlock(faulty.pin)
        yield pool, await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    finally:
        await pool.close()
