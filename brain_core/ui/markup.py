"""Text from outside (file names, notes, error messages) on its way into HTML."""

from __future__ import annotations

import html


def esc(text: object) -> str:
    """``text`` as HTML shows it literally, in element content and in quoted attributes."""
    return html.escape(str(text), quote=True)
