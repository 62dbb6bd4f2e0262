"""Where the database is: as set, or a file in the state directory."""

from __future__ import annotations

from cds_service.settings import Settings


def store_url(settings: Settings) -> str:
    """An SQLAlchemy URL; it may hold a password, so it is never logged."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.state_dir / 'store.db'}"
