"""What colours stand for on screen, and the little style of our own: in one place, for both themes."""

from __future__ import annotations

import streamlit as st

from brain_core.palette import (
    BLUISH_GREEN,
    LABEL_COLORS,
    LABEL_SHAPES,
    LABEL_WORDS,
    NEUTRAL,
    VERMILION,
    YELLOW,
)

__all__ = [
    "ERROR",
    "ICON",
    "LABEL_COLORS",
    "LABEL_SHAPES",
    "LABEL_WORDS",
    "NEUTRAL",
    "NO_TUMOR",
    "READY",
    "TUMOR",
    "WARNING",
    "apply",
]

TUMOR, NO_TUMOR = LABEL_COLORS["tumor"], LABEL_COLORS["no tumor"]
WARNING, ERROR, READY = YELLOW, VERMILION, BLUISH_GREEN

# Drawn here: an icon by name would be fetched from a font server, and nothing leaves this machine.
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><ellipse cx="16" cy="16" rx="12" ry="14"
fill="#14181d" stroke="#56B4E9" stroke-width="2.5"/><path d="M16 4v24" stroke="#56B4E9" stroke-width="1.5"/>
<circle cx="21" cy="12" r="4" fill="#E69F00"/></svg>"""

_STYLE = """
<style>
.block-container, .stMainBlockContainer {padding-top: 2.75rem; padding-bottom: 3rem; max-width: 1400px}
h1 {padding: 0 !important}
.brain-quiet {font-size: .875rem; opacity: .8; line-height: 1.45; overflow-wrap: anywhere}
.brain-disclaimer {font-size: .8125rem; opacity: .8; border-left: 3px solid %(neutral)s; padding: .1rem .75rem}
.brain-notice {border-left: 3px solid; border-radius: .25rem; padding: .5rem .85rem; line-height: 1.45;
  overflow-wrap: anywhere; background: color-mix(in srgb, currentColor 6%%, transparent)}
.brain-name {font-weight: 600; font-size: 1.25rem; overflow-wrap: anywhere; line-height: 1.3}
.brain-chips {display: flex; flex-wrap: wrap; gap: .35rem 1.25rem}
.brain-dot {display: inline-block; width: .6em; height: .6em; border-radius: 50%%; margin-right: .45em}
.brain-wait {animation: brain-pulse 1.4s ease-in-out infinite}
@keyframes brain-pulse {50%% {opacity: .25}}
@media (prefers-reduced-motion: reduce) {.brain-wait {animation: none}}
.brain-tag {display: inline-block; font-size: .75rem; border: 1px solid currentColor; border-radius: 1rem;
  padding: 0 .6em; opacity: .85; white-space: nowrap}
.brain-column {font-weight: 600; margin-bottom: -.5rem}
.brain-verdict {display: flex; justify-content: space-between; align-items: baseline; gap: 1rem;
  font-size: 1.375rem; font-weight: 600; line-height: 1.3}
.brain-number {font-variant-numeric: tabular-nums}
.brain-implications p {margin: .35rem 0} .brain-implications ul {padding-left: 1.1rem}
.brain-flag {margin-top: .35rem; font-weight: 600}
.brain-words {line-height: 1.5; overflow-wrap: anywhere}
dl.brain-quiet, dl.brain-quiet dt {margin: 0; padding: 0}
dl.brain-quiet dd {margin: 0 0 .35rem}
button[data-variant=segmented_control][aria-checked=true] {color: inherit !important}
.brain-thumbnail {display: block; border-radius: .25rem; background: #000}
dl.brain-identity {display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 0; padding: .5rem .85rem;
  border: 1px dashed currentColor; border-radius: .25rem; overflow-wrap: anywhere}
dl.brain-identity dt {font-size: .8125rem; opacity: .8; padding: 0} dl.brain-identity dd {margin: 0; font-weight: 600}
.st-key-retrain_step {padding-top: .6rem}
[data-testid=stCaptionContainer], [data-testid=stMetricDelta], [data-testid=stMetricDelta] > div
  {color: inherit !important; opacity: .85}
[data-testid=stSliderThumbValue], [data-testid=stCode] .token {color: inherit !important}
%(more)s
</style>
"""


def apply() -> None:
    """Our style, once a page."""
    from brain_core.ui import probability_bar  # it takes its colours from here

    st.html(_STYLE % {"neutral": NEUTRAL, "more": probability_bar.STYLE})
