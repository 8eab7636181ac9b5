"""What uses approvals: checks them before anything is done, and gives what uses them up."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from signetd.daemon.approvals import refusals, rules, texts
from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.parts import Clock, People, Store
from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.types import ApprovalRule


class ApprovalUses:
    """For signatures and administrators' acts that must have been approved; for one event loop.

    The way of a use, all of it within the reservation: get the effects, do what is approved, and
    write the record together with the effects; before that nothing of the result is given out.
    """

    def __init__(self, store: Store, people: People, changes: Changes, clock: Clock) -> None:
        self._store = store
        self._people = people
        self._changes = changes
        self._clock = clock
        self._reserved: dict[tuple[str, str], bool] = {}  # whether effects were given for it

    @contextmanager
    def reserve(self, approval: str, user: str) -> Iterator[None]:
        """Keep an approval for one request of *user*; its use is told to watchers at the end.

        *approval* is its resource name; "" reserves nothing. Raises APPROVAL_INVALID while another
        request of the user has it, so that a token is not asked in vain; INPUT_INVALID.
        """
        if not approval:
            yield
            return
        # With the user, so that nobody can hold up what another one has asked for.
        place = (user, texts.read_name(approval, "approval"))
        if place in self._reserved:
            raise rules.invalid(
                place[1], "is being used by another request; it is for one use: ask for one each"
            )
        self._reserved[place] = False
        try:
            yield
        finally:
            # Told only where it may have been used: else failing tries would flood the watchers.
            if self._reserved.pop(place):
                self._changes.tell_use_later(place[1])

    async def effects_for_sign(
        self,
        approval: str,
        subject: Subject,
        user: str,
        wanted: Iterable[ApprovalRule],
        *,
        since: datetime | None = None,
    ) -> tuple[Effect, ...]:
        """Return what uses up the approval that a signature needs; nothing if it needs none.

        *approval* is its resource name, or "". An approval that is given is used up even where
        none is needed. *since* is when the pair that signs came to its key: one that was asked for
        before that was given for another pair. Raises APPROVAL_NEEDED; APPROVAL_INVALID for that,
        and as `rules.check_use`; INPUT_INVALID.
        """
        wanted = tuple(wanted)
        if not approval and wanted:
            raise refusals.needed(subject, wanted)
        if not approval:
            return ()
        approval_id = texts.read_name(approval, "approval")
        known = await asyncio.to_thread(self._store.get, approval_id)
        if known is None:
            raise rules.unknown_to(user, approval_id)
        rules.check_use(known, subject, user, wanted, self._people.members, self._clock())
        if since is not None and known.create_time < since:
            raise rules.invalid(
                approval_id,
                "was asked for before the key was given the pair that signs now; ask for a new one",
            )
        if (user, approval_id) in self._reserved:
            self._reserved[user, approval_id] = True
        return (self._store.consume(approval_id, subject, user),)

    async def effects_for_act(
        self,
        subject: Subject,
        approval: str,
        user: str,
        count: int,
        others: Iterable[ApprovalRule] = (),
    ) -> tuple[Effect, ...]:
        """Return what uses up the approval that an administrator's act needs.

        *count* is how many other security administrators the configuration asks for, *others* what
        else holds, as by a key's policy. Raises as `effects_for_sign`.
        """
        wanted = (ApprovalRule(count=count),) if count else ()
        return await self.effects_for_sign(approval, subject, user, (*wanted, *others))
