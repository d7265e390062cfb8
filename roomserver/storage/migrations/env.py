"""What Alembic runs for each command: steps are taken on the connection it was given."""

from __future__ import annotations

from alembic import context

from roomserver.storage.tables import Base

connection = context.config.attributes["connection"]
# SQLite cannot change a column: Alembic then makes the table anew ("batch").
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
