"""Who is at the page and what they may do: checked in the menu, by every page, and where something is done."""

from brain_core.ui.access.checks import acting, allowed, check, enter, exported, may
from brain_core.ui.access.signature import name_field, signature
from brain_core.ui.access.visitor import current

__all__ = ["acting", "allowed", "check", "current", "enter", "exported", "may", "name_field", "signature"]
