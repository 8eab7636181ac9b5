"""Asks for approvals, gives and rejects them, and shows them to those who may see them."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from signetd.daemon.approvals import pages, refusals, rules, subjects, texts
from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.pages import Place
from signetd.daemon.approvals.parts import Clock, People, Recorder, Requirements, Store
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject
from signetd.daemon.audit.types import Effect
from signetd.daemon.keys.checks import check_page_size
from signetd.daemon.policy.types import SECURITY_ADMINS
from signetd.drivers.errors import Reason, SignetError

MAX_OPEN: Final = 1000
"""Most open approvals of one requester."""
MIN_LIFETIME: Final = timedelta(minutes=1)
MAX_LIFETIME: Final = timedelta(days=30)
DEFAULT_LIFETIME: Final = timedelta(hours=24)

_log = structlog.get_logger("signetd.approvals")


class Approvals:
    """The approvals of one daemon; used from one event loop.

    Every act is written into the audit together with what it changes, for the current call.
    Besides what is said below, every method raises INTERNAL when the database cannot be used, and
    the acts what the recorder raises.
    """

    def __init__(
        self,
        store: Store,
        people: People,
        requirements: Requirements,
        recorder: Recorder,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._store = store
        self._people = people
        self._requirements = requirements
        self._recorder = recorder
        self._changes = changes
        self._clock = clock

    async def create(
        self,
        requester: str,
        subject: Subject,
        summary: str,
        lifetime: timedelta = DEFAULT_LIFETIME,
        *,
        message: bool = False,
        key: str = "",
    ) -> Approval:
        """Ask for an approval of *subject*; *message* and *key* as for `Requirements.rules_for`.

        Raises INPUT_MISSING and INPUT_INVALID; PERMISSION_DENIED if the requester could not do it
        anyway; APPROVAL_INVALID if nobody must approve it; LIMIT_REACHED with too many open ones.
        """
        texts.check_summary(summary)
        _check_lifetime(lifetime)
        wanted = self._requirements.rules_for(requester, subject, message=message, key=key)
        if not wanted:
            raise refusals.not_needed(subject)
        now = self._clock()
        made = Approval(
            id=texts.new_id(),
            state=ApprovalState.PENDING,
            requester=requester,
            subject=subject,
            summary=summary,
            rules=wanted,
            create_time=now,
            expire_time=now + lifetime,
            update_time=now,
        )
        return await self._act(made, self._store.create(made, MAX_OPEN))

    async def get(self, viewer: str, approval_id: str) -> Approval:
        """Return an approval; APPROVAL_NOT_FOUND if *viewer* may not see it."""
        found = await asyncio.to_thread(self._store.get, approval_id)
        if found is None or not self.may_see(viewer, found):
            raise refusals.not_found(approval_id)
        now = rules.as_of(found, self._clock())
        if now is not found:
            await self.expire_due()  # it was touched, so it is written down
        return now

    async def page(
        self, viewer: str, page_size: int, page_token: str, states: Collection[ApprovalState] = ()
    ) -> tuple[list[Approval], str]:
        """Return a page of what *viewer* may see, the newest first, and the token of the next.

        A page may be short, even empty, and not be the last: that is the one with the token "".
        ``page_size`` is 1 to 1,000, or 0 for 100. Raises INPUT_INVALID.
        """
        size, after, now = check_page_size(page_size), pages.read_token(page_token), self._clock()
        found, following = await self._read(viewer, after, size, states)
        token = "" if following is None else pages.token_after(following)
        return [rules.as_of(one, now) for one in found], token

    async def approve(
        self, voter: str, approval_id: str, digest: bytes, comment: str = ""
    ) -> Approval:
        """Approve what has the *digest* that the voter has seen.

        Raises APPROVAL_NOT_FOUND; INPUT_MISSING and INPUT_INVALID; APPROVAL_INVALID if the digest
        is another one; and what `refusals.check_vote` does.
        """
        texts.check_comment(comment)
        known = await self.get(voter, approval_id)
        refusals.check_digest(known, digest)
        return await self._vote(known, voter, comment, approved=True)

    async def reject(self, voter: str, approval_id: str, comment: str = "") -> Approval:
        """Reject it for good. Raises as `approve`, but needs no digest."""
        texts.check_comment(comment)
        return await self._vote(await self.get(voter, approval_id), voter, comment, approved=False)

    async def cancel(self, user: str, approval_id: str) -> Approval:
        """Take back what *user* has asked for.

        Raises APPROVAL_NOT_FOUND; PERMISSION_DENIED if it is another's; APPROVAL_STATE_WRONG.
        """
        known = await self.get(user, approval_id)
        refusals.check_cancel(known, user, self._clock())
        return await self._act(known, self._store.cancel(approval_id, user))

    def may_see(self, viewer: str, approval: Approval) -> bool:
        """Whether somebody may see it: who asked, who may approve it, and those who watch over."""
        return (
            viewer == approval.requester
            or rules.is_approver(viewer, approval, self._people.members)
            or viewer in self._people.members(SECURITY_ADMINS)
            or viewer in self._people.auditors()
        )

    async def expire_due(self) -> None:
        """Write down, and tell, which approvals have expired."""
        while expired := await asyncio.to_thread(self._store.expire, self._clock()):
            for approval in expired:
                self._changes.tell(approval)

    async def upkeep(self, seconds: float = 5.0) -> None:
        """Go on with `expire_due` every so many *seconds*, until it is cancelled."""
        while True:
            try:
                await self.expire_due()
            except SignetError as error:
                _log.warning("what has expired is not written down", problem=error.message)
            await asyncio.sleep(seconds)

    async def _read(
        self, viewer: str, after: Place | None, size: int, states: Collection[ApprovalState]
    ) -> tuple[list[Approval], Place | None]:
        shown = partial(self.may_see, viewer)
        return await asyncio.to_thread(self._store.page, after, size, states, shown, self._clock())

    async def _vote(self, known: Approval, voter: str, comment: str, *, approved: bool) -> Approval:
        members = self._people.members
        refusals.check_vote(known, voter, members, self._clock())
        effect = self._store.vote(known.id, voter, members, approved=approved, comment=comment)
        return await self._act(known, effect)

    async def _act(self, about: Approval, effect: Effect) -> Approval:
        return await self._changes.finish(self._recorded(about, effect))

    async def _recorded(self, about: Approval, effect: Effect) -> Approval:
        detail = subjects.described(about.subject)
        await self._recorder.act(rules.name(about.id), effect, detail=detail)
        changed = await self._changes.read_and_tell(about.id)
        if changed is None:
            raise refusals.not_found(about.id)
        return changed


def _check_lifetime(lifetime: timedelta) -> None:
    if not MIN_LIFETIME <= lifetime <= MAX_LIFETIME:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"lifetime is {lifetime.total_seconds():g} s; it must be 1 minute to 30 days.",
        )
