"""Starts the daemon in order, keeps it running until it is told to stop, and stops it in order."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Final

import structlog

from signetd.daemon.assemble import Daemon, assemble
from signetd.daemon.bootstrap import admit_first
from signetd.daemon.config import Config, ConfigError, check_files
from signetd.daemon.errors import StartError
from signetd.daemon.notify import notify
from signetd.daemon.process import allow_files, settle_memory
from signetd.daemon.rpc.listeners import Bound, stop_all
from signetd.daemon.state import Database, StateError, open_database
from signetd.drivers.errors import SignetError
from signetd.gm import selftest

_POOL_CLOSE_SECONDS: Final = 15.0
_FORCED_CLOSE_SECONDS: Final = 2.0
_OTHER_FILES: Final = 512  # the database, the log, and a few for each worker
_SPAWN_SECONDS: Final = 0.05
_POLICY_SECONDS: Final = 1.0
_QUIET_SECONDS: Final = 1.0  # for gRPC to read the last requests and send the last replies
_log = structlog.get_logger("signetd.lifecycle")

Ready = Callable[[Daemon, list[Bound]], Awaitable[None]]
"""Called once, when the daemon answers."""


class Stop:
    """The wish to stop: `asked` after the first SIGTERM or SIGINT, `forced` after the second."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.forced = asyncio.Event()

    def listen(self) -> None:
        """Take the signals of this process from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        (self.forced if self.asked.is_set() else self.asked).set()


async def run(config: Config, ready: Ready | None = None) -> None:
    """Run a daemon until SIGTERM or SIGINT.

    Raises ConfigError or StartError when it cannot start; nothing is left running then. Raises
    StartError also after a stop that became necessary because another daemon got its name.
    """
    stop = Stop()
    stop.listen()
    problems = check_files(config)
    if problems:
        raise ConfigError(tuple(problems))
    self_test()
    _allow_connections(config)
    database = await _open_database(config, stop)
    try:
        await _run_tokens(assemble(config, database), stop, ready)
    finally:
        await asyncio.to_thread(database.close)
    _log.info("stopped")
    if database.lost is not None:
        raise StartError(database.lost)


def _allow_connections(config: Config) -> None:
    """Make room for all connections: without it, workers could not be started under load."""
    wanted = config.limits.connections * len(config.listeners) + _OTHER_FILES
    allowed = allow_files(wanted)
    if allowed < wanted:
        _log.warning(
            "fewer open files are allowed than limits.connections may need: raise the limit "
            "(LimitNOFILE of systemd), or lower limits.connections",
            allowed=allowed,
            wanted=wanted,
        )


async def _open_database(config: Config, stop: Stop) -> Database:
    loop = asyncio.get_running_loop()

    def on_lost(reason: str) -> None:
        _log.error("the daemon's name is lost", detail=reason)
        loop.call_soon_threadsafe(stop.asked.set)

    folder, name = config.daemon.state_directory, config.daemon.name
    try:
        return await asyncio.to_thread(
            open_database, folder, config.database, name=name, on_lost=on_lost
        )
    except StateError as error:
        raise StartError(str(error)) from None


def self_test() -> None:
    """Check the SM2 and SM3 of this process on known values; raises StartError."""
    try:
        selftest.run()
    except selftest.SelfTestError as error:
        raise StartError(f"the self-test of SM2 and SM3 failed: {error}") from None


async def _run_tokens(daemon: Daemon, stop: Stop, ready: Ready | None) -> None:
    # Ended in the opposite order, each whatever becomes of the others.
    async with AsyncExitStack() as ending:
        ending.push_async_callback(daemon.guard.drain)
        if daemon.time_stamps is not None:
            ending.push_async_callback(daemon.time_stamps.close)
        ending.push_async_callback(daemon.verify_threads.close)
        ending.push_async_callback(_close_tokens, daemon, stop)
        ending.push_async_callback(daemon.audit.close)
        desks = daemon.documents, daemon.desk, daemon.stamps
        for part in (daemon.approval_changes, *desks, daemon.recorder, daemon.keys):
            ending.push_async_callback(part.drain)
        await _load(daemon)
        await _start_tokens(daemon)
        await _start_checkpoints(daemon)
        await _follow_once(daemon)
        async with _following(daemon):
            await _run_listeners(daemon, stop, ready)


async def _start_tokens(daemon: Daemon) -> None:
    starting = asyncio.gather(*(pool.start() for pool in daemon.tokens.values()))
    # Until the workers are processes: while they load their modules there is time to tidy up.
    await asyncio.wait({starting}, timeout=_SPAWN_SECONDS)
    settle_memory()
    await starting


async def _start_checkpoints(daemon: Daemon) -> None:
    try:
        await daemon.audit.start()
    except SignetError as error:
        raise StartError(error.message) from None


async def _load(daemon: Daemon) -> None:
    """Read the state, the audit first: what is done from here on is written there.

    The keys are read by the book, together with who may use them.
    """
    try:
        await daemon.audit.load(version("signetd"))
        await daemon.book.load()
        if await admit_first(daemon.config, daemon.audit.ledger, daemon.book.snapshot):
            await daemon.book.refresh()
    except (StateError, SignetError) as error:
        raise StartError(str(error)) from None


async def _run_listeners(daemon: Daemon, stop: Stop, ready: Ready | None) -> None:
    servers: list[Bound] = []
    try:
        for listener in daemon.config.listeners:
            servers.append(daemon.bind(listener))
        for bound in servers:
            await bound.start()
            await bound.prove()
        await daemon.health.open()
        if ready is not None:
            await ready(daemon, servers)
        _log.info("ready", listeners=[bound.address for bound in servers])
        notify("READY=1")
        await stop.asked.wait()
    finally:
        await _drain(daemon, servers, stop)


async def _drain(daemon: Daemon, servers: list[Bound], stop: Stop) -> None:
    notify("STOPPING=1")
    _log.info("stopping", drain_timeout=daemon.config.daemon.drain_timeout)
    await daemon.health.close()
    for watched in daemon.watchers:
        watched.close()
    ending = asyncio.ensure_future(daemon.dispatcher.streams.end(_QUIET_SECONDS))
    draining = asyncio.ensure_future(stop_all(servers, daemon.config.daemon.drain_timeout))
    forced = asyncio.ensure_future(stop.forced.wait())
    # gRPC can forget a call that comes in the moment of the stop, and would wait for it.
    quiet = asyncio.ensure_future(daemon.dispatcher.quiet(_QUIET_SECONDS))
    await asyncio.wait({draining, forced, quiet}, return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        await stop_all(servers, None)
    forced.cancel()
    quiet.cancel()
    await asyncio.gather(draining, ending)


async def _close_tokens(daemon: Daemon, stop: Stop) -> None:
    limit = _FORCED_CLOSE_SECONDS if stop.forced.is_set() else _POOL_CLOSE_SECONDS
    for name, pool in daemon.tokens.items():
        try:
            await asyncio.wait_for(pool.close(), limit)
        except TimeoutError:
            _log.error("token not closed in time", token=name, seconds=limit)


@asynccontextmanager
async def _following(daemon: Daemon) -> AsyncIterator[None]:
    """Follow the changes of tokens and audit meanwhile, and what is changed in the database."""
    work = (
        _follow(daemon),
        daemon.approvals.upkeep(),
        _follow_policy(daemon),
        daemon.expiry.run(),
    )
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow_policy(daemon: Daemon) -> None:
    # A signature is held against the newest policy in any case; this is for all else: what other
    # daemons change, and changes of this one whose caller went away before they were read.
    while True:
        await asyncio.sleep(_POLICY_SECONDS)
        try:
            await daemon.gate.refresh()
        except (StateError, SignetError) as error:
            _log.warning("identities, grants and keys not read anew", detail=str(error))


async def _follow(daemon: Daemon) -> None:
    while True:
        await daemon.changed.wait()
        await _follow_once(daemon)


async def _follow_once(daemon: Daemon) -> None:
    daemon.changed.clear()
    await daemon.health.update()
