"""The study view of Detect: series, what the models say along their slices, a viewer, reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.scans.series import Series, Study
    from brain_core.ui.models import Loading


def show(studies: Sequence[Study], loading: Sequence[Loading]) -> Series:
    """Everything of the series that is open; returns it, to `go_on` with at the end of the page."""
    from brain_core.ui.study import view  # charts take seconds to import, which the page without a study need not wait

    return view.show(studies, loading)


def go_on(series: Series, loading: Sequence[Loading]) -> None:
    """Score some of its slices and run the page anew, where there are any to score."""
    from brain_core.ui.study import scoring

    scoring.go_on(series, loading)
