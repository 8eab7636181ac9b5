"""Makes the pools of workers of the configuration's tokens."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from signetd.daemon.config import Config, Token
from signetd.daemon.config.profiles import announce, chosen
from signetd.daemon.pins import PinFile, StoredPinGuard, StoredSerialBook
from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import Transition
from signetd.drivers.types import TokenSettings


def make_pools(
    config: Config,
    guard: StoredPinGuard,
    serials: StoredSerialBook,
    on_change: Callable[[Transition], None],
) -> dict[str, TokenPool]:
    """Return a pool for each token, by its name; none is started."""
    return {
        token.name: TokenPool(
            token.name,
            _token_settings(config, token),
            _pool_settings(token),
            lock_file=_lock_file(config, token),
            guard=guard,
            serials=serials,
            source=PinFile(token.pin_file) if token.pin_file is not None else None,
            on_change=on_change,
        )
        for token in config.tokens
    }


def _token_settings(config: Config, token: Token) -> TokenSettings:
    profile = chosen(config, token)
    announce(token, profile)
    return TokenSettings(
        module=str(token.module),
        label=token.label or "",
        serial=token.serial or "",
        profile=profile.name,
        profile_text=profile.text,
        environment=dict(token.environment),
        memory_limit=(token.memory_limit_mebibytes or 0) << 20,
    )


def _pool_settings(token: Token) -> PoolSettings:
    return PoolSettings(
        workers=token.workers,
        request_timeout=token.request_timeout,
        generate_timeout=token.generate_timeout,
        start_timeout=token.start_timeout,
        queue=token.queue,
        queue_per_client=token.queue_per_client,
        queue_seconds=token.queue_seconds,
        check_interval=token.check_interval,
        recycle_seconds=token.recycle_seconds,
        recycle_operations=token.recycle_operations,
        recycle_growth=token.recycle_growth_mebibytes << 20,
    )


def _lock_file(config: Config, token: Token) -> Path:
    """One start of a vendor's library at a time; one that hangs holds up no other library."""
    name = hashlib.sha256(str(token.module).encode()).hexdigest()[:16]
    return config.daemon.state_directory / f"worker-start-{name}.lock"
