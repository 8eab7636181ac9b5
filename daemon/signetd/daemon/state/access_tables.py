"""The tables of identities, grants, approvals and the audit, as the newest migration leaves them.

Lists and conditions, which nobody searches for, are kept as JSON.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
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

IDENTITIES: Final = Table(
    "identities",
    METADATA,
    Column("name", String(255), primary_key=True),
    Column("roles", Text, nullable=False),
    Column("credential", String(32), nullable=False),
    Column("certificate_sha256", String(64), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
    Column("update_time", UtcDateTime, nullable=False),
)

ACCESS_GROUPS: Final = Table(
    "access_groups",
    METADATA,
    Column("id", String(63), primary_key=True),
)

GROUP_MEMBERS: Final = Table(
    "group_members",
    METADATA,
    Column("group_id", String(63), ForeignKey("access_groups.id"), primary_key=True),
    Column("identity", String(255), ForeignKey("identities.name"), primary_key=True),
)

GRANTS: Final = Table(
    "grants",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("identity", String(255), ForeignKey("identities.name"), nullable=True),
    Column("group_id", String(63), ForeignKey("access_groups.id"), nullable=True),
    Column("keys", String(63), nullable=False),
    Column("operations", Text, nullable=False),
    Column("effect", String(32), nullable=False),
    Column("conditions", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
    Column("creator", String(255), nullable=False),
)

POLICY_VERSION: Final = Table(
    # One row, with id 1. Whoever changes keys, identities, groups or grants counts it up.
    "policy_version",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

USE_COUNTERS: Final = Table(
    "use_counters",
    METADATA,
    Column("scope", String(80), primary_key=True),
    Column("span", String(16), primary_key=True),  # Charge.window, which is a word of SQL
    Column("count", BigInteger, nullable=False),
)

APPROVALS: Final = Table(
    "approvals",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("state", String(32), nullable=False),
    Column("requester", String(255), nullable=False),
    Column("operation", String(32), nullable=False),
    Column("resource", String(255), nullable=False),
    Column("algorithm", String(32), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("summary", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
    Column("expire_time", UtcDateTime, nullable=False),
    Column("update_time", UtcDateTime, nullable=False),
    Index("ix_approvals_create_time", "create_time"),
    Index("ix_approvals_state", "state", "expire_time"),
)

APPROVAL_VOTES: Final = Table(
    "approval_votes",
    METADATA,
    Column("approval_id", String(32), ForeignKey("approvals.id"), primary_key=True),
    Column("identity", String(255), primary_key=True),
    Column("approved", Boolean, nullable=False),
    Column("comment", Text, nullable=False),
    Column("time", UtcDateTime, nullable=False),
)

AUDIT_CHAINS: Final = Table(
    # `anchor` is the hash of the record before `first`; `exported` the last number of an export.
    "audit_chains",
    METADATA,
    Column("chain", String(63), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("anchor", String(64), nullable=False),
    Column("exported", BigInteger, nullable=False),
)

AUDIT_RECORDS: Final = Table(
    # `body` are the bytes that are hashed; the other columns repeat parts of it for searching.
    "audit_records",
    METADATA,
    Column("chain", String(63), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time", UtcDateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("identity", String(255), nullable=False),
    Column("operation", String(80), nullable=False),
    Column("resource", String(255), nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("result", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_audit_records_kind", "chain", "kind", "number"),
)

__all__ = [
    "ACCESS_GROUPS",
    "APPROVALS",
    "APPROVAL_VOTES",
    "AUDIT_CHAINS",
    "AUDIT_RECORDS",
    "GRANTS",
    "GROUP_MEMBERS",
    "IDENTITIES",
    "METADATA",
    "POLICY_VERSION",
    "USE_COUNTERS",
]
