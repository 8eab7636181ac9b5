"""Reads and writes approvals."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, or_, select, update

from signetd.daemon.approvals import rules
from signetd.daemon.approvals.pages import Place
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject
from signetd.daemon.audit.types import Effect
from signetd.daemon.state import approval_effects, approval_rows
from signetd.daemon.state.access_tables import APPROVALS
from signetd.daemon.state.approval_effects import OPEN_STATES
from signetd.daemon.state.errors import explained
from signetd.daemon.state.reading import reader

_WHAT: Final = "Approvals"
_ROWS_AT_ONCE: Final = 200
_MOST_ROWS: Final = 5000  # looked at for one page: else a stranger's list would read everything


class ApprovalStore:
    """The approvals in the database; its methods block and may be called in any thread.

    What is returned is as it was written: an approval whose time is over may still say that it is
    open, until `expire`. Every method raises SignetError INTERNAL when the database cannot be used.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = reader(engine)

    def get(self, approval_id: str) -> Approval | None:
        """Read one approval; None if there is none."""
        with explained(_WHAT), self._reader.connect() as connection:
            rows = connection.execute(select(APPROVALS).where(APPROVALS.c.id == approval_id)).all()
            return next(iter(approval_rows.read(connection, rows)), None)

    def page(
        self,
        after: Place | None,
        size: int,
        states: Collection[ApprovalState],
        shown: Callable[[Approval], bool],
        moment: datetime,
    ) -> tuple[list[Approval], Place | None]:
        """Read a page of what *shown* lets through, the newest first, and where the next begins.

        Only those in one of *states* at *moment*; none means all. A page may be shorter than
        *size*, even empty, and not be the last: that is the one without a next place.
        """
        found: list[Approval] = []
        looked_at = 0
        while looked_at < _MOST_ROWS:
            rows = self._rows(after, states, moment)
            looked_at += len(rows)
            for approval in rows:
                after = Place(approval.create_time, approval.id)
                if shown(approval):
                    found.append(approval)
                if len(found) == size:
                    return found, after
            if len(rows) < _ROWS_AT_ONCE:
                return found, None
        return found, after

    def expire(self, moment: datetime) -> list[Approval]:
        """Write EXPIRED to open approvals whose time is over, at most 200 of them; returns them.

        Those that somebody else is changing at this moment are left for the next time.
        """
        with explained(_WHAT), self._engine.begin() as connection:
            query = select(APPROVALS).where(_due(moment)).limit(_ROWS_AT_ONCE)
            due = connection.execute(query.with_for_update(skip_locked=True)).all()
            if not due:
                return []
            found = approval_rows.read(connection, due)
            connection.execute(
                update(APPROVALS)
                .where(APPROVALS.c.id.in_([one.id for one in found]))
                .values(state=str(ApprovalState.EXPIRED), update_time=APPROVALS.c.expire_time)
            )
            return [rules.as_of(one, moment) for one in found]

    def create(self, approval: Approval, most_open: int) -> Effect:
        """See `approval_effects.create`."""
        return approval_effects.create(approval, most_open)

    def vote(
        self,
        approval_id: str,
        identity: str,
        members: rules.Members,
        *,
        approved: bool,
        comment: str,
    ) -> Effect:
        """See `approval_effects.vote`."""
        return approval_effects.vote(
            approval_id, identity, members, approved=approved, comment=comment
        )

    def cancel(self, approval_id: str, user: str) -> Effect:
        """See `approval_effects.cancel`."""
        return approval_effects.cancel(approval_id, user)

    def consume(self, approval_id: str, subject: Subject, user: str) -> Effect:
        """See `approval_effects.consume`."""
        return approval_effects.consume(approval_id, subject, user)

    def _rows(
        self, after: Place | None, states: Collection[ApprovalState], moment: datetime
    ) -> list[Approval]:
        query = select(APPROVALS).order_by(APPROVALS.c.create_time.desc(), APPROVALS.c.id.desc())
        if after is not None:
            query = query.where(_older(after))
        if states:
            query = query.where(or_(*(_is(state, moment) for state in states)))
        with explained(_WHAT), self._reader.connect() as connection:
            return _read(connection, query.limit(_ROWS_AT_ONCE))


def _read(connection: Connection, query: Any) -> list[Approval]:
    return approval_rows.read(connection, connection.execute(query).all())


def _older(place: Place) -> ColumnElement[bool]:
    return or_(
        APPROVALS.c.create_time < place.create_time,
        and_(APPROVALS.c.create_time == place.create_time, APPROVALS.c.id < place.id),
    )


def _due(moment: datetime) -> ColumnElement[bool]:
    return and_(APPROVALS.c.state.in_(OPEN_STATES), APPROVALS.c.expire_time <= moment)


def _is(state: ApprovalState, moment: datetime) -> ColumnElement[bool]:
    written = APPROVALS.c.state == str(state)
    if state in rules.OPEN:
        return and_(written, APPROVALS.c.expire_time > moment)
    return or_(written, _due(moment)) if state is ApprovalState.EXPIRED else written
