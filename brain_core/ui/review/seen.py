"""What the review list shows of a case that this browser session has on Detect: a read that follows is not blind."""

from __future__ import annotations

from brain_core.ui import recording, session


def note(case: str) -> None:
    """The models' results of this case were on screen.

    Args:
        case: its key.
    """
    session.current().shown.update(recording.seen_on_detect(case))
