"""Findings and what they rest on, in words."""

from __future__ import annotations

from datetime import datetime

from brain_core.store.records import BASES

FINDINGS = {"tumor": "Confirmed tumour", "no tumor": "Confirmed no tumour", "unsure": "Unsure"}  # to choose from
SAID = {"tumor": "tumour", "no tumor": "no tumour", "unsure": "unsure"}
BASIS_WORDS = dict(zip(BASES, ("Biopsy", "Follow-up", "Second reader", "Own read"), strict=True))
BASIS_HELP = (
    "Biopsy settles what follow-up says, and follow-up what reads say. Reads are kept, but confirm the case only where "
    "two readers agree, one of them as a second reader: no figure and no training counts it before."
)


def when(at: datetime) -> str:
    """Date and minute in the server's own time zone, which is named."""
    return f"{at.astimezone():%Y-%m-%d %H:%M %Z}"


def basis(code: str) -> str:
    """In the middle of a sentence; an unknown one as it stands."""
    return BASIS_WORDS.get(code, code).lower()
