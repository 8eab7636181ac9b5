"""Unlocks tokens from their PIN files: once each, and never again after a refusal."""

from pathlib import Path
from typing import Final, Protocol

import structlog

from signetd.daemon.config import exposure
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import Pin

_MAX_PIN_BYTES: Final = 255
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


def read_pin(path: Path) -> Pin:
    """Read the PIN in a file: its text without one closing line end.

    Raises SignetError PIN_INVALID when the file cannot be read, is open to others, or holds
    nothing or too much.
    """
    try:
        with path.open("rb") as file:
            exposed = exposure(path, file.fileno())
            content = file.read(_MAX_PIN_BYTES + 3)
    except OSError as error:
        raise SignetError(
            Reason.PIN_INVALID, f"The PIN file {path} cannot be read: {error.strerror}."
        ) from None
    if exposed:
        raise SignetError(Reason.PIN_INVALID, f"The PIN file {path} {exposed}.")
    return Pin(_pin_text(content, path))


def _pin_text(content: bytes, path: Path) -> str:
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > _MAX_PIN_BYTES or set(text) & set("\n\r\0"):
        raise SignetError(
            Reason.PIN_INVALID,
            f"The PIN file {path} must hold one line of 1 to {_MAX_PIN_BYTES} bytes of UTF-8.",
        )
    return text
