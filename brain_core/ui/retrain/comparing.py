"""A version compared anew with the one in service, in the background."""

from __future__ import annotations

import streamlit as st

from brain_core.access import Action
from brain_core.datasets.sources import data_sets
from brain_core.errors import BrainError
from brain_core.jobs import task
from brain_core.ui import access, notice
from brain_core.ui.retrain import sources
from brain_core.versions import Version

POLL = 1.0  # seconds


def show(version: Version, champion: Version, *, is_current: bool) -> None:
    """Says whether the comparison is of these two; compares them on a data set of one's choice."""
    name = f"compare {version.version} {champion.version}"
    found = task.look(name)
    if found.is_going_on:
        st.fragment(_follow, run_every=POLL)(name)
        return
    if found.error:
        notice.show("error", found.error, title="Not compared. ")
    elif found.exists and found.lines[-1:] != ("}",):  # the end of what it prints when all went well
        ended = "The comparison ended without a word: it was killed, or memory was exhausted."
        notice.show("error", ended, *found.lines[-1:], title="Not compared. ")
    if not is_current:
        st.caption("It was not compared with the version that is in service now.")
    with st.expander("Compare anew" if is_current else "Compare", expanded=not is_current):
        known = [str(path) for path in data_sets()]
        folder = st.selectbox(
            "Data set that holds the version's test scans", known, index=None, key="retrain_compare_folder",
            placeholder="Choose a data set",
        )  # fmt: skip
        if st.button("Compare", key="retrain_compare", disabled=folder is None):
            masks = sources.default_masks()
            words = ["models", "compare", version.version, folder, "--model", version.name, "--format", "json"]
            try:
                access.check(Action.RETRAIN)
                task.start(name, [*words, *(["--masks", str(masks)] if masks else [])])
            except BrainError as error:
                notice.show("error", str(error), title="Not compared. ")
            else:
                st.rerun()


def _follow(name: str) -> None:
    if not task.look(name).is_going_on:
        st.rerun()
    st.html('<div class="brain-quiet" role="status">Both models score the same scans: a minute or so …</div>')
    if st.button("Cancel", key="retrain_compare_cancel") and access.allowed(Action.RETRAIN):
        task.stop(name)
        task.forget(name)
        st.rerun()
