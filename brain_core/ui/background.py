"""Work beside the pages that must not hold up the first one: it waits until that one stands in the browser.

Python runs one thread at a time, and importing a large library keeps all others waiting for seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import streamlit as st
from streamlit import runtime

PATIENCE = 4.0  # seconds, where no page is drawn to its end
FETCHING = 0.5  # seconds that a browser takes to get the pictures and scripts of what was drawn


def start(task: Callable[[], None], name: str) -> None:
    """Run ``task`` in a thread of its own: in a server after its first page, elsewhere at once."""
    first = _first_page() if runtime.exists() else None
    threading.Thread(target=_run, args=(task, first), name=name, daemon=True).start()


def page_is_drawn() -> None:
    """To be called by a page when all that it shows at first is on its way to the browser."""
    if not _first_page().is_set():
        threading.Timer(FETCHING, do_not_wait).start()


def do_not_wait() -> None:
    """Begin what waits, and all that comes."""
    _first_page().set()


def _run(task: Callable[[], None], first_page: threading.Event | None) -> None:
    if first_page is not None:
        first_page.wait(PATIENCE)
    task()


@st.cache_resource(show_spinner=False)
def _first_page() -> threading.Event:
    return threading.Event()
