"""What is done to seals, each change in the transaction of its record in the audit.

A step is carried out on the seal as its doer has seen it: of two at once, one wins, and the other
is told. Refusals raise SignetError, and nothing is written then.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from signetd.daemon.audit.types import Effect
from signetd.daemon.keys.types import KeyState
from signetd.daemon.seals import life, stamp_checks
from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import Act, RegisteredSeal, SealEvent, SealState
from signetd.daemon.state import seal_rows
from signetd.daemon.state.many_rows import insert_rows
from signetd.daemon.state.policy_version import bump_version
from signetd.daemon.state.seal_tables import SEAL_EVENTS, SEALS
from signetd.daemon.state.tables import KEYS
from signetd.drivers.errors import Reason, SignetError

_AT_ONCE: Final = 100
"""Seals in one statement; each event has eight values, and SQLite allows 999 at the least."""
# Made once: to build a statement takes longer than to run it. Stamps do not wait for each other.
_SHARED: Final = (
    select(SEALS.c.state, SEALS.c.state_reason, SEALS.c.sm3, SEALS.c.update_time)
    .where(SEALS.c.id == bindparam("of_seal"))
    .with_for_update(read=True)
)
_SINCE: Final = select(func.max(SEAL_EVENTS.c.time)).where(
    SEAL_EVENTS.c.seal == bindparam("of_seal"), SEAL_EVENTS.c.from_state != SEAL_EVENTS.c.to_state
)


def add(seal: RegisteredSeal, step: Step, replaced: str = "") -> Effect:
    """Return what adds a seal, whose times become those of the record, and its first event.

    It raises SEAL_EXISTS for a name, a code or data that is known; with *replaced*, SEAL_NOT_FOUND
    or SEAL_STATE_WRONG unless the seal of that name can be changed.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        if replaced:
            old = _locked(connection, replaced)
            life.after(old.id, SealState(old.state), Act.CHANGE)
        _check_new(connection, seal)
        made = msgspec.structs.replace(seal, create_time=moment, update_time=moment)
        try:
            connection.execute(insert(SEALS).values(seal_rows.values(made)))
        except IntegrityError:  # another daemon was quicker
            raise SignetError(
                Reason.SEAL_EXISTS,
                f"A seal {seal.id!r}, or one with the code {seal.seal_id!r}, was added by somebody "
                "else meanwhile. Choose another name, or look at that one.",
            ) from None
        event = SealEvent(
            number=1,
            time=moment,
            identity=step.identity,
            act=step.act,
            before=None,
            after=seal.state,
            reason=step.reason,
        )
        connection.execute(insert(SEAL_EVENTS).values(seal_rows.event_values(seal.id, event)))

    return effect


def move(seen: RegisteredSeal, step: Step) -> Effect:
    """Return what carries out *step* on the seal as it was *seen*.

    It raises SEAL_STATE_WRONG if the seal does not allow it, or was changed meanwhile; and
    SEAL_EXISTS if the code that it gets is another seal's.
    """
    to = life.after(seen.id, seen.state, step.act)

    def effect(connection: Connection, moment: datetime) -> None:
        code = step.values.get("seal_id")
        if code is not None:
            _check_code(connection, code)
        _move(connection, seen, to, step, moment)

    return effect


def replace(old_id: str, by: RegisteredSeal, identity: str) -> Effect:
    """Return what cancels a seal in whose place the seal *by* is, which is filed.

    One that was cancelled for another reason stays as it is. It raises SEAL_STATE_WRONG if yet
    another seal has taken its place.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        row = _locked(connection, old_id)
        old = seal_rows.seal_of(row)
        if old.replaced_by:
            raise SignetError(
                Reason.SEAL_STATE_WRONG,
                f"The seal {by.id!r} was to be in the place of {old_id!r}, but there is "
                f"{old.replaced_by!r} already; cancel {by.id!r}.",
            )
        if old.state in life.FINAL:
            return
        step = Step(
            act=Act.CANCEL,
            identity=identity,
            reason=f"replaced by {by.name}",
            values={"replaced_by": by.id},
        )
        to = life.after(old.id, old.state, step.act)
        _move(connection, old, to, step, moment)

    return effect


def compromise(key: str, identity: str, reason: str, suspended: list[str]) -> Effect:
    """Return what suspends all seals in use that a key stamps with or has made; disables the key.

    Those that are made or suspended get an entry in their history. *suspended* gets the names of
    those that were in use. It raises KEY_NOT_FOUND.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        suspended.clear()  # a transaction may be begun anew
        _disable(connection, key, moment)
        step = Step(act=Act.COMPROMISE, identity=identity, reason=reason)
        for rows in _batches(connection, key):
            _compromise(connection, rows, step, moment)
            suspended.extend(row.id for row in rows if row.state == str(SealState.IN_USE))

    return effect


def in_use(seen: RegisteredSeal) -> Effect:
    """Return what looks whether a seal is in use, and unchanged since it was *seen*.

    Nobody changes it then before the transaction ends. It raises SEAL_STATE_WRONG otherwise.
    """

    def guard(connection: Connection, moment: datetime) -> None:
        row = connection.execute(_SHARED, {"of_seal": seen.id}).one_or_none()
        if row is None:
            raise SignetError(Reason.SEAL_NOT_FOUND, f"There is no seal {seen.id!r}.")
        state = SealState(row.state)
        if state is not SealState.IN_USE:
            since = connection.scalar(_SINCE, {"of_seal": seen.id})
            raise stamp_checks.not_in_use(seen.id, state, since, row.state_reason)
        if (row.update_time, row.sm3) != (seen.update_time, seen.sm3):
            raise SignetError(
                Reason.SEAL_STATE_WRONG,
                f"The seal {seen.id!r} was changed while a stamp was made with it, which may be "
                f"of a time when it was not in use. It is {state} now: stamp again.",
                metadata={"state": str(state)},
            )

    return guard


