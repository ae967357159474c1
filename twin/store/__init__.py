"""The database behind the twin's records: SQLite by default, PostgreSQL by URL; schema by alembic."""
