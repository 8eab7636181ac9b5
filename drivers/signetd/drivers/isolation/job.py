"""The requests of a token's clients: how they wait, move between workers, and end."""

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from signetd.drivers.errors import SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.errand import Errand
from signetd.drivers.types import KeyRef, Requester

if TYPE_CHECKING:
    from signetd.drivers.isolation.process import WorkerProcess

_REPEATABLE: Final = frozenset(
    {
        wire.Sign,
        wire.ListKeys,
        wire.TakeSurvey,
        wire.ReadAttributes,
        wire.FindTraces,
        wire.ReadCertificate,
    }
)


class Office(Protocol):
    """Who looks after jobs when a worker was done with them, or failed."""

    def served(self, worker: "WorkerProcess") -> None:
        """A worker answered."""
        ...

    def failed(self, job: "Job", worker: "WorkerProcess", error: SignetError) -> None:
        """The next operation of a job failed; what follows it was not begun."""
        ...


class Job(Errand):
    """What one client wants of a token: waits in its queue, then is given to a worker."""

    __slots__ = ("client", "moves", "office")

    def __init__(
        self,
        office: Office,
        timeout: float,
        requester: Requester,
        size: int,
        *,
        is_signature: bool,
    ) -> None:
        super().__init__(timeout, requester.deadline, size, is_signature=is_signature)
        self.office = office
        self.client = requester.client
        self.moves = 0  # how often a worker gave it back without a signature since its last one

    @property
    def done(self) -> bool:
        """Whether nobody waits for it any more."""
        raise NotImplementedError

    @property
    def is_retry(self) -> bool:
        """Whether a token has answered its next operation with an error before."""
        raise NotImplementedError

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be tried again when the token has answered with an error."""
        return True

    @property
    def key(self) -> KeyRef | None:
        """Which key pair it is about, None for none."""
        raise NotImplementedError

    def mark_retry(self) -> None:
        """Take note that its next operation is tried for the second and last time."""
        raise NotImplementedError

    def failed(self, worker: "WorkerProcess", error: SignetError) -> None:
        """Its next operation failed, and what follows that was not begun."""
        self.office.failed(self, worker, error)

    def refused(self, error: SignetError) -> None:
        """It waited, and will not be begun."""
        self.fail_all(error)

    def fail_next(self, error: SignetError) -> None:
        """Its next operation has failed for good."""
        raise NotImplementedError

    def fail_all(self, error: SignetError) -> None:
        """All that is left of it has failed for good."""
        while not self.done:
            self.fail_next(error)


class Single(Job):
    """One operation, and the future of who waits for its answer."""

    __slots__ = ("_command", "_is_retry", "future")

    def __init__(
        self, office: Office, command: wire.Command, timeout: float, requester: Requester
    ) -> None:
        is_signature = type(command) is wire.Sign
        size = wire.size_of(command)
        super().__init__(office, timeout, requester, size, is_signature=is_signature)
        self._command = command
        self._is_retry = False
        self.future: asyncio.Future[wire.Value] = asyncio.get_running_loop().create_future()

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be tried again when the token has answered with an error."""
        return type(self._command) in _REPEATABLE

    @property
    def done(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.future.done()

    @property
    def is_retry(self) -> bool:
        """Whether a token has answered it with an error before."""
        return self._is_retry

    @property
    def key(self) -> KeyRef | None:
        """Which key pair it is about, None for none."""
        command = self._command
        return command.order.key if type(command) is wire.Sign else getattr(command, "key", None)

    def mark_retry(self) -> None:
        """Take note that it is tried for the second and last time."""
        self._is_retry = True

    def command(self) -> wire.Command:
        """What is sent to the worker."""
        return self._command

    def answered(self, worker: "WorkerProcess", value: wire.Value) -> None:
        """It is done."""
        self.office.served(worker)
        if not self.future.done():
            self.future.set_result(value)

    def fail_next(self, error: SignetError) -> None:
        """It has failed for good."""
        if not self.future.done():
            self.future.set_exception(error)

    def expire(self, error: SignetError) -> None:
        """Its deadline has passed."""
        self.fail_next(error)
