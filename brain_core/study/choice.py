"""Which series of a study are worth the models' time when nobody chooses."""

from __future__ import annotations

from brain_core.scans.series import IMAGE, Series, Study

LEAST_SLICES = 3  # of a series that counts as one


def image_series(study: Study) -> tuple[Series, ...]:
    """Acquired series of at least `LEAST_SLICES` slices; where there is none, all acquired ones.

    Localisers and what was computed from other series (maps, projections) stay out: the models know neither.
    """
    images = tuple(series for series in study.series if series.role == IMAGE)
    return tuple(series for series in images if len(series) >= LEAST_SLICES) or images
