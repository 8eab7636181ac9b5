"""The tables of the database, as the newest migration leaves them."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with a zone, kept as UTC; the database itself keeps no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC without a zone; raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the time its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}
)

KEYS: Final = Table(
    "keys",
    METADATA,
    Column("id", String(63), primary_key=True),
    Column("key_type", String(32), nullable=False),
    Column("default_algorithm", String(32), nullable=False),
    Column("state", String(32), nullable=False),
    Column("origin", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("token", String(255), nullable=False),
    Column("token_label", String(255), nullable=False),
    Column("token_serial", String(255), nullable=False),
    Column("cka_id", LargeBinary, nullable=False),
    Column("spki", LargeBinary, nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("protection_level", String(32), nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
    Column("update_time", UtcDateTime, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("policy", Text, nullable=False),
    # DER, one after the other, the key's own first.
    Column("certificates", LargeBinary, nullable=False),
)

KEY_VERSIONS: Final = Table(
    # The key pairs in whose place others have come; the one that signs is in KEYS.
    "key_versions",
    METADATA,
    Column("key_id", String(63), ForeignKey("keys.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("destroyed", Boolean, nullable=False),
    Column("token", String(255), nullable=False),
    Column("token_label", String(255), nullable=False),
    Column("token_serial", String(255), nullable=False),
    Column("cka_id", LargeBinary, nullable=False),
    Column("spki", LargeBinary, nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("protection_level", String(32), nullable=False),
    Column("create_time", UtcDateTime, nullable=False),
    Column("certificates", LargeBinary, nullable=False),
)

PIN_ATTEMPTS: Final = Table(
    "pin_attempts",
    METADATA,
    Column("token_serial", String(255), primary_key=True),
    Column("pin_hash", String(255), primary_key=True),
    Column("state", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", UtcDateTime, nullable=False),
)

TOKEN_BINDINGS: Final = Table(
    "token_bindings",
    METADATA,
    Column("name", String(63), primary_key=True),
    Column("token_serial", String(255), nullable=False),
    Column("time", UtcDateTime, nullable=False),
)
