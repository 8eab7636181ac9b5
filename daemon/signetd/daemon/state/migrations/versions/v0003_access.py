"""Adds identities, groups, grants, approvals, use counters, the audit, and what keys are for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the layout to this revision. Keys that are there were for general signing."""
    with op.batch_alter_table("keys") as keys:
        keys.add_column(
            sa.Column("purpose", sa.String(32), nullable=False, server_default="SIGNING")
        )
        keys.add_column(sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    _access()
    _approvals()
    _audit()


def _access() -> None:
    op.create_table(
        "identities",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("certificate_sha256", sa.String(64), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("create_time", sa.DateTime(), nullable=False),
        sa.Column("update_time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_identities"),
    )
    op.create_table(
        "access_groups",
        sa.Column("id", sa.String(63), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_groups"),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.String(63), sa.ForeignKey("access_groups.id"), nullable=False),
        sa.Column("identity", sa.String(255), sa.ForeignKey("identities.name"), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "identity", name="pk_group_members"),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("identity", sa.String(255), sa.ForeignKey("identities.name"), nullable=True),
        sa.Column("group_id", sa.String(63), sa.ForeignKey("access_groups.id"), nullable=True),
        sa.Column("keys", sa.String(63), nullable=False),
        sa.Column("operations", sa.Text(), nullable=False),
        sa.Column("effect", sa.String(32), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(), nullable=False),
        sa.Column("creator", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
    )
    version = op.create_table(
        "policy_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_version"),
    )
    op.bulk_insert(version, [{"id": 1, "version": 1}])
    op.create_table(
        "use_counters",
        sa.Column("scope", sa.String(80), nullable=False),
        sa.Column("span", sa.String(16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "span", name="pk_use_counters"),
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("requester", sa.String(255), nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("resource", sa.String(255), nullable=False),
        sa.Column("algorithm", sa.String(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(), nullable=False),
        sa.Column("expire_time", sa.DateTime(), nullable=False),
        sa.Column("update_time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_create_time", "approvals", ["create_time"])
    op.create_index("ix_approvals_state", "approvals", ["state", "expire_time"])
    op.create_table(
        "approval_votes",
        sa.Column("approval_id", sa.String(32), sa.ForeignKey("approvals.id"), nullable=False),
        sa.Column("identity", sa.String(255), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", "identity", name="pk_approval_votes"),
    )


def _audit() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("chain", sa.String(63), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("anchor", sa.String(64), nullable=False),
        sa.Column("exported", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_audit_chains"),
    )
    op.create_table(
        "audit_records",
        sa.Column("chain", sa.String(63), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("identity", sa.String(255), nullable=False),
        sa.Column("operation", sa.String(80), nullable=False),
        sa.Column("resource", sa.String(255), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "number", name="pk_audit_records"),
    )
    op.create_index("ix_audit_records_kind", "audit_records", ["chain", "kind", "number"])
