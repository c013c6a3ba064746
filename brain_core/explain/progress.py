"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Told = Callable[[float], None]
"""Is called with the share that is done, 0..1; it may raise, which ends the work."""


def nobody(share: float) -> None:
    """For who does not want to know."""
