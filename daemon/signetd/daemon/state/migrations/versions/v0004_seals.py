"""Adds versions and certificates of keys, seals with their history, and trust lists."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the layout to this revision. Keys that are there have no certificate."""
    with op.batch_alter_table("keys") as keys:
        empty = sa.text("''") if op.get_bind().dialect.name == "postgresql" else sa.text("x''")
        keys.add_column(
            sa.Column("certificates", sa.LargeBinary(), nullable=False, server_default=empty)
        )
    _key_versions()
    _seals()
    _seal_events()
    _trust_lists()


def _key_versions() -> None:
    op.create_table(
        "key_versions",
        sa.Column("key_id", sa.String(63), sa.ForeignKey("keys.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.Column("token", sa.String(255), nullable=False),
        sa.Column("token_label", sa.String(255), nullable=False),
        sa.Column("token_serial", sa.String(255), nullable=False),
        sa.Column("cka_id", sa.LargeBinary(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("protection_level", sa.String(32), nullable=False),
        sa.Column("create_time", sa.DateTime(), nullable=False),
        sa.Column("certificates", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "version", name="pk_key_versions"),
        sa.UniqueConstraint("fingerprint", name="uq_key_versions_fingerprint"),
    )


def _seals() -> None:
    op.create_table(
        "seals",
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("owner_code", sa.String(18), nullable=False),
        sa.Column("seal_id", sa.String(255), nullable=True),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("picture_kind", sa.String(32), nullable=False),
        sa.Column("picture_width", sa.Integer(), nullable=False),
        sa.Column("picture_height", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(), nullable=False),
        sa.Column("valid_until", sa.DateTime(), nullable=False),
        sa.Column("signing_key", sa.String(63), nullable=False),
        sa.Column("maker_key", sa.String(63), nullable=False),
        sa.Column("applicant", sa.String(255), nullable=False),
        sa.Column("reviewer", sa.String(255), nullable=False),
        sa.Column("maker", sa.String(255), nullable=False),
        sa.Column("replaces", sa.String(63), nullable=False),
        sa.Column("replaced_by", sa.String(63), nullable=False),
        sa.Column("sm3", sa.String(64), nullable=False),
        sa.Column("filing_number", sa.String(64), nullable=False),
        sa.Column("create_time", sa.DateTime(), nullable=False),
        sa.Column("update_time", sa.DateTime(), nullable=False),
        sa.Column("certificates", sa.LargeBinary(), nullable=False),
        sa.Column("filing_record", sa.LargeBinary(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seals"),
        sa.UniqueConstraint("seal_id", name="uq_seals_seal_id"),
    )
    op.create_index("ix_seals_state", "seals", ["state", "id"])
    op.create_index("ix_seals_owner_code", "seals", ["owner_code", "id"])
    op.create_index("ix_seals_signing_key", "seals", ["signing_key"])
    op.create_index("ix_seals_maker_key", "seals", ["maker_key"])
    op.create_index("ix_seals_sm3", "seals", ["sm3"])


def _seal_events() -> None:
    op.create_table(
        "seal_events",
        sa.Column("seal", sa.String(63), sa.ForeignKey("seals.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("identity", sa.String(255), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("from_state", sa.String(32), nullable=False),
        sa.Column("to_state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "number", name="pk_seal_events"),
    )


def _trust_lists() -> None:
    op.create_table(
        "trust_lists",
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sm3", sa.String(64), nullable=False),
        sa.Column("creator", sa.String(255), nullable=False),
        sa.Column("create_time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_trust_lists"),
    )
