"""The map beside the lesion: phantoms whose lesion is known, and the measured rate on outlined tumours."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core import overlay
from brain_core.teaching import case_scans
from brain_core.teaching.case_scans import Pointing
from brain_core.ui import heatmaps, notice, pictures, stored, verdict
from brain_core.ui.failures.material import Material, warn_of_older
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading

COLUMNS = 4  # two pictures a model
COMMAND = "python -m brain_core localise FOLDER --store"


def show(found: Material) -> None:
    """Of each model the phantom whose map points farthest from the lesion; where that is the answer shows."""
    for column, model in zip(st.columns(2, gap="large"), found.loading, strict=False):
        with column:
            worst = pointing(model, found.loading).worst
            if worst is None:
                st.caption(f"{model.title}: on no phantom that it calls a tumour does the map miss the lesion.")
                continue
            st.html(
                f'<div class="brain-column">{esc(model.title)}</div><div>{verdict.line(worst.prediction)} '
                '<span class="brain-quiet">a phantom with a lesion</span></div>'
            )
            left, right = st.columns(2)
            with left:
                st.image(pictures.on_screen(worst.scan), width="stretch", alt="A phantom, without any overlay")
            with right:
                opacity, colormap = overlay.DEFAULT_OPACITY, overlay.DEFAULT_COLORMAP
                heatmaps.overlaid(worst.scan, model.title, worst.prediction, opacity, colormap)


def answer(found: Material) -> None:
    """The lesion's outline over the map, how often it is hit, and the stored measurement."""
    for column, model in zip(st.columns(COLUMNS, gap="medium"), found.loading, strict=False):
        with column:
            _outlined(model, pointing(model, found.loading))
    st.caption(
        f"Phantoms with a lesion, {case_scans.PHANTOMS} asked of each model; a hit is a maximum in the lesion or "
        "within 15 pixels of it at a side of 256. Shares with Wilson's 95 % intervals. Sky blue: the lesion's outline; "
        "yellow: the map's maximum."
    )
    _measured(found)


def pointing(model: Loading, loading: list[Loading]) -> Pointing:
    """Worked out once for a version of a model and of those beside it, whose gates count as well."""
    others = [other for other in loading if other.id != model.id]
    return _pointing(
        model.id,
        tuple(other.id for other in others),
        model.card.operating_point.threshold,
        model.detector,
        [other.detector for other in others],
    )


@st.cache_resource(show_spinner="Asking the models about phantoms …", max_entries=8)
def _pointing(model: tuple[str, str, str], others: tuple, threshold: float, _detector, _others: list) -> Pointing:
    return case_scans.pointing(_detector, threshold=threshold, others=_others)


def _outlined(model: Loading, found: Pointing) -> None:
    worst = found.worst
    if worst is not None:
        picture = case_scans.outlined(worst.prediction.overlay_on(worst.scan), worst.mask, worst.peak)
        alt = f"{model.title}: the map's maximum lies {worst.distance:.0f} pixels outside the lesion's outline"
        st.image(picture, width="stretch", alt=alt)
    told = f"{model.title} calls {found.called} of {found.n} a tumour; of these its map hits {found.hits.text(2)}."
    if worst is not None:
        told += f" Here its maximum lies {worst.distance:.0f} pixels beside the lesion."
    st.caption(told)


def _measured(found: Material) -> None:
    record = found.localisation
    if record is None:
        st.caption(f"Not stored: how often the maps hit tumours that readers outlined; {COMMAND} measures it.")
        return
    try:
        rows = [
            {
                "Source of the map": stored.title(row["source"]),
                "Pointing game": stored.estimate(row["pointing"]).text(2),
                "Energy inside": stored.estimate(row["energy"]).text(2),
            }
            for row in record["rows"]
        ]
        told = f"Measured on {record['n']} real scans with outlined tumours."
        warn_of_older(found.loading, record.get("versions") or {}, COMMAND)
    except (KeyError, TypeError, AttributeError) as error:
        notice.show("error", f"The stored localisation is damaged ({error}). Store it anew: {COMMAND}.")
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_localisation")
    st.caption(
        f"{told} 95 % intervals by bootstrap over scans. 'Centre of the head' and 'random map' say what can be had "
        "without a model: a map that is no better than the centre has found nothing."
    )
