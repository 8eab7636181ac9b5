"""What approvals are made with: other parts of the daemon, as far as they are needed here."""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from signetd.daemon.approvals.pages import Place
from signetd.daemon.approvals.rules import Members
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject
from signetd.daemon.audit.types import Effect, Written
from signetd.daemon.policy.types import ApprovalRule

Clock = Callable[[], datetime]
"""Tells the time, with its zone."""


class People(Protocol):
    """Who is who now. Both may be called in any thread, and must not wait."""

    def members(self, group: str) -> frozenset[str]:
        """Return the identities of a group that are not disabled; see `rules.Members`."""
        ...

    def auditors(self) -> frozenset[str]:
        """Return the auditors that are not disabled."""
        ...


class Requirements(Protocol):
    """What must have been approved before something may be done."""

    def rules_for(
        self, identity: str, subject: Subject, *, message: bool, key: str = ""
    ) -> tuple[ApprovalRule, ...]:
        """Return who must approve *subject* for an identity; none if nobody must.

        *message* says whether a whole message shall be signed, not a digest; *key* is the bare
        name of the key that signs, where the subject is about something else. Raises
        PERMISSION_DENIED if the identity could not do it even with an approval.
        """
        ...


class Recorder(Protocol):
    """Writes what the current call does into the audit."""

    async def act(self, resource: str, *effects: Effect, detail: str = "") -> Written:
        """Record an act with its effects, all or nothing; raises what an effect raises."""
        ...


class Store(Protocol):
    """The approvals as they are kept: state.approvals.ApprovalStore. Its methods block."""

    def get(self, approval_id: str) -> Approval | None:
        """Read one."""
        ...

    def page(
        self,
        after: Place | None,
        size: int,
        states: Collection[ApprovalState],
        shown: Callable[[Approval], bool],
        moment: datetime,
    ) -> tuple[list[Approval], Place | None]:
        """Read a page, the newest first."""
        ...

    def expire(self, moment: datetime) -> list[Approval]:
        """Write down what has expired."""
        ...

    def create(self, approval: Approval, most_open: int) -> Effect:
        """Return what adds one."""
        ...

    def vote(
        self, approval_id: str, identity: str, members: Members, *, approved: bool, comment: str
    ) -> Effect:
        """Return what adds a vote."""
        ...

    def cancel(self, approval_id: str, user: str) -> Effect:
        """Return what takes one back."""
        ...

    def consume(self, approval_id: str, subject: Subject, user: str) -> Effect:
        """Return what uses one up."""
        ...


class ActApprovals(Protocol):
    """Knows whether an act was approved; for those who act."""

    def reserve(self, approval: str, user: str) -> AbstractContextManager[None]:
        """Keep an approval for one request meanwhile; raises APPROVAL_INVALID, INPUT_INVALID."""
        ...

    async def effects_for_act(
        self,
        subject: Subject,
        approval: str,
        user: str,
        count: int,
        others: Iterable[ApprovalRule] = (),
    ) -> tuple[Effect, ...]:
        """Return what uses the approval up, () where none is needed; raises APPROVAL_NEEDED, …."""
        ...
