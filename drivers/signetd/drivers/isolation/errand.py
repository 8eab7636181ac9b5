"""What a worker is given to do, and who hears how it went."""

import asyncio
from typing import TYPE_CHECKING

from signetd.drivers.errors import SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.types import Remedy

if TYPE_CHECKING:
    from signetd.drivers.isolation.process import WorkerProcess


class WorkerFailure(SignetError):
    """A call that the token answered with an error; ``remedy`` says what may cure it."""

    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.reason, failure.message, ckr=failure.ckr)
        self.remedy = failure.remedy


class NeverStarted(SignetError):
    """The call waited behind another one when the worker ended or stalled: it was not begun.

    Of a worker that ended, at most the calls of the last few milliseconds, whose replies were not
    sent yet, are wrongly counted as such.
    """


def remedy_of(error: BaseException | None) -> Remedy:
    """What may cure a failed call; nothing for one that did not fail in the token."""
    return error.remedy if isinstance(error, WorkerFailure) else Remedy.NONE


class Errand:
    """One call of a worker. What becomes of it is told by methods, each at most once.

    Nothing is told once nobody waits for it any more, see ``WorkerProcess.give_up``.
    """

    __slots__ = ("deadline", "is_signature", "items", "number", "size", "timeout", "worker")

    def __init__(
        self, timeout: float, deadline: float | None, size: int, *, is_signature: bool
    ) -> None:
        self.items = 1  # how many operations it has left
        self.is_signature = is_signature  # what they are
        self.timeout = timeout  # seconds that one operation may take in the token
        self.deadline = deadline  # in seconds of the monotonic clock; after it, it is not begun
        self.size = size  # in bytes, roughly
        self.worker: WorkerProcess | None = None  # which has been given it
        self.number = 0  # of the call, there

    def command(self) -> wire.Command:
        """What is sent to the worker."""
        raise NotImplementedError

    def answered(self, worker: "WorkerProcess", value: wire.Value) -> None:
        """It is done."""
        raise NotImplementedError

    def progressed(self, worker: "WorkerProcess", results: list[bytes | wire.Failure]) -> None:
        """The next ones of its operations are done, which are signatures."""
        raise wire.WireError("signatures of a batch came for a call that is none")

    def failed(self, worker: "WorkerProcess", error: SignetError) -> None:
        """Its next operation failed, and what follows that was not begun."""
        raise NotImplementedError

    def split(self) -> "Errand | None":
        """Part with all operations but the next one; return them, None when there are none."""
        return None


class Call(Errand):
    """A call that waits in no queue, and its caller for a future; none of signatures."""

    __slots__ = ("_command", "future")

    def __init__(self, command: wire.Command, timeout: float, deadline: float | None) -> None:
        super().__init__(timeout, deadline, 0, is_signature=False)
        self._command = command
        self.future: asyncio.Future[wire.Value] = asyncio.get_running_loop().create_future()

    def command(self) -> wire.Command:
        """What is sent to the worker."""
        return self._command

    def answered(self, worker: "WorkerProcess", value: wire.Value) -> None:
        """It is done."""
        if not self.future.done():
            self.future.set_result(value)

    def failed(self, worker: "WorkerProcess", error: SignetError) -> None:
        """It failed."""
        if not self.future.done():
            self.future.set_exception(error)