def _disable(connection: Connection, key: str, moment: datetime) -> None:
    bump_version(connection)
    found = connection.scalar(select(KEYS.c.state).where(KEYS.c.id == key))
    if found is None:
        raise SignetError(
            Reason.KEY_NOT_FOUND,
            f"There is no key {key[:80]!r}. List the keys to see their names.",
        )
    connection.execute(
        update(KEYS)
        .where(KEYS.c.id == key, KEYS.c.state == str(KeyState.ENABLED))
        .values(state=str(KeyState.DISABLED), update_time=moment)
    )


def _batches(connection: Connection, key: str) -> Iterator[Sequence[Any]]:
    """Yield the seals that it matters to, by name, and keep others from changing them."""
    after = ""
    states = [str(state) for state in life.COMPROMISABLE]
    while True:
        rows = connection.execute(
            select(SEALS.c.id, SEALS.c.state, SEALS.c.update_time)
            .where(
                or_(SEALS.c.signing_key == key, SEALS.c.maker_key == key),
                SEALS.c.state.in_(states),
                SEALS.c.id > after,
            )
            .order_by(SEALS.c.id)
            .limit(_AT_ONCE)
            .with_for_update()
        ).all()
        if not rows:
            return
        after = rows[-1].id
        yield rows


def _compromise(connection: Connection, rows: Sequence[Any], step: Step, moment: datetime) -> None:
    ids = [row.id for row in rows]
    numbers: dict[str, int] = {
        row.seal: row.last
        for row in connection.execute(
            select(SEAL_EVENTS.c.seal, func.max(SEAL_EVENTS.c.number).label("last"))
            .where(SEAL_EVENTS.c.seal.in_(ids))
            .group_by(SEAL_EVENTS.c.seal)
        )
    }
    time = max(moment, *(row.update_time for row in rows))
    events = []
    for row in rows:
        before = SealState(row.state)
        event = SealEvent(
            number=numbers[row.id] + 1,
            time=time,
            identity=step.identity,
            act=step.act,
            before=before,
            after=life.after(row.id, before, step.act),
            reason=step.reason,
        )
        events.append(seal_rows.event_values(row.id, event))
    for before in life.COMPROMISABLE:
        connection.execute(
            update(SEALS)
            .where(SEALS.c.id.in_(ids), SEALS.c.state == str(before))
            .values(
                state=str(life.after("", before, step.act)),
                state_reason=step.reason,
                update_time=time,
            )
        )
    insert_rows(connection, SEAL_EVENTS, events)


def _move(
    connection: Connection, seen: RegisteredSeal, to: SealState, step: Step, moment: datetime
) -> None:
    # Daemons that share a database have clocks of their own; a history never goes back.
    time = max(moment, seen.update_time)
    changed = connection.execute(
        update(SEALS)
        .where(
            SEALS.c.id == seen.id,
            SEALS.c.state == str(seen.state),
            SEALS.c.update_time == seen.update_time,
        )
        .values(**step.values, state=str(to), state_reason=step.reason, update_time=time)
    )
    if changed.rowcount != 1:
        raise life.overtaken(seen.id, SealState(_locked(connection, seen.id).state))
    number = connection.scalar(
        select(func.max(SEAL_EVENTS.c.number)).where(SEAL_EVENTS.c.seal == seen.id)
    )
    event = SealEvent(
        number=(number or 0) + 1,
        time=time,
        identity=step.identity,
        act=step.act,
        before=seen.state,
        after=to,
        reason=step.reason,
    )
    connection.execute(insert(SEAL_EVENTS).values(seal_rows.event_values(seen.id, event)))


def _locked(connection: Connection, seal: str) -> Row[Any]:
    query = select(*seal_rows.SHORT).where(SEALS.c.id == seal).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SignetError(Reason.SEAL_NOT_FOUND, f"There is no seal {seal[:80]!r}.")
    return row


def _check_new(connection: Connection, seal: RegisteredSeal) -> None:
    if connection.scalar(select(SEALS.c.id).where(SEALS.c.id == seal.id)) is not None:
        raise SignetError(
            Reason.SEAL_EXISTS,
            f"There is a seal {seal.id!r} already. A name is never used again; choose another one.",
        )
    if seal.seal_id:
        _check_code(connection, seal.seal_id)
    if seal.sm3:
        owner = connection.scalar(select(SEALS.c.id).where(SEALS.c.sm3 == seal.sm3))
        if owner is not None:
            raise SignetError(
                Reason.SEAL_EXISTS, f"This very seal is here already, as seals/{owner}."
            )


def _check_code(connection: Connection, seal_id: str) -> None:
    owner = connection.scalar(select(SEALS.c.id).where(SEALS.c.seal_id == seal_id))
    if owner is not None:
        raise SignetError(
            Reason.SEAL_EXISTS,
            f"The code (seal_id) {seal_id!r} is that of the seal seals/{owner}; no two seals have "
            "the same one. Choose another.",
        )
