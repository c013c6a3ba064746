"""The audit log: who did what when, each entry chained to the one before by a hash.

It brings SQLAlchemy: import it where it is used. Details never hold patient data, file names or free texts.
"""

from brain_core.audit import actions
from brain_core.audit.chain import Verification
from brain_core.audit.event import Entry, Event
from brain_core.audit.log import entries, head, record, record_in, verify

__all__ = ["Entry", "Event", "Verification", "actions", "entries", "head", "record", "record_in", "verify"]
