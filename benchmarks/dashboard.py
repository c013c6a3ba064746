"""The screens of stored results on the server: a moved slider, and the Metrics page's first render.

    python benchmarks/dashboard.py [--repeats 15] [--predictions 100000]

- slider: the panel of one model over that many stored predictions, run as Streamlit runs it when the threshold is
  moved, against the same panel over 1,000 predictions in the same process, in turns: what size costs;
- Metrics page: the first render of the models that ship, bootstrap included, every cache empty but with the modules
  imported, against the render that follows, from the caches; each section by itself as well.

Both run Streamlit's script runner in this process; what the browser needs to draw comes on top.
"""

from __future__ import annotations

import argparse
import logging
import os

import numpy as np
from harness import PROJECT, machine_line, measure, seconds

TARGET_SLIDER, TARGET_RENDER = 0.1, 1.5  # seconds
SMALL = 1000
SECTIONS = (
    "Overview",
    "Discrimination",
    "Calibration",
    "Decision curve",
    "Comparison",
    "Where they look",
    "Errors",
    "Training",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--predictions", type=int, default=100_000)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Streamlit's remarks on a script without a server
    os.chdir(PROJECT)
    print(machine_line())
    print(f"medians of {options.repeats}")
    slider(options.predictions, options.repeats)
    metrics_page(options.repeats)


def slider(predictions: int, repeats: int) -> None:
    """Seconds of one move."""
    from streamlit.testing.v1 import AppTest

    pages = {}
    for n in (predictions, SMALL):
        pages[n] = AppTest.from_function(show_panel, default_timeout=60, args=panel_of(n)).run()
        assert not pages[n].exception
    places = {n: iter(np.linspace(0.1, 0.9, repeats + 1).tolist()) for n in pages}  # one more, for the warm-up

    def move(n: int) -> None:
        assert not pages[n].exception
        pages[n].slider(key="thresholds_custom_cnn_slider").set_value(next(places[n]))

    timing = measure({n: page.run for n, page in pages.items()}, repeats, before=move)
    assert not any(page.exception for page in pages.values())
    large, small = (timing.median(n) for n in (predictions, SMALL))
    print(
        f"slider over {predictions:,} predictions: {large * 1e3:.0f} ms (target {TARGET_SLIDER * 1e3:.0f}), "
        f"{large / small:.2f} times that over {SMALL:,}"
    )


def panel_of(n: int) -> tuple:
    """A model with ``n`` predictions on validation and on internal testing, all of distinct scans."""
    from brain_core.evaluation.stored_results import TEST, VALIDATION, StoredResult, StoredResults
    from brain_core.registry import read_card
    from brain_core.ui.assumptions import Assumptions

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    scores = 1 / (1 + np.exp(-rng.normal(2 * labels - 1, 1.5)))
    names = tuple(f"{i}.png" for i in range(n))
    card = read_card("custom_cnn")
    found = tuple(
        StoredResult(card.name, card.version, split, labels, scores[None], 0.5, np.arange(n), names, names, None)
        for split in (VALIDATION, TEST)
    )
    return card, StoredResults(found, (), f"benchmark of {n}"), Assumptions(0.007, 10.0, 0.95, 0.95)


def show_panel(card, found, assumed) -> None:
    """The script that holds the panel alone, which is what Streamlit runs again when its slider is moved."""
    from brain_core.ui import threshold_panel

    threshold_panel.show(card, found, assumed)


def metrics_page(repeats: int) -> None:
    """Seconds of the first render and of the next."""
    ways = {"first": render, "again": render}  # the warm-up imports, and fills the caches
    timing = measure(ways, repeats, before=lambda way: forget() if way == "first" else None)
    one, two = timing.median("first"), timing.median("again")
    print(
        f"Metrics page, first render: {one:.2f} s (target {TARGET_RENDER}), {one / two:.1f} times the next, {two:.2f} s"
    )
    for section in SECTIONS:
        forget()
        print(f"  {section}: {seconds(lambda section=section: render(section)):.2f} s")


def render(section: str = SECTIONS[0]) -> None:
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(PROJECT / "pages" / "2_Metrics.py", default_timeout=120)
    page.query_params["show"] = section
    page.run()
    assert not page.exception, page.exception


def forget() -> None:
    """Empty every cache."""
    import streamlit as st

    from brain_core import resampling

    st.cache_data.clear()
    st.cache_resource.clear()
    resampling._draws.cache_clear()


if __name__ == "__main__":
    main()
