"""Makes the daemon's objects from its configuration. The only place that constructs them."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from signetd.daemon.config import Config, Listener, Token
from signetd.daemon.identity import Identities
from signetd.daemon.keys import KeyManager
from signetd.daemon.pins import PinFile, PinHasher, StoredPinGuard, StoredSerialBook
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.listeners import Bound, bind
from signetd.daemon.rpc.signing_api import SigningApi
from signetd.daemon.rpc.token_api import TokenApi
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.watching import Watchers
from signetd.daemon.signing import FaultCounter, SigningEngine
from signetd.daemon.state import Database
from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import Transition
from signetd.drivers.types import TokenSettings


@dataclass(frozen=True)
class Daemon:
    """What a running daemon consists of. A token that changes its state sets `changed`."""

    config: Config
    database: Database
    tokens: dict[str, TokenPool]
    keys: KeyManager
    dispatcher: Dispatcher
    health: Health
    watchers: Watchers
    guard: StoredPinGuard
    changed: asyncio.Event

    def bind(self, listener: Listener) -> Bound:
        """Bind a server to an address of the configuration; raises StartError."""
        limit = self.config.limits.connections
        return bind(listener, self.dispatcher, self.health, limit)


def assemble(config: Config, database: Database) -> Daemon:
    """Make the objects of a daemon; nothing is started. Needs a running event loop."""
    changed = asyncio.Event()
    tokens: dict[str, TokenPool] = {}
    writer = TokenMessages({token.name: token.profile for token in config.tokens})
    watchers = Watchers(tokens, writer, config.limits.watchers)

    def on_change(transition: Transition) -> None:
        watchers.publish(transition)
        changed.set()

    guard = StoredPinGuard(database.pins, PinHasher(database.pin_guard_key))
    serials = StoredSerialBook(database.bindings)
    for token in config.tokens:
        tokens[token.name] = TokenPool(
            token.name,
            _token_settings(token),
            _pool_settings(token),
            lock_file=_lock_file(config, token),
            guard=guard,
            serials=serials,
            source=PinFile(token.pin_file) if token.pin_file is not None else None,
            on_change=on_change,
        )
    keys = KeyManager(database.keys, tokens)
    token_api = TokenApi(tokens, writer, watchers)
    return Daemon(
        config=config,
        database=database,
        tokens=tokens,
        keys=keys,
        dispatcher=_dispatcher(config, _engine(config, keys, tokens), keys, token_api),
        health=Health(tokens),
        watchers=watchers,
        guard=guard,
        changed=changed,
    )


def _dispatcher(
    config: Config, engine: SigningEngine, keys: KeyManager, token_api: TokenApi
) -> Dispatcher:
    return Dispatcher(
        Identities(config.identities),
        {
            "signetd.api.v1.SigningService": SigningApi(engine),
            "signetd.api.v1.KeyService": KeyApi(keys),
            "signetd.api.v1.TokenService": token_api,
        },
        config.limits,
    )


def _engine(config: Config, keys: KeyManager, tokens: dict[str, TokenPool]) -> SigningEngine:
    limits = {token.name: token.quarantine_after for token in config.tokens}
    return SigningEngine(keys, tokens, FaultCounter(keys, limits))


def _token_settings(token: Token) -> TokenSettings:
    return TokenSettings(
        module=str(token.module),
        label=token.label or "",
        serial=token.serial or "",
        profile=token.profile,
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
