"""Work with the archive on the page: its steps, and Cancel; the page anew when it is over."""

from __future__ import annotations

import streamlit as st

from brain_core.ui import theme
from brain_core.ui.markup import esc
from brain_core.ui.pacs.work import FAILED, GOING_ON, NOT_TRIED, OK, WAITING, Row, Work

POLL = 0.7  # seconds; nothing is animated in between, as drawing takes time from scoring on small machines
COLORS = {OK: theme.READY, FAILED: theme.ERROR, GOING_ON: theme.NO_TUMOR, NOT_TRIED: theme.NEUTRAL}
STYLE = """
<style>
.brain-steps {list-style: none; margin: 0 !important; padding: 0 !important; font-size: .9375rem; line-height: 1.5}
.brain-steps li {display: grid; grid-template-columns: 1rem 6.5rem 5.5rem 1fr auto; gap: 0 .5rem; margin: 0;
  padding: .3rem 0; align-items: baseline; border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent)}
.brain-steps li:last-child {border-bottom: 0}
.brain-steps .brain-dot {margin: 0}
.brain-steps b {font-weight: 600} .brain-steps .brain-said {overflow-wrap: anywhere}
.brain-steps .brain-aside {opacity: .75; font-size: .875rem; font-variant-numeric: tabular-nums; white-space: nowrap}
.brain-steps .brain-hollow {box-sizing: border-box; border: 1.5px solid currentColor; opacity: .5}
.brain-share {display: block; height: 4px; border-radius: 2px; margin-top: .3rem; overflow: hidden;
  background: color-mix(in srgb, currentColor 14%, transparent)}
.brain-share i {display: block; height: 100%}
.st-key-pacs_archive {margin-top: .6rem}
@media (max-width: 640px) {.brain-steps li {grid-template-columns: 1rem 1fr auto auto}
  .brain-steps .brain-said {grid-column: 2 / -1; order: 9}}
</style>
"""


def follow(work: Work, key: str, *, waits: bool = True) -> None:
    """The steps as they are done, for as long as it takes.

    Args:
        key: of the Cancel button.
        waits: whether Cancel waits for the step to end; else the page lets go of the work at once.
    """
    st.fragment(_follow, run_every=POLL)(work, key, waits)


def show(rows: tuple[Row, ...], label: str) -> None:
    """The steps."""
    items = "".join(map(_item, rows))
    st.html(f'<ol class="brain-steps" role="list" aria-label="{esc(label)}">{items}</ol>')


def _follow(work: Work, key: str, waits: bool) -> None:
    if work.settled.is_set() or (work.stop.is_set() and not waits):
        work.followed = True
        st.rerun()
    show(work.rows, "Progress")
    if work.stop.is_set():
        st.html('<div class="brain-quiet" role="status">Stopping after this step…</div>')
    else:
        st.button("Cancel", key=key, icon=":material/close:", on_click=work.stop.set)


def _item(row: Row) -> str:
    hollow, color = row.state in (WAITING, NOT_TRIED), COLORS.get(row.state, theme.NEUTRAL)
    look = 'class="brain-dot brain-hollow"' if hollow else f'class="brain-dot" style="background:{color}"'
    width = None if row.share is None else round(100 * min(1.0, row.share))
    bar = "" if width is None else f'<span class="brain-share"><i style="width:{width}%;background:{color}"></i></span>'
    seconds = "" if row.seconds is None or row.state == NOT_TRIED else f"{row.seconds:.2f} s"
    return (
        f'<li><i {look}></i><b>{esc(row.name)}</b><span class="brain-aside">{esc(row.state)}</span>'
        f'<span class="brain-said">{esc(row.detail)}{bar}</span><span class="brain-aside">{seconds}</span></li>'
    )
