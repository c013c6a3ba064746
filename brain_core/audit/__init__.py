"""The audit log: who did what when, each entry chained to the one before by a hash.

Writing and reading it brings SQLAlchemy, which is imported at the first use; the names of the acts (`actions`) come
without. Details never hold patient data, file names or free texts.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from brain_core.audit import actions

if TYPE_CHECKING:
    from brain_core.audit.chain import Verification
    from brain_core.audit.event import Entry, Event
    from brain_core.audit.log import entries, head, record, record_in, verify

__all__ = ["Entry", "Event", "Verification", "actions", "entries", "head", "record", "record_in", "verify"]

_HOMES = {"Entry": "event", "Event": "event", "Verification": "chain"}
_HOMES |= dict.fromkeys(("entries", "head", "record", "record_in", "verify"), "log")


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(f"brain_core.audit.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'brain_core.audit' has no attribute {name!r}")
