"""Alembic's way in: the connection is the one that `twin.store.database` opened."""

from alembic import context

from twin.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
