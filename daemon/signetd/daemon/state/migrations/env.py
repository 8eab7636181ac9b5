"""Runs the migrations on the connection that the daemon hands over; Alembic loads this file."""

from alembic import context

# Read for their tables, which are all in one METADATA.
from signetd.daemon.state import access_tables  # noqa: F401
from signetd.daemon.state.seal_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
