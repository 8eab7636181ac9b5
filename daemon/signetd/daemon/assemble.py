"""Makes the daemon's objects from its configuration. The only place that constructs them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from signetd.daemon.config import Config, Listener, Token
from signetd.daemon.identity import Identities
from signetd.daemon.keys import KeyManager
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.listeners import Bound, bind
from signetd.daemon.rpc.signing_api import SigningApi
from signetd.daemon.rpc.token_api import TokenApi
from signetd.daemon.signing import FaultCounter, SigningEngine
from signetd.daemon.state import Database
from signetd.drivers.isolation.pool import TokenPool
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
    guard: StoredPinGuard
    changed: asyncio.Event

    def bind(self, listener: Listener) -> Bound:
        """Bind a server to an address of the configuration; raises StartError."""
        return bind(listener, self.dispatcher, self.health)


def assemble(config: Config, database: Database) -> Daemon:
    """Make the objects of a daemon; nothing is started. Needs a running event loop."""
    changed = asyncio.Event()
    tokens = {token.name: _pool(config, token, changed.set) for token in config.tokens}
    keys = KeyManager(database.keys, tokens)
    return Daemon(
        config=config,
        database=database,
        tokens=tokens,
        keys=keys,
        dispatcher=_dispatcher(config, tokens, keys),
        health=Health(tokens),
        guard=guard,
        changed=changed,
    )


def _dispatcher(config: Config, tokens: dict[str, TokenPool], keys: KeyManager) -> Dispatcher:
    profiles = {token.name: token.profile for token in config.tokens}
    limits = {token.name: token.quarantine_after for token in config.tokens}
    engine = SigningEngine(keys, tokens, FaultCounter(keys, limits))
    return Dispatcher(
        Identities(config.identities),
        {
            "signetd.api.v1.SigningService": SigningApi(engine),
            "signetd.api.v1.KeyService": KeyApi(keys),
            "signetd.api.v1.TokenService": TokenApi(tokens, profiles),
        },
    )


def _pool(config: Config, token: Token, on_change: Callable[[], None]) -> TokenPool:
    return TokenPool(
        token.name,
        TokenSettings(
            module=str(token.module),
            label=token.label or "",
            serial=token.serial or "",
            profile=token.profile,
            environment=dict(token.environment),
        ),
        workers=token.workers,
        request_timeout=token.request_timeout,
        generate_timeout=token.generate_timeout,
        queue=token.queue,
        # One start of a vendor's library at a time, whatever number of tokens and workers.
        lock_file=config.daemon.state_directory / "worker-start.lock",
        on_change=on_change,
    )
