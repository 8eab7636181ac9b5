"""Unlocks tokens from their PIN files: once each, and never again after a refusal."""

from pathlib import Path
from typing import Protocol

import structlog

from signetd.daemon.pins.file import read_pin
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import Pin

_log = structlog.get_logger("signetd.unlock")


class LockedToken(Protocol):
    """A token as far as unlocking goes."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        ...

    @property
    def status(self) -> TokenStatus:
        """Where it is in its life."""
        ...

    async def unlock(self, pin: Pin) -> None:
        """Present the user PIN."""
        ...


class AutoUnlock:
    """Presents the PIN in a file to a token when it is first there, and locked.

    After that one time the token is left alone: a refused PIN would use up the tries that the
    token allows, and a token that an administrator has locked stays so.
    """

    def __init__(self, token: LockedToken, pin_file: Path) -> None:
        self._token = token
        self._pin_file = pin_file
        self.pending = True

    async def attempt(self) -> None:
        """Unlock the token if it waits for that; what goes wrong is logged."""
        if not self.pending or self._token.status.state is TokenState.ABSENT:
            return
        self.pending = False
        if self._token.status.state is TokenState.READY:
            return
        try:
            await self._token.unlock(read_pin(self._pin_file))
        except SignetError as error:
            # It was pulled out, or its queue was full: no PIN was presented.
            self.pending = error.reason in (Reason.TOKEN_ABSENT, Reason.TOKEN_BUSY)
            _log.warning(
                "token not unlocked",
                token=self._token.name,
                reason=error.reason.value,
                detail=error.message,
            )
        else:
            _log.info("token unlocked", token=self._token.name)
