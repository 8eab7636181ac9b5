"""Adds what is remembered of tokens: PINs they refused, and which one a name stands for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the layout to this revision."""
    op.create_table(
        "pin_attempts",
        sa.Column("token_serial", sa.String(255), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_serial", "pin_hash", name="pk_pin_attempts"),
    )
    op.create_table(
        "token_bindings",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("token_serial", sa.String(255), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_token_bindings"),
    )
