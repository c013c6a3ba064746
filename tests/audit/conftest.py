"""Fixtures of the audit log."""

from tests.store.databases import database, postgresql, sqlite

__all__ = ["database", "postgresql", "sqlite"]
