"""The call that is being answered: its identifier, its deadline, and what its log line says."""

import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from signetd.daemon.credentials import Presented
from signetd.daemon.policy.types import Asker, Role
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester


@dataclass
class Call:
    """One call. `deadline` is in seconds of the monotonic clock; `facts` go into the log.

    `outcome` is what the record of its end says beyond that it was done.
    `resource` is what the audit says it was about. `recorded` is set by whoever has written the
    call's record into the audit; else the dispatcher does it, unless it is `carried` out to its
    end whether somebody waits or not. It is `admitted` once it is known that its caller may call
    this, and has room.
    """

    method: str
    deadline: float | None = None
    identity: str = ""
    roles: frozenset[Role] = frozenset()
    presented: Presented | None = None
    resource: str = ""
    outcome: str = ""
    recorded: bool = False
    admitted: bool = False
    carried: bool = False
    facts: dict[str, str | int] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))
    started: float = field(default_factory=time.monotonic)

    @property
    def requester(self) -> Requester:
        """For whom a token works that is asked on behalf of this call, and until when."""
        return Requester(client=self.identity, deadline=self.deadline)

    @property
    def asker(self) -> Asker:
        """Who asks, for those who decide."""
        return Asker(
            identity=self.identity,
            roles=self.roles,
            request_id=self.request_id,
            requester=self.requester,
            credential=None if self.presented is None else self.presented.credential,
            certificate_sha256="" if self.presented is None else self.presented.certificate_sha256,
        )

    @property
    def operation(self) -> str:
        """What the audit calls this method: `KeyService/DestroyKey`."""
        return self.method.rpartition(".")[2]

    def check_deadline(self) -> None:
        """Raise DEADLINE_PASSED if nobody waits for the answer any more."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise SignetError(
                Reason.DEADLINE_PASSED,
                "The deadline of the request had passed before a token was asked; allow more time.",
            )

    def milliseconds(self) -> float:
        """How long the call has taken so far."""
        return round((time.monotonic() - self.started) * 1000, 3)


_current: ContextVar[Call] = ContextVar("call")


def begin(call: Call) -> None:
    """Make *call* the current one of this task and of the tasks that it starts."""
    _current.set(call)


def current() -> Call:
    """Return the current call; raises LookupError outside of one."""
    return _current.get()
