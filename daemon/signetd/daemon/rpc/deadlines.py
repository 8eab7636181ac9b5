"""How long a call may take: what its client allows, or a default, and never more than the limit."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from signetd.daemon.config import Limits
from signetd.daemon.rpc.methods import Method
from signetd.drivers.errors import Reason, SignetError

_Value = TypeVar("_Value")

PATIENT: Final = frozenset(
    {
        # A token's own generate_timeout and request_timeout, up to 600 s, bound these: slow tokens
        # take a minute and more to make an RSA key, or to list what they hold. To send the caller
        # away sooner would not stop a change that has begun, only hide how it ended.
        "/signetd.api.v1.KeyService/GenerateKey",
        "/signetd.api.v1.KeyService/EnrolKey",
        "/signetd.api.v1.KeyService/DestroyKey",
        # Workers may have to be replaced first, and each of them logs in after the other.
        "/signetd.api.v1.TokenService/UnlockToken",
        "/signetd.api.v1.TokenService/LockToken",
        # A thousand signatures of a token that makes ten in a second.
        "/signetd.api.v1.SigningService/BatchSign",
    }
)
"""The methods whose default deadline is the longest one."""


class Deadlines:
    """Knows the configured limits."""

    def __init__(self, limits: Limits) -> None:
        self._default = limits.default_deadline
        self._longest = limits.max_deadline

    def seconds(self, method: Method, wanted: float | None) -> float | None:
        """Return how long a call may take whose client allows *wanted* seconds, None: any time.

        None for a stream without a deadline: it goes on until somebody ends it.
        """
        if method.streams:
            return wanted
        if method.takes_many:  # as long as its client sends: each of the messages has a limit
            return self._longest if wanted is None else wanted
        if wanted is None:
            return self._longest if method.path in PATIENT else self._default
        return min(wanted, self._longest)

    def for_reading(self, seconds: float | None) -> float:
        """Return how long a client may take to send its request, in a call of *seconds*."""
        return self._default if seconds is None else min(seconds, self._default)

    async def within(self, seconds: float | None, work: Coroutine[Any, Any, _Value]) -> _Value:
        """Do *work*, and cancel it when *seconds* are over; raises DEADLINE_PASSED then."""
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
        seconds = seconds or 0
        most = f", of at most {self._longest:g} s" if seconds < self._longest else ""
        raise SignetError(
            Reason.DEADLINE_PASSED,
            f"There was no answer within {seconds:.3g} s, the deadline of the request; give it a "
            f"longer one{most}.",
        )
