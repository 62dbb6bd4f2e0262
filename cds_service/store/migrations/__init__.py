"""Alembic's folder: how a database comes from one release's tables to the next."""
