"""Tokens that go and come, in another slot, as another token; and SoftHSM's own under load."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from tests.integration.drivers.faulty import Faulty, eventually, ready
from tests.integration.drivers.memory import Source

_INITIALISE = """
import sys, pkcs11
from signetd.softhsm import _init_token
module, so_pin = sys.argv[1], sys.stdin.read()
slot = pkcs11.lib(module).get_token(token_label="test").slot
_init_token._init_token(module, slot.slot_id, so_pin, "test")
with slot.get_token().open(rw=True, so_pin=so_pin) as session:
    session.init_pin("87654321")
"""


async def until(holds: Callable[[], bool], seconds: float) -> None:
    began = time.monotonic()
    while not holds():
        await asyncio.sleep(0.01)
        assert time.monotonic() - began < seconds, f"not within {seconds} s"


async def test_an_idle_token_that_goes_is_missed_and_comes_back(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        faulty.faults("* hide")
        await until(lambda: pool.status.state is TokenState.ABSENT, 2.0)
        with pytest.raises(SignetError) as refused:
            await pool.sign(order)
        assert refused.value.reason is Reason.TOKEN_ABSENT
        assert refused.value.retry_after
        faulty.faults()
        await until(lambda: pool.status.state.serves, 3.0)
        assert await pool.sign(order)
    finally:
        await pool.close()


async def test_a_start_without_the_token(faulty: Faulty) -> None:
    faulty.faults("* hide")
    pool = faulty.pool(workers=3, source=Source(faulty.pin))
    began = time.monotonic()
    await pool.start()
    try:
        assert time.monotonic() - began < 3.0
        assert pool.status.state is TokenState.ABSENT
        assert 'no token with label "test" is in any slot' in pool.status.reason
        await asyncio.sleep(2)
        assert faulty.count("C_Initialize") <= 3, "one worker is enough to look for it"
        faulty.faults()
        await until(lambda: pool.status.state is TokenState.READY, 3.0)
    finally:
        await pool.close()


async def test_the_same_token_in_another_slot(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("* hide")
        await eventually(lambda: pool.status.state is TokenState.ABSENT)
        faulty.faults("* slot 5")
        await eventually(lambda: pool.status.state is TokenState.READY)
        assert await pool.sign(order)
    finally:
        await pool.close()


async def test_another_token_of_the_same_label_gets_no_pin(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        logins = faulty.count("C_Login")
        faulty.faults("C_GetTokenInfo serial STRANGER")
        await eventually(lambda: pool.status.state is TokenState.ABSENT)
        await eventually(lambda: "STRANGER" in pool.status.reason)
        assert "configuration" in pool.status.reason
        await asyncio.sleep(1)
        assert faulty.count("C_Login") == logins
        faulty.faults()
        await eventually(lambda: pool.status.state is TokenState.READY)
        assert await pool.sign(order)
    finally:
        await pool.close()


async def test_the_token_that_was_first_unlocked_is_remembered(faulty: Faulty) -> None:
    pool, _ = await ready(faulty)
    await pool.close()
    logins = faulty.count("C_Login")
    faulty.faults("C_GetTokenInfo serial STRANGER")
    again = faulty.pool(source=Source(faulty.pin))
    await again.start()
    try:
        assert again.status.state is TokenState.ABSENT
        assert faulty.count("C_Login") == logins, "the stranger was shown the PIN"
    finally:
        await again.close()


async def failures_while(
    pool_sign: Callable[[], Awaitable[bytes]], act: Callable[[], object]
) -> list[SignetError]:
    """Keep signing while *act* runs and a while after; return what failed."""
    failures: list[SignetError] = []
    done = asyncio.Event()

    async def load() -> None:
        while not done.is_set():
            try:
                await pool_sign()
            except SignetError as error:
                failures.append(error)
                await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(load()) for _ in range(8)]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(act)
    await asyncio.sleep(2.5)
    done.set()
    await asyncio.gather(*tasks)
    return failures


async def test_a_token_deleted_under_load_comes_back_with_its_folder(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    tokens = Path(faulty.token.environment["SOFTHSM2_CONF"]).parent / "tokens"
    away = tokens.parent / "away"
    away.mkdir()
    (folder,) = [f for f in tokens.iterdir() if f.is_dir()]
    try:
        failures = await failures_while(
            lambda: pool.sign(order), lambda: shutil.move(folder, away / folder.name)
        )
        assert failures, "the token was not missed"
        assert not pool.status.state.serves
        assert all(error.message for error in failures)
        shutil.move(away / folder.name, folder)
        await until(lambda: pool.status.state is TokenState.READY, 5.0)
        assert await pool.sign(order)
    finally:
        await pool.close()


async def test_a_token_initialised_anew_under_load_is_a_stranger(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    so_pin = faulty.token.so_pin_file.read_text()

    def initialise() -> None:
        done = subprocess.run(
            [sys.executable, "-c", _INITIALISE, faulty.token.environment["SIGNETD_SM2_MODULE"]],
            env=os.environ | faulty.token.environment,
            input=so_pin,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr

    try:
        failures = await failures_while(lambda: pool.sign(order), initialise)
        assert failures
        assert {error.reason for error in failures} <= {
            Reason.TOKEN_ABSENT,
            Reason.TOKEN_LOCKED,
            Reason.TOKEN_FAILED,
            Reason.TOKEN_RECOVERING,
            Reason.KEY_NOT_ON_TOKEN,
            Reason.PIN_REFUSED,
        }
        await until(lambda: not pool.status.state.serves, 5.0)
        # A login is accepted as before until the token has been initialised.
        refusals = faulty.refused_logins()
        assert len(refusals) <= 1, f"the old PIN was refused more than once: {refusals}"
    finally:
        await pool.close()
