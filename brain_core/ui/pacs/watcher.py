"""How the watcher stands, as its own ledger says: counts by state, reasons, and whether one is going on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st
from filelock import FileLock, Timeout

from brain_core.errors import PacsError
from brain_core.pacs.ledger import DONE, GIVEN_UP, REFUSED, SCORED, SEEN, STABLE, STORED, Ledger, Record
from brain_core.pacs.watch import ledger_path
from brain_core.settings import settings
from brain_core.ui import notice, theme

POLL = 5.0  # seconds
BRIEFLY = 0.02  # seconds; another page that looks holds the lock for less
COMMAND = "python -m brain_core pacs watch"
SHOWN = 20  # studies with a reason
STATES = {
    SEEN: "may still be arriving",
    STABLE: "whole, to be scored",
    SCORED: "being stored",
    STORED: "results in the archive",
    REFUSED: "nothing to score",
    GIVEN_UP: "failed too often",
}
STYLE = """
<style>
dl.brain-counts {display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .5rem 1rem;
  margin: 0 !important; padding: 0 !important}
dl.brain-counts div {display: flex; flex-direction: column-reverse; justify-content: flex-end}
dl.brain-counts dt {margin: 0 !important; padding: 0 !important; line-height: 1.35}
dl.brain-counts dt small {display: block; opacity: .75}
dl.brain-counts dd {margin: 0 !important; padding: 0 !important; font-size: 1.5rem; font-weight: 600; line-height: 1.2}
</style>
"""


@dataclass(frozen=True)
class Standing:
    """What is known.

    Attributes:
        records: studies, those seen last first; None where no watcher has ever run.
        going_on: None where it cannot be told.
        error: why the ledger cannot be read.
    """

    records: tuple[Record, ...] | None
    going_on: bool | None
    error: str | None = None


def look(home: Path) -> Standing:
    """Read the ledger below ``home``, where there is one."""
    path = ledger_path(home)
    going_on = _going_on(path.parent / "watch.lock")
    if not path.is_file():
        return Standing(None, going_on)
    try:
        with Ledger(path) as ledger:
            return Standing(tuple(ledger.every()), going_on)
    except PacsError as error:
        return Standing((), going_on, str(error))


def show() -> None:
    """The section; it follows by itself."""
    st.subheader("Watcher", anchor=False)
    st.fragment(_show, run_every=POLL)()


def counts(records: tuple[Record, ...]) -> dict[str, int]:
    """Studies by state, in the order in which a study goes through them."""
    found = Counter(record.state for record in records)
    return {state: found[state] for state in STATES}


def reasons(records: tuple[Record, ...]) -> pd.DataFrame:
    """Studies that were refused, given up, or have failed and are to be tried again."""
    rows = [
        {
            "First seen, UTC": _in_words(record.since),
            "State": record.state if record.state in DONE else f"to be tried again ({record.failures} failures)",
            "Images": record.images,
            "Reason": record.reason,
        }
        for record in records
        if record.reason
    ]
    return pd.DataFrame(rows[:SHOWN])


def _show() -> None:
    found = look(settings().home)
    _head(found)
    if found.error:
        notice.show("error", found.error)
    elif found.records is None:
        st.html(
            '<div class="brain-words">No watcher has run on this server yet. It looks for new MR studies of the brain, '
            "scores each once and stores the results beside its images; it may be stopped and started at any time. "
            "Start it with:</div>"
        )
    else:
        _counts(found.records)
    if not found.going_on:
        st.code(COMMAND, language="bash", wrap_lines=True)


def _head(found: Standing) -> None:
    color = theme.READY if found.going_on else theme.NEUTRAL
    told = {True: "A watcher is going on.", False: "No watcher is going on.", None: "It cannot be told if one goes on."}
    last = max((record.since for record in found.records or ()), default=None)
    seen = "" if last is None else f" Last change that one saw: {_in_words(last)} UTC."
    st.html(
        f'<div class="brain-quiet" role="status"><i class="brain-dot" style="background:{color}"></i>'
        f"{told[found.going_on]}{seen}</div>"
    )


def _counts(records: tuple[Record, ...]) -> None:
    cells = "".join(
        f'<div><dt>{state.capitalize()}<small>{STATES[state]}</small></dt><dd class="brain-number">{count}</dd></div>'
        for state, count in counts(records).items()
    )
    with st.container(border=True):
        st.html(f'<dl class="brain-counts" aria-label="Studies by state">{cells}</dl>')
    table = reasons(records)
    if len(table):
        st.dataframe(table, hide_index=True, width="stretch", key="pacs_reasons")


def _going_on(lock: Path) -> bool | None:
    if not lock.is_file():
        return False
    try:
        with FileLock(lock, timeout=BRIEFLY, poll_interval=BRIEFLY / 2):
            return False
    except Timeout:
        return True
    except OSError:
        return None


def _in_words(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
