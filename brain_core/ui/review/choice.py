"""Which cases, in which order; the address keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.store.records import Source
from brain_core.ui import address

ORDERS = {  # as `brain_core.store.review.ORDERS`
    "uncertainty": "Least certain",
    "disagreement": "Models disagree most",
    "newest": "Newest",
}
SOURCE_WORDS = {
    Source.UPLOAD: "upload",
    Source.ARCHIVE: "archive",
    Source.WATCH: "archive's watch",
    Source.COMMAND: "command line",
    Source.SAMPLE: "sample",
}
ALL = "all"
SOURCES = (ALL, *(source.value for source in SOURCE_WORDS if source != Source.SAMPLE))  # samples are left out


ORDER = "review_order"  # session, of the page alone: the choice


@dataclass(frozen=True)
class Choice:
    """What was chosen; ``source`` is None for all."""

    order: str
    unconfirmed_only: bool
    source: Source | None


def is_made() -> bool:
    """Whether the page has been on screen; not when it is come to from another."""
    return ORDER in st.session_state


def show() -> Choice:
    """The controls, in one row."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        order = st.segmented_control(
            "First in the list",
            list(ORDERS),
            default=address.choice("order", list(ORDERS), "uncertainty"),
            format_func=ORDERS.get,
            key=ORDER,
            required=True,
            help="Where the models stand at their thresholds, or contradict each other, a confirmed finding teaches "
            "most.",
        )
        source = st.selectbox(
            "Source",
            SOURCES,
            index=SOURCES.index(address.choice("from", SOURCES, ALL)),
            format_func=_source,
            key="review_source",
            width=200,
        )
        unconfirmed = st.toggle(
            "Unconfirmed only",
            address.choice("cases", ("unconfirmed", "every"), "unconfirmed") == "unconfirmed",
            key="review_unconfirmed",
            help="Without cases confirmed by biopsy, follow-up or a second reader. Where readers disagree they stay.",
        )
    address.keep("order", order, "uncertainty")
    address.keep("from", source, ALL)
    address.keep("cases", "unconfirmed" if unconfirmed else "every", "unconfirmed")
    return Choice(order, unconfirmed, None if source == ALL else Source(source))


def _source(source: str) -> str:
    return "All sources" if source == ALL else SOURCE_WORDS[Source(source)].capitalize()
