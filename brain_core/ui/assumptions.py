"""What a reader assumes of the patients: prevalence, the cost of a miss, what is asked of an operating point."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.ui import address

# Morris et al. 2009, BMJ 339:b3016: neoplastic incidental findings in 0.70 % of people without symptoms.
SCREENING_PREVALENCE = 0.7  # per cent
COST_RATIO = 10.0
WANTED = 95.0  # per cent
KEYS = {"prevalence": SCREENING_PREVALENCE, "cost": COST_RATIO, "sensitivity": WANTED, "specificity": WANTED}


@dataclass(frozen=True)
class Assumptions:
    """What the fields say.

    Attributes:
        prevalence, sensitivity, specificity: 0..1.
        cost_ratio: of a miss to a false alarm.
    """

    prevalence: float
    cost_ratio: float
    sensitivity: float
    specificity: float


def show() -> Assumptions:
    """The fields, in one row; the address keeps what differs from the defaults."""
    columns = st.columns(4)
    values = {
        "prevalence": columns[0].number_input(
            "Prevalence of a tumour, %",
            0.01,
            99.0,
            address.number("prevalence", SCREENING_PREVALENCE, 0.01, 99.0),
            step=0.1,
            format="%.2f",
            key="thresholds_prevalence",
            help="Share of the patients to be read who have a tumour. The default, 0.7 %, is that of neoplastic "
            "incidental findings in people without symptoms (Morris et al., BMJ 2009;339:b3016). Of the data set's "
            "scans 61 % show one: no screening population is like that.",
        ),
        "cost": columns[1].number_input(
            "A miss costs … false alarms",
            0.1,
            1000.0,
            address.number("cost", COST_RATIO, 0.1, 1000.0),
            step=1.0,
            format="%.1f",
            key="thresholds_cost",
            help="The lowest-cost operating point follows from this ratio and the prevalence.",
        ),
        "sensitivity": columns[2].number_input(
            "Sensitivity at least, %",
            1.0,
            100.0,
            address.number("sensitivity", WANTED, 1.0, 100.0),
            step=1.0,
            format="%.1f",
            key="thresholds_sensitivity",
        ),
        "specificity": columns[3].number_input(
            "Specificity at least, %",
            1.0,
            100.0,
            address.number("specificity", WANTED, 1.0, 100.0),
            step=1.0,
            format="%.1f",
            key="thresholds_specificity",
        ),
    }
    for name, value in values.items():
        address.keep(name, value, KEYS[name])
    return Assumptions(
        values["prevalence"] / 100, values["cost"], values["sensitivity"] / 100, values["specificity"] / 100
    )
