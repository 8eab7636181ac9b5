"""Between rows of the tables of seals and the daemon's own values."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Row

from signetd.daemon.seals.types import (
    Act,
    Owner,
    RegisteredSeal,
    SealEvent,
    SealKind,
    SealOrigin,
    SealPicture,
    SealState,
)
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.seal_tables import SEALS
from signetd.pki.der import elements
from signetd.seal import Format

_LARGE: Final = frozenset({"picture", "der", "filing_record"})
WHOLE: Final[tuple[ColumnElement[Any], ...]] = tuple(SEALS.c)
"""The columns of a whole seal."""
SHORT: Final[tuple[ColumnElement[Any], ...]] = tuple(
    each for each in SEALS.c if each.name not in _LARGE
)
"""The columns of a seal in a list."""


def values(seal: RegisteredSeal) -> dict[str, Any]:
    """Return the values of a row."""
    # str() because a driver must get the text, not the member of an enumeration.
    return {
        "id": seal.id,
        "state": str(seal.state),
        "state_reason": seal.state_reason,
        "kind": str(seal.kind),
        "origin": str(seal.origin),
        "title": seal.title,
        "owner_name": seal.owner.name,
        "owner_code": seal.owner.code,
        "seal_id": seal.seal_id or None,
        "format": int(seal.format),
        "picture_kind": seal.picture.kind,
        "picture": seal.picture.data,
        "picture_width": seal.picture.width,
        "picture_height": seal.picture.height,
        "valid_from": seal.valid_from,
        "valid_until": seal.valid_until,
        "signing_key": seal.signing_key,
        "maker_key": seal.maker_key,
        "certificates": b"".join(seal.certificates),
        "applicant": seal.applicant,
        "reviewer": seal.reviewer,
        "maker": seal.maker,
        "replaces": seal.replaces,
        "replaced_by": seal.replaced_by,
        "der": seal.der,
        "sm3": seal.sm3,
        "filing_number": seal.filing_number,
        "filing_record": seal.filing_record,
        "create_time": seal.create_time,
        "update_time": seal.update_time,
    }


def seal_of(row: Row[Any]) -> RegisteredSeal:
    """Read a row of the columns WHOLE or SHORT; raises StateError."""
    try:
        return RegisteredSeal(
            id=row.id,
            state=SealState(row.state),
            state_reason=row.state_reason,
            kind=SealKind(row.kind),
            origin=SealOrigin(row.origin),
            title=row.title,
            owner=Owner(name=row.owner_name, code=row.owner_code),
            seal_id=row.seal_id or "",
            format=Format(row.format),
            picture=SealPicture(
                kind=row.picture_kind,
                data=getattr(row, "picture", b""),
                width=row.picture_width,
                height=row.picture_height,
            ),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            signing_key=row.signing_key,
            maker_key=row.maker_key,
            certificates=_certificates(row.certificates),
            applicant=row.applicant,
            reviewer=row.reviewer,
            maker=row.maker,
            replaces=row.replaces,
            replaced_by=row.replaced_by,
            der=getattr(row, "der", b""),
            sm3=row.sm3,
            filing_number=row.filing_number,
            filing_record=getattr(row, "filing_record", b""),
            create_time=row.create_time,
            update_time=row.update_time,
        )
    except ValueError as error:
        raise StateError(
            f"The database's row of the seal {row.id!r} cannot be read: {error}. Restore a backup."
        ) from error


def event_of(row: Row[Any]) -> SealEvent:
    """Read a row of a seal's history; raises StateError."""
    try:
        return SealEvent(
            number=row.number,
            time=row.time,
            identity=row.identity,
            act=Act(row.act),
            before=SealState(row.from_state) if row.from_state else None,
            after=SealState(row.to_state),
            reason=row.reason,
        )
    except ValueError as error:
        raise StateError(
            f"The database's history of the seal {row.seal!r} cannot be read: {error}. Restore a "
            "backup."
        ) from error


def event_values(seal: str, event: SealEvent) -> dict[str, Any]:
    """Return the values of a row of a seal's history."""
    return {
        "seal": seal,
        "number": event.number,
        "time": event.time,
        "identity": event.identity,
        "act": str(event.act),
        "from_state": "" if event.before is None else str(event.before),
        "to_state": str(event.after),
        "reason": event.reason,
    }


def _certificates(octets: bytes) -> tuple[bytes, ...]:
    found: Iterable[Any] = elements(octets, "certificates")
    return tuple(each.raw for each in found)
