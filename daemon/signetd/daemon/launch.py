"""Runs the daemon, or other work on the event loop; what keeps it from starting is printed."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

import uvloop

from signetd.daemon import lifecycle, logs
from signetd.daemon.config import Config, ConfigError, load
from signetd.daemon.errors import StartError
from signetd.daemon.process import forbid_dumps, share_often


def run(file: Path) -> None:
    """Run the daemon of a configuration file until it is told to stop.

    Raises SystemExit with 1 when it cannot start, or had to end.
    """
    try:
        config = load(file)
    except ConfigError as error:
        _fail(str(error))
    guarded(_start(config))


async def _start(config: Config) -> None:
    logs.configure(config.log)
    await lifecycle.run(config)


def guarded(work: Coroutine[Any, Any, None]) -> None:
    """Run *work* to its end; what keeps it from starting is printed, and SystemExit raised."""
    forbid_dumps()
    share_often()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except (ConfigError, StartError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    for line in message.splitlines():
        print(f"signetd: {line}", file=sys.stderr)
    sys.exit(1)
