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
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.watching import Watchers
from signetd.daemon.signing import SigningEngine
from signetd.daemon.state import KeyStore
from signetd.daemon.unlock import AutoUnlock
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import Transition
from signetd.drivers.types import TokenSettings


@dataclass(frozen=True)
class Daemon:
    """What a running daemon consists of. A token that changes its state sets `changed`."""

    config: Config
    store: KeyStore
    tokens: dict[str, TokenPool]
    keys: KeyManager
    dispatcher: Dispatcher
    health: Health
    watchers: Watchers
    unlocks: tuple[AutoUnlock, ...]
    changed: asyncio.Event

    def bind(self, listener: Listener) -> Bound:
        """Bind a server to an address of the configuration; raises StartError."""
        limit = self.config.limits.connections
        return bind(listener, self.dispatcher, self.health, limit)


def assemble(config: Config, store: KeyStore) -> Daemon:
    """Make the objects of a daemon; nothing is started. Needs a running event loop."""
    changed = asyncio.Event()
    tokens: dict[str, TokenPool] = {}
    writer = TokenMessages({token.name: token.profile for token in config.tokens})
    watchers = Watchers(tokens, writer, config.limits.watchers)

    def on_change(transition: Transition) -> None:
        watchers.publish(transition)
        changed.set()

    tokens.update({token.name: _pool(config, token, on_change) for token in config.tokens})
    keys = KeyManager(store, tokens)
    token_api = TokenApi(tokens, writer, watchers)
    return Daemon(
        config=config,
        store=store,
        tokens=tokens,
        keys=keys,
        dispatcher=_dispatcher(config, SigningEngine(keys, tokens), keys, token_api),
        health=Health(tokens),
        watchers=watchers,
        unlocks=tuple(
            AutoUnlock(tokens[token.name], token.pin_file)
            for token in config.tokens
            if token.pin_file is not None
        ),
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


def _pool(config: Config, token: Token, on_change: Callable[[Transition], None]) -> TokenPool:
    def changed() -> None:
        # The pool says that it changed, not from what: that is remembered here.
        statuses.append(pool.status)
        on_change(Transition(token.name, statuses.pop(0), pool.status))

    pool = TokenPool(
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
        on_change=changed,
    )
    statuses = [pool.status]
    return pool
