"""Real tokens for the drivers: SoftHSM with the SM2 module, a store for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import Pin, TokenSettings
from signetd.softhsm import ProvisionedToken, provision
from tests.integration.drivers.faulty import Faulty
from tests.integration.drivers.memory import Guard, Serials

MakePool = Callable[..., Awaitable[TokenPool]]


@pytest.fixture
def token(tmp_path: Path) -> ProvisionedToken:
    return provision(tmp_path / "token", "test", module="sm2", install=True)


@pytest.fixture
async def make_pool(token: ProvisionedToken, tmp_path: Path) -> AsyncIterator[MakePool]:
    """Make pools on the token, unlocked; *environment* lets the module pose as a vendor."""
    async with AsyncExitStack() as stack:

        async def make(
            profile: str = "softhsm-sm2", workers: int = 1, **environment: str
        ) -> TokenPool:
            settings = TokenSettings(
                module=str(token.module),
                label=token.label,
                profile=profile,
                environment=token.environment | environment,
            )
            lock_file = tmp_path / "start.lock"
            pool = TokenPool(
                "test",
                settings,
                PoolSettings(workers=workers),
                lock_file=lock_file,
                guard=Guard(),
                serials=Serials(),
            )
            stack.push_async_callback(pool.close)
            await pool.start()
            await pool.unlock(Pin(token.user_pin_file.read_text()))
            return pool

        yield make


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "token")
