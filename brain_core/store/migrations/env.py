"""Run by alembic: migrates within the transaction of the connection that `brain_core.store.schema` hands over."""

import logging

from alembic import context

from brain_core.store.tables import metadata

logging.getLogger("alembic").setLevel(logging.WARNING)  # its remarks would stand between the results of a command
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
