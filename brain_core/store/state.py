"""What the store holds."""

from __future__ import annotations

from sqlalchemy import func, select

from brain_core.settings import settings
from brain_core.store import kept, schema
from brain_core.store.engine import reading
from brain_core.store.tables import audit, failures, feedback, predictions


def read() -> dict[str, str | int]:
    """Counts and settings by their names in words; raises `StoreError`."""
    keeping, days = settings().store.keep_scans, settings().store.retention_days
    tables = {"predictions": predictions, "failures": failures, "feedback": feedback, "audit log": audit}
    with reading() as connection:
        found = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.items()
        }
        oldest = connection.execute(select(func.min(predictions.c.at))).scalar()
    return {
        "schema": schema.REVISION,
        **found,
        "oldest": f"{oldest:%Y-%m-%d}" if oldest else "-",
        "kept scans": f"{len(kept.keys())}, {'more are kept' if keeping else 'none are added'} (BRAIN_KEEP_SCANS)",
        "retention": f"{days} days" if days else "for ever (BRAIN_RETENTION_DAYS)",
    }
