"""How long a sign-in counts. Streamlit's cookie lasts 30 days and nobody else looks at the token's times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(hours=12)  # a long shift
LEEWAY = timedelta(minutes=5)  # by which the provider's clock may be ahead


def since(claims: Mapping) -> datetime | None:
    """When the ID token was issued (``iat``), that is, when the user signed in here; None where it does not say.

    The token's own end (``exp``) is of no use: it is for handing the token over, and with some providers five minutes
    away. Nor is ``auth_time``, which may lie days back where the provider remembers the user.
    """
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not math.isfinite(issued):
        return None
    try:
        return datetime.fromtimestamp(issued, UTC)
    except (OverflowError, OSError, ValueError):  # no such time
        return None


def problem(claims: Mapping, now: datetime) -> str | None:
    """Why the sign-in does not count (any more), fit to show; None while it does."""
    issued = since(claims)
    if issued is None:
        return "The identity provider does not say when you signed in (iat in its ID token)."
    if now - issued >= LONGEST:
        return f"Your sign-in has ended after {LONGEST // timedelta(hours=1)} hours. Sign in again."
    if issued - now > LEEWAY:
        return "The identity provider's clock is ahead of this server's: one of them has to be set right."
    return None
