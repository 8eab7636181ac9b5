"""Time stamps (RFC 3161) over the signatures of stamps and of seals.

GB/T 38540-2020, 7, step 5, and the field of GM/T 0031-2025 in seals of version 5.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from signetd.daemon.timestamps import Stamped
from signetd.drivers.errors import Reason, SignetError
from signetd.pki.timestamp import TimeStampToken


class Service(Protocol):
    """What gets tokens from authorities: timestamps.TimeStampService."""

    async def stamp(self, data: bytes, deadline: float | None) -> Stamped:
        """Get a token of *data*; raises TIMESTAMP_FAILED, OVERLOADED, SHUTTING_DOWN."""
        ...


class Token(NamedTuple):
    """A TimeStampToken in DER; or None, and in *failure* why not, where one was asked for."""

    der: bytes | None = None
    failure: str = ""


NONE: Final = Token()


class StampTokens:
    """Gets tokens for stamps and seals. With *degrade*, these go on if none is to be had."""

    def __init__(self, service: Service | None, *, degrade: bool = False) -> None:
        self._service = service
        self._degrade = degrade

    @property
    def configured(self) -> bool:
        """Whether there is an authority to be asked."""
        return self._service is not None

    def check(self) -> None:
        """Raise TIMESTAMP_FAILED if there are no time stamps here at all."""
        if self._service is None:
            raise SignetError(
                Reason.TIMESTAMP_FAILED,
                "There is no time-stamping authority here: name one in the configuration "
                "([timestamps]), or stamp without timestamp.",
            )

    async def over(self, signature: bytes, time: datetime, deadline: float | None) -> Token:
        """Return a token over a *signature*'s octets, which was made at *time*.

        *deadline* is in seconds of the monotonic clock. Raises TIMESTAMP_FAILED unless degraded;
        OVERLOADED, SHUTTING_DOWN.
        """
        self.check()
        assert self._service is not None  # noqa: S101  # looked at just now
        found = await self._service.stamp(signature, deadline)
        if found.token is None:
            return Token(failure=found.failure)
        problem = _too_early(found.token, time)
        if not problem:
            return Token(der=found.token.der)
        if self._degrade:
            return Token(failure=problem)
        raise SignetError(Reason.TIMESTAMP_FAILED, problem)


def _too_early(token: TimeStampToken, time: datetime) -> str:
    """Say what is wrong with a token by which the stamp would seem to be made before itself."""
    accuracy = token.accuracy
    latest = token.gen_time + (accuracy.delta if accuracy else timedelta())
    if latest >= time:
        return ""
    return (
        f"The time stamp is of {latest.isoformat()}, before the time of what it is over, "
        f"{time.isoformat()}, and whoever verifies them would refuse both. Set the clock of this "
        "machine, or tell the authority."
    )
