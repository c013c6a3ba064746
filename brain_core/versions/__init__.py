"""Versions of the models: retrained ones beside the shipped, which one is in service, and the way there and back.

`brain_core.in_service` says what lies where.
"""

from brain_core.versions.changing import COMPARISON, add, delete, history, promote, rollback
from brain_core.versions.listing import UNKNOWN, Version, find, find_any, listed

__all__ = [
    "COMPARISON",
    "UNKNOWN",
    "Version",
    "add",
    "delete",
    "find",
    "find_any",
    "history",
    "listed",
    "promote",
    "rollback",
]
