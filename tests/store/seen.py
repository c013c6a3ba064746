"""The steps of `writer` that the store holds; as a program it prints them."""

import sys
from collections import Counter

from brain_core import audit
from brain_core.store import predictions
from tests.store import writer


def steps_in_store() -> set[str]:
    """Checks that no step is there in part, or without its entry."""
    rows = Counter(row.id.rsplit("-", 1)[0] for row in predictions.read())
    assert set(rows.values()) <= {writer.ROWS}
    events = Counter(entry.details["step"] for entry in audit.entries(limit=None))
    assert events == Counter(rows.keys())
    verified = audit.verify()
    assert verified.ok and verified.entries == len(rows)
    return set(rows)


if __name__ == "__main__":
    sys.stdout.write(" ".join(steps_in_store()))
