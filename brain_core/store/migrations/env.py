"""Run by alembic: migrates within the transaction of the connection that `brain_core.store.schema` hands over."""

from alembic import context

from brain_core.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
