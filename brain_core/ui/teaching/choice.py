"""Which scan a class looks at: a sample, or a picture of one's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from brain_core.access import Action
from brain_core.errors import BrainError, ScanError
from brain_core.scans import Scan, SourceFile, base_name, single_file
from brain_core.settings import settings
from brain_core.teaching.planted import redrawn
from brain_core.ui import access, notice, samples
from brain_core.ui.pictures import SCREEN_SIDE, on_screen
from brain_core.ui.samples import Sample

OWN = "A picture of my own"
KEPT, KEPT_FOR = 8, 600  # uploads in memory, over all sessions; seconds
LABELS = ("tumor", "no tumor")


@dataclass(frozen=True, eq=False)
class Chosen:
    """A scan to look at.

    Attributes:
        name: text from outside where it was uploaded, to be escaped.
        reference: label of the reference standard, None where it is not known.
        origin: as of `Sample`, or ``"upload"``.
    """

    scan: Scan
    name: str
    reference: str | None
    origin: str


def choose(prefix: str, *, references: tuple[str, ...] = LABELS, start: int = 0) -> Chosen | None:
    """The inputs; None until there is a scan.

    Args:
        prefix: of the widgets' keys.
        references: samples of these labels only.
        start: number of the sample that is open at first.
    """
    offered = {s.id: s for s in (*samples.phantoms(), *samples.real()) if s.reference in references}
    chosen = st.selectbox(
        "Scan",
        [*offered, *([OWN] if access.may(Action.DETECT) else [])],
        index=min(start, len(offered) - 1),
        format_func=lambda id: _words(offered[id]) if id in offered else id,
        key=f"{prefix}_scan",
        help="Phantoms are drawn by this program; real scans come from the data set at hand, where there is one.",
    )
    if chosen in offered:
        sample = offered[chosen]
        return Chosen(sample.scan, _words(sample), sample.reference, sample.origin)
    return _own(prefix)


def _words(sample: Sample) -> str:
    same = sample.caption == sample.name
    return sample.name if same else f"{sample.name}: {sample.caption}"


def _own(prefix: str) -> Chosen | None:
    upload = st.file_uploader(
        "A picture, or DICOM or NIfTI, of which the middle slice is taken",
        key=f"{prefix}_upload",
        max_upload_size=settings().max_file_megabytes,
    )
    if upload is None:
        return None
    name = base_name(upload.name)
    try:
        scan = _read(hashlib.sha256(upload.getvalue()).hexdigest(), name, upload)
    except BrainError as error:
        notice.show("error", str(error), title="This file cannot be shown. ")
        return None
    return Chosen(scan, name, None, "upload")


@st.cache_resource(show_spinner="Reading …", max_entries=KEPT, ttl=KEPT_FOR)
def _read(sha256: str, name: str, _upload) -> Scan:
    slices = list(single_file.slices(SourceFile.of_bytes(_upload.getvalue(), name)))
    if not slices:
        raise ScanError(f"{name}: holds no picture.")
    return _smaller(slices[len(slices) // 2].read())


def _smaller(scan: Scan) -> Scan:
    """Of a large one a copy at the size of a screen: it is changed and looked at here, time and again."""
    if max(scan.width, scan.height) <= SCREEN_SIDE:
        return scan
    told = f"Taken at the size of a screen: the file has {scan.width} × {scan.height} pixels."
    return redrawn(scan, on_screen(scan) if scan.pixels.ndim == 3 else on_screen(scan)[..., 0], told)
