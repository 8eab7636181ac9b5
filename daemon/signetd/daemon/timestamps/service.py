"""Gets time stamps from the authorities of the configuration, one after the other."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, NamedTuple

import structlog

from signetd.daemon.config import Timestamps, TsaUrl
from signetd.daemon.credentials import utc_now
from signetd.daemon.timestamps.access import AccessReader
from signetd.daemon.timestamps.errors import AttemptError
from signetd.daemon.timestamps.exchange import Exchange
from signetd.daemon.timestamps.judging import TokenJudge
from signetd.daemon.timestamps.query import Query, digest_of
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import InputError
from signetd.pki.timestamp import RefusedError, TimeStampToken, hashes, read_response

ROUNDS: Final = 2
"""How often an authority is asked for one time stamp, where another attempt may help."""
_PAUSE_SECONDS: Final = 0.2
_THREADS: Final = 16
_MOST_WAITING: Final = 256
_SECONDS_TO_RETRY: Final = 1.0
_log = structlog.get_logger("signetd.timestamps")


class Stamped(NamedTuple):
    """A token; or None, and in *failure* why, where the configuration lets that pass."""

    token: TimeStampToken | None
    failure: str = ""


class TimeStampService:
    """Asks authorities (RFC 3161) in turn, and judges what they send before it is used.

    An attempt is a thread, which never has more than the attempt's time. Looking up a name is the
    one step that cannot be ended from outside; such a thread is left to itself.
    """

    def __init__(self, config: Timestamps, now: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._now = now
        self._access = AccessReader(config)
        self._judge = TokenJudge(config.trust, config.policy)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="timestamps")
        self._running: set[Exchange] = set()
        self._first: TsaUrl = config.urls[0]
        self._waiting = 0
        self._closed = False

    @property
    def hash(self) -> str:
        """The hash of the configuration, by which a digest must be: sm3 or sha256."""
        return self._config.hash

    async def stamp(
        self, data: bytes, deadline: float | None, *, digested: bool = False
    ) -> Stamped:
        """Get a token of *data* (a signature's value, say), or of its digest by ``hash``.

        *deadline* is in seconds of the monotonic clock. The token is verified: of this data, an
        answer to this request, and by an authority of the configuration. Raises SignetError
        TIMESTAMP_FAILED where none has given one, unless on_failure is "degrade"; OVERLOADED where
        too many wait; SHUTTING_DOWN after close(); DIGEST_LENGTH_WRONG.
        """
        digest = self._checked(data) if digested else digest_of(self._config, data)
        self._admit()
        self._waiting += 1
        try:
            return Stamped(await self._by_any(digest, deadline))
        except SignetError as error:
            if error.reason is not Reason.TIMESTAMP_FAILED or self._config.on_failure == "refuse":
                raise
            _log.warning("going on without a time stamp", detail=error.message)
            return Stamped(None, error.message)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End all attempts, and begin no more."""
        self._closed = True
        for exchange in tuple(self._running):
            exchange.abort()
        self._threads.shutdown(wait=False)

    def _checked(self, digest: bytes) -> bytes:
        size = hashes.SIZES[self.hash]
        if len(digest) != size:
            raise SignetError(
                Reason.DIGEST_LENGTH_WRONG,
                f"A digest by {self.hash} has {size} bytes, not {len(digest)}.",
            )
        return digest

    def _admit(self) -> None:
        self._refuse_when_closed()
        if self._waiting >= _MOST_WAITING:
            raise SignetError(
                Reason.OVERLOADED,
                f"{_MOST_WAITING} requests wait for time stamps already; try again later.",
                retry_after=_SECONDS_TO_RETRY,
            )

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise SignetError(Reason.SHUTTING_DOWN, "The daemon is shutting down; try again later.")

    async def _by_any(self, digest: bytes, deadline: float | None) -> TimeStampToken:
        problems: dict[TsaUrl, str] = {}
        urls = self._order()
        for turn in range(ROUNDS):
            if turn and urls:
                await asyncio.sleep(max(0.0, min(_PAUSE_SECONDS, self._seconds(deadline))))
            again = []
            for url in urls:
                try:
                    return await self._attempt(url, digest, deadline)
                except AttemptError as error:
                    self._refuse_when_closed()
                    problems.setdefault(url, str(error))
                    if error.passing:
                        again.append(url)
            urls = again
        raise _failed(problems)

    def _order(self) -> list[TsaUrl]:
        """Return the authorities, with the one that has answered last before the others."""
        return sorted(self._config.urls, key=lambda url: url != self._first)

    async def _attempt(self, url: TsaUrl, digest: bytes, deadline: float | None) -> TimeStampToken:
        seconds = self._seconds(deadline)
        if seconds <= 0:
            raise AttemptError("the deadline of the request left no time to ask it")
        try:
            token = await self._by(url, digest, seconds)
        except AttemptError as error:
            _log.warning("no time stamp from an authority", url=str(url), detail=str(error))
            raise
        self._first = url
        return token

    async def _by(self, url: TsaUrl, digest: bytes, seconds: float) -> TimeStampToken:
        """Make one attempt. Raises AttemptError."""
        exchange = Exchange(url, seconds)
        query = Query.make(self._config, digest)
        loop = asyncio.get_running_loop()
        self._running.add(exchange)
        try:
            async with asyncio.timeout(seconds):
                return await loop.run_in_executor(
                    self._threads, self._blocking, exchange, url, query
                )
        except TimeoutError:
            raise AttemptError(f"no answer within {seconds:.3g} s", passing=True) from None
        finally:
            self._running.discard(exchange)
            exchange.abort()

    def _blocking(self, exchange: Exchange, url: TsaUrl, query: Query) -> TimeStampToken:
        asked = self._now()
        content = exchange.run(query.content, self._access.read(url.secure))
        try:
            token = read_response(content)
        except RefusedError as error:
            raise AttemptError(str(error), passing=error.passing) from None
        except InputError as error:
            raise AttemptError(f"its answer cannot be read: {error}") from None
        return self._judge.judge(token, query, asked, self._now())

    def _seconds(self, deadline: float | None) -> float:
        most = self._config.attempt_timeout
        return most if deadline is None else min(most, deadline - time.monotonic())


def _failed(problems: dict[TsaUrl, str]) -> SignetError:
    told = "; ".join(f"{url}: {problem}" for url, problem in problems.items())
    return SignetError(
        Reason.TIMESTAMP_FAILED,
        f"No time-stamping authority has given a time stamp. {told}.",
        retry_after=_SECONDS_TO_RETRY,
    )
