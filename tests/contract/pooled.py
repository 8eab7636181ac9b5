"""A token behind real worker processes, called from tests that know nothing of event loops."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import (
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    SignOrder,
    TokenInfo,
    TokenSettings,
)
from tests.contract.backdoor import Process
from tests.contract.subject import Subject
from tests.integration.drivers.memory import Guard, Serials

_SECONDS = 100
T = TypeVar("T")


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pools", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* to its end. Raises what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()


class Pooled:
    """A pool of workers as a Driver."""

    def __init__(self, loop: Loop, pool: TokenPool) -> None:
        self._loop = loop
        self.pool = pool

    @property
    def info(self) -> TokenInfo:
        """What the token says of itself."""
        assert self.pool.info is not None
        return self.pool.info

    def list_keys(self) -> list[KeyInfo]:
        """List the key pairs afresh."""
        return self._loop.run(self.pool.keys())

    def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        """Find the one key pair that is meant."""
        return self._loop.run(self.pool.find_key(cka_id=cka_id, label=label))

    def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair."""
        return self._loop.run(self.pool.generate(key_type, label=label, cka_id=cka_id))

    def sign(self, order: SignOrder) -> bytes:
        """Make one signature."""
        return self._loop.run(self.pool.sign(order))

    def destroy(self, ref: KeyRef) -> None:
        """Destroy a key pair."""
        self._loop.run(self.pool.destroy(ref))

    def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
        """Put a certificate beside its key pair."""
        self._loop.run(self.pool.store_certificate(ref, der, label))

    def read_certificate(self, ref: KeyRef) -> bytes:
        """Return the certificate beside a key pair."""
        return self._loop.run(self.pool.read_certificate(ref))


@contextmanager
def opened(settings: TokenSettings, pin: Pin) -> Iterator[Pooled]:
    """Start a worker on the token and unlock it. Raises SignetError."""
    loop = Loop()
    try:
        with TemporaryDirectory(prefix="signetd-") as folder:
            pool = loop.run(_started(settings, pin, Path(folder) / "lock"))
            try:
                yield Pooled(loop, pool)
            finally:
                loop.run(pool.close())
    finally:
        loop.close()


def subject(*, settings: TokenSettings, pin: Pin, **about: Any) -> Subject:
    """Describe a token with a module: opened by a pool, looked at by processes beside it."""
    return Subject(
        settings=settings, pin=pin, open=opened, backdoor=Process(settings, pin), **about
    )


async def _started(settings: TokenSettings, pin: Pin, lock_file: Path) -> TokenPool:
    pool = TokenPool(
        "contract",
        settings,
        PoolSettings(workers=settings.workers),
        lock_file=lock_file,
        guard=Guard(),
        serials=Serials(),
    )
    await pool.start()
    try:
        if pool.status.state in (TokenState.ABSENT, TokenState.FAILED):
            raise pool.crew.unavailable()
        await pool.unlock(pin)
    except BaseException:
        await pool.close()
        raise
    return pool
