"""Runs the migrations on the connection that the daemon hands over; Alembic loads this file."""

from alembic import context

from signetd.daemon.state.access_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
