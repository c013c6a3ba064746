"""How far readers' first opinions and the models agree, before any result was on screen and after."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.monitoring.agreement import Agreement, agreements
from brain_core.ui import stored
from brain_core.ui.monitor.choice import Choice


def show(choice: Choice) -> None:
    """A row a version, before and after."""
    found = agreements(choice.rows)
    if not found:
        st.caption(
            f"No opinion {choice.words}: readers give theirs on Detect, before they see a result with 'My read first'."
        )
        return
    st.dataframe(pd.DataFrame([_row(each) for each in found]), hide_index=True, width="stretch", key="monitor_readers")
    st.caption(
        "One row a case: the reader's first opinion beside the model's label at its threshold. 95 % intervals: "
        "Wilson's of the share, of Cohen's kappa by the standard error of Fleiss, Cohen and Everitt. Kappa is 0 where "
        "they agree as chance has it, and falls where nearly all cases are of one kind. Readers who have seen the "
        "result tend to follow it: agreement after the reveal says little about either."
    )


def _row(found: Agreement) -> dict:
    return {
        "Model": stored.title(found.model),
        "Version": found.version,
        "Opinion": "before the reveal" if found.blind else "after the reveal",
        "n": found.n,
        "Both tumour": found.both,
        "Only the model": found.only_model,
        "Only the reader": found.only_reader,
        "Neither": found.neither,
        "Reader unsure": found.unsure,
        "Agreement": found.share.text(),
        "Cohen's kappa": found.kappa.text(),
    }
