"""A pool of workers on a token that breaks on command."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signetd.drivers.errors import SignetError
from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import Transition
from signetd.drivers.types import Algorithm, Input, KeyType, Pin, SignOrder, TokenSettings
from signetd.softhsm import provision, set_faults
from tests.integration.drivers.memory import Guard, Serials, Source


class Faulty:
    """A pool on a token that breaks on command."""

    def __init__(self, folder: Path) -> None:
        self.token = provision(folder, "test", module="fault", install=True)
        self.calls = folder / "calls"
        self.guard = Guard()
        self.serials = Serials()
        self.transitions: list[Transition] = []
        self._control = folder / "faults"
        environment = self.token.environment | {"SIGNETD_FAULT_LOG": str(self.calls)}
        self.settings = TokenSettings(
            module=str(self.token.module),
            label="test",
            profile="softhsm-sm2",
            environment=environment,
        )

    def faults(self, *rules: str) -> None:
        set_faults(self._control, *rules)

    def pool(self, workers: int = 1, *, source: Source | None = None, **options: Any) -> TokenPool:
        settings: dict[str, Any] = {"request_timeout": 1.0, "check_interval": 0.3} | options
        return TokenPool(
            "test",
            self.settings,
            PoolSettings(workers=workers, **settings),
            lock_file=self._control.with_name("lock"),
            guard=self.guard,
            serials=self.serials,
            source=source,
            on_change=self.transitions.append,
        )

    @property
    def pin(self) -> Pin:
        return Pin(self.token.user_pin_file.read_text())

    def count(self, function: str) -> int:
        return self.calls.read_text().split().count(function)

    def refused_logins(self) -> list[str]:
        """What the token itself answered to each login that it did not accept."""
        return [word for word in self.calls.read_text().split() if word.startswith("C_Login=")]


async def ready(faulty: Faulty, workers: int = 1, **options: Any) -> tuple[TokenPool, SignOrder]:
    pool = faulty.pool(workers, **options)
    await pool.start()
    await pool.unlock(faulty.pin)
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    algorithm = Algorithm.ECDSA_P256_SHA256
    return pool, SignOrder(key=key.ref, algorithm=algorithm, input=Input.DIGEST, data=bytes(32))


async def refused(pool: TokenPool, order: SignOrder) -> SignetError:
    with pytest.raises(SignetError) as caught:
        await pool.sign(order)
    return caught.value


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # what is waited for is in another process
            await asyncio.sleep(0.01)
