"""The tables of seals and of trust lists, as the newest migration leaves them."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from signetd.daemon.state.tables import METADATA, UtcDateTime

SEALS: Final = Table(
    # `seal_id` is NULL and `der` and `sm3` are empty until the seal is made. `certificates` are
    # DER, one after the other. What is large comes last: SQLite reads through all that is before.
    "seals",
    METADATA,
    Column("id", String(63), primary_key=True),
    Column("state", String(32), nullable=False),
    Column("state_reason", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("origin", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("owner_name", Text, nullable=False),
    Column("owner_code", String(18), nullable=False),
    Column("seal_id", String(255), nullable=True, unique=True),
    Column("format", Integer, nullable=False),
    Column("picture_kind", String(32), nullable=False),
    Column("picture_width", Integer, nullable=False),
    Column("picture_height", Integer, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("signing_key", String(63), nullable=False),
    Column("maker_key", String(63), nullable=False),
    Column("applicant", String(255), nullable=False),
    Column("reviewer", String(255), nullable=False),
    Column("maker", String(255), nullable=False),
    Column("replaces", String(63), nullable=False),
    Column("replaced_by", String(63), nullable=False),
    Column("sm3", String(64), nullable=False),
    Column("filing_number", String(64), nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
    Column("update_time", UtcDateTime, nullable=False),
    Column("certificates", LargeBinary, nullable=False),
    Column("filing_record", LargeBinary, nullable=False),
    Column("picture", LargeBinary, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Index("ix_seals_state", "state", "id"),
    Index("ix_seals_owner_code", "owner_code", "id"),
    Index("ix_seals_signing_key", "signing_key"),
    Index("ix_seals_maker_key", "maker_key"),
    Index("ix_seals_sm3", "sm3"),
)

SEAL_EVENTS: Final = Table(
    # The history of each seal; rows are added, never changed. `number` counts from 1.
    "seal_events",
    METADATA,
    Column("seal", String(63), ForeignKey("seals.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time", UtcDateTime, nullable=False),
    Column("identity", String(255), nullable=False),
    Column("act", String(32), nullable=False),
    Column("from_state", String(32), nullable=False),
    Column("to_state", String(32), nullable=False),
    Column("reason", Text, nullable=False),
)

TRUST_LISTS: Final = Table(
    # Every version that was imported; rows are added, and all of a list are retired at once.
    "trust_lists",
    METADATA,
    Column("id", String(63), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("retired", Boolean, nullable=False),
    Column("comment", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sm3", String(64), nullable=False),
    Column("creator", String(255), nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
)

__all__ = ["METADATA", "SEALS", "SEAL_EVENTS", "TRUST_LISTS"]
