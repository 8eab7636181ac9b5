"""The workers that one token has at the moment, and the state of the token that follows."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.life import Facts, TokenLife, TokenState, TokenStatus, Transition
from signetd.drivers.types import TokenInfo

_log = logging.getLogger("signetd.token")


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """How a token's workers are kept and its requests are queued. Times are in seconds.

    ``start_timeout`` bounds loading the module, finding the token and logging in;
    ``check_interval`` is how often an idle worker is asked whether its token is still there. A
    worker is recycled after ``recycle_seconds``, after ``recycle_operations``, and when its memory
    has grown by ``recycle_growth`` bytes; 0 means never.
    """

    workers: int = 1
    request_timeout: float = 10.0
    generate_timeout: float = 120.0
    start_timeout: float = 30.0
    queue: int = 1024
    queue_per_client: int = 256
    queue_seconds: float = 5.0
    check_interval: float = 1.0
    recycle_seconds: float = 86400.0
    recycle_operations: int = 0
    recycle_growth: int = 256 << 20


@dataclass(eq=False)
class Crew:
    """The workers: those that have the token open, and those of them that are logged in.

    What went wrong is kept as sentences: ``absent`` and ``failed`` of the last attempt to open the
    token, ``locked`` why no PIN is presented, ``missing`` why workers are missing.
    """

    name: str
    wanted: int
    on_change: Callable[[Transition], None]
    on_settled: Callable[[], None]
    info: TokenInfo | None = None
    serial: str = ""  # of the token that was unlocked under this name; no other gets a PIN
    opened: dict[int, WorkerProcess] = field(default_factory=dict)
    ready: dict[int, WorkerProcess] = field(default_factory=dict)
    unlocked: bool = False
    absent: str = ""
    failed: str = ""
    locked: str = ""
    missing: str = ""
    complaints: dict[str, str] = field(default_factory=dict)
    closing: bool = False
    pace: Pace = field(default_factory=Pace)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._life = TokenLife(self.name, self._transition)

    @property
    def status(self) -> TokenStatus:
        """The token's state, why, and since when."""
        return self._life.status

    def settle(self) -> None:
        """Tell the token's state from what is known, and whoever waits for a change of it."""
        if not self.closing:
            self._observe()
        self.changed.set()
        self.on_settled()

    def _observe(self) -> None:
        if len(self.ready) >= self.wanted:
            self.missing = ""
        self._life.observe(
            Facts(
                wanted=self.wanted,
                opened=len(self.opened),
                ready=len(self.ready),
                unlocked=self.unlocked,
                absent=self.absent,
                failed=self.failed,
                locked=self.locked,
                missing=self.missing,
                complaints=tuple(self.complaints.values()),
            )
        )

    def _transition(self, transition: Transition) -> None:
        state, reason = transition.after.state, transition.after.reason
        level = logging.INFO if state is TokenState.READY else logging.WARNING
        _log.log(level, "token %s is %s%s", self.name, state.value, reason and f": {reason}")
        self.on_change(transition)

    def refusal(self) -> SignetError | None:
        """Why requests are refused at once, or None."""
        if not self.closing and self.status.state.serves:
            return None
        return self.unavailable()

    def unavailable(self) -> SignetError:
        """The error for a request that the token cannot serve in its present state."""
        if self.closing:
            return SignetError(Reason.SHUTTING_DOWN, "the daemon is shutting down")
        status = self.status
        if status.state is TokenState.LOCKED:
            why = f'token "{self.name}" is locked ({status.reason}); unlock it with its PIN'
            return SignetError(Reason.TOKEN_LOCKED, why)
        if status.state is TokenState.ABSENT:
            why = f'token "{self.name}" is not available: {status.reason}'
            return SignetError(Reason.TOKEN_ABSENT, why, retry_after=1.0)
        why = f'token "{self.name}" is {status.state.value.lower()}: {status.reason}'
        return SignetError(Reason.TOKEN_RECOVERING, why, retry_after=1.0)

    async def wait_for_opened(self, seconds: float) -> list[tuple[int, WorkerProcess]]:
        """Return the living workers that have the token open; wait a while for the first one.

        Raises SignetError when there is none, or the token is absent.
        """
        try:
            async with asyncio.timeout(seconds):
                while not self.closing and self.status.state is not TokenState.ABSENT:
                    alive = [(i, worker) for i, worker in self.opened.items() if worker.alive]
                    if alive:
                        return alive
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            pass
        raise self.unavailable()
