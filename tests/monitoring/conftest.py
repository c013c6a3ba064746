"""The store's fixtures."""

from tests.store.databases import database, sqlite

__all__ = ["database", "sqlite"]
