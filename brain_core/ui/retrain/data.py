"""Step 1: which data, what is wrong with them, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from brain_core.datasets.check import DatasetReport
from brain_core.datasets.index import CLASS_NAMES
from brain_core.datasets.known import known_in_service
from brain_core.datasets.splits import PARTS
from brain_core.errors import DatasetError
from brain_core.jobs import estimate
from brain_core.models import MODELS
from brain_core.training.config import TrainConfig
from brain_core.ui import notice
from brain_core.ui.markup import esc
from brain_core.ui.retrain import checking, chosen, conflicts, remaining, sources, steps
from brain_core.ui.retrain.checking import Checking
from brain_core.ui.retrain.remaining import Remaining
from brain_core.ui.theme import LABEL_WORDS

POLL = 0.5  # seconds
LISTED = 50  # names in a list


def show() -> None:
    """Source, check report, and the way to the settings."""
    folder = sources.show()
    if folder is None:
        return
    inherit = st.toggle(
        "Keep the split of the models in service",
        True,
        key="retrain_inherit",
        persist_state="session",
        help="Scans that they know stay in the part that they had: what they learned from is never tested on, and "
        "their locked test scans stay locked, so that the new model can be compared with them on the same scans. New "
        "scans are divided 70/15/15 by near-duplicate group.",
    )
    try:
        found = checking.of(folder, inherit=inherit)
    except DatasetError as error:
        notice.show("error", str(error))
        return
    if not found.settled.is_set():
        st.fragment(_follow, run_every=POLL)(found)
        return
    if found.cancelled or found.error:
        _ended(found)
        return
    _report(found)
    decided = conflicts.show(found, folder)
    _next(folder, found, inherit, decided)


def _follow(found: Checking) -> None:
    if found.settled.is_set():
        st.rerun()
    share = found.done / found.total if found.total else 0.0
    read = f"{found.done} of {found.total} files read" if found.done < found.total else "Looking for copies"
    st.progress(share, f"{read} …")
    if st.button("Cancel", key="retrain_check_cancel"):
        found.cancelled = True


def _ended(found: Checking) -> None:
    if found.cancelled:
        notice.show("info", "The check was cancelled; nothing was changed.")
    else:
        notice.show("error", found.error)
    if st.button("Check again", key="retrain_check_again"):
        checking.forget()
        st.rerun()


def _report(found: Checking) -> None:
    report = found.report
    st.subheader("What is in it", anchor=False)
    columns = st.columns(4)
    columns[0].metric("Scans that can be read", len(report.sizes))
    columns[1].metric("Distinct pictures", report.distinct, help="Near-copies counted once.")
    columns[2].metric("Byte-identical copies", report.identical)
    columns[3].metric("Further near-copies", report.near_identical)
    if report.conflicts:  # the split follows once they are decided
        _facts(report)
    else:
        left, right = st.columns(2, gap="large")
        with left:
            _split(remaining.without(found, ()))
        with right:
            _facts(report)
    _lists(report)


def _split(left: Remaining) -> None:
    if left.split_by_class is None:
        notice.show("error", left.refusal, title="These data cannot be trained on. ")
        return
    names, found = list(CLASS_NAMES.values()), left.split_by_class
    rows = [{"Part": part, **{LABEL_WORDS[name]: found[part][name] for name in names}} for part in PARTS]
    total = {"Part": "all", **{LABEL_WORDS[name]: sum(found[part][name] for part in PARTS) for name in names}}
    st.markdown("**The split that results**, by near-duplicate group")
    st.dataframe(pd.DataFrame([*rows, total]), hide_index=True, width="stretch", key="retrain_split")
    st.caption(
        "Training learns, validation chooses thresholds and calibration, the test part is looked at once, at the end. "
        "This is the split of seed 0: with another, new scans are divided otherwise."
    )
    _about(left)


def _about(left: Remaining) -> None:
    """How long the brief's settings would take."""
    sizes = left.sizes
    times = []
    for name, model in MODELS.items():
        parts = estimate.plan([name], TrainConfig(), *(sizes[part] for part in PARTS))
        times.append(
            f"{model.title} about {estimate.in_words(sum(part.seconds for part in parts) * estimate.correction())}"
        )
    st.caption(
        f"Training with the brief's settings takes {', '.join(times)}: a rough guess, which the runs on this machine "
        "correct."
    )


def _facts(report: DatasetReport) -> None:
    kinds = ", ".join(f"{esc(kind)} {n}" for kind, n in report.kinds.items())
    modes = ", ".join(f"{esc(mode)} {n}" for mode, n in report.modes.items())
    overlap = ", ".join(f"{part} {n}" for part, n in report.overlap.items() if n) or "none"
    facts = {
        "Folders": kinds,
        "Colour modes": modes,
        "Sizes": _sizes(report),
        "Known to the models in service": f"{overlap} (byte for byte)",
        "Near-duplicate groups with two or more": str(len(report.near_groups)),
    }
    rows = "".join(f"<dt><strong>{title}</strong></dt><dd>{words}</dd>" for title, words in facts.items())
    st.html(f'<dl class="brain-quiet">{rows}</dl>')


def _sizes(report: DatasetReport) -> str:
    widths, heights = zip(*report.sizes, strict=True)
    count = len(set(report.sizes))
    if count == 1:
        return f"all {widths[0]} x {heights[0]} pixels"
    return (
        f"{count} different ones: widths from {min(widths)} to {max(widths)}, heights from {min(heights)} to "
        f"{max(heights)} pixels"
    )


def _lists(report: DatasetReport) -> None:
    if report.unreadable:
        with st.expander(f"Files that cannot be read and are left out: {len(report.unreadable)}", expanded=True):
            st.text("\n".join(bad.reason for bad in report.unreadable[:LISTED]) + _more(len(report.unreadable)))
    for title, groups in (
        ("Byte-identical groups", report.identical_groups),
        ("Near-duplicate groups", report.near_groups),
    ):
        if groups:
            with st.expander(f"{title}: {len(groups)}"):
                st.text("\n".join(", ".join(group) for group in groups[:LISTED]) + _more(len(groups)))


def _more(count: int) -> str:
    return f"\n… and {count - LISTED} more" if count > LISTED else ""


def _next(folder: Path, found: Checking, inherit: bool, decided: conflicts.Decided) -> None:
    report = found.report
    if decided.open:
        notice.show("warning", f"{decided.open} of these groups are undecided: decide them, or leave them out.")
        return
    left = remaining.without(found, decided.left_out)
    if report.conflicts:
        _split(left)
    if left.refusal:
        return
    known = known_in_service()
    seen = sum(report.overlap_groups.values())
    if not inherit and known and seen:
        notice.show(
            "warning",
            f"With a new split {report.overlap_groups[PARTS[0]]} groups that the models in service learned from may be "
            "tested on: the comparison with them leaves these out, and may have few scans left.",
        )
    if st.button("Use these data", type="primary", key="retrain_use", icon=":material/arrow_forward:"):
        chosen.keep(folder, left, inherit, decided.left_out)
        steps.go_to(steps.SETTINGS)
