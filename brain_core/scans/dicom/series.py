"""DICOM images of one series to `Series`: stacks in their order in space, and what is unusual about them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from pydicom import Dataset

from brain_core.scans.dicom import header_dataset
from brain_core.scans.series import DERIVED, DICOM, IMAGE, LOCALIZER, Series, Slice, key_of
from brain_core.scans.stacks import Cut, Stack, stacks_of

MOST_STACKS = 24  # of one series; a study list of more is of no use
LOCALIZER_WORDS = re.compile(
    r"(?<![a-z])(loc(ali[sz]er|ali[sz]ation)?|scout|survey|pilot|(3|three)[ -]?plane|tri[ -]?planar|aa ?head)(?![a-z])",
    re.I,
)
LOCALIZER_TYPES = ("LOCALIZER", "SCOUT")
MOSAIC = "MOSAIC"  # Siemens: many slices in one picture
LOCALIZER_SLICES = 12  # a stack; a series of several orientations with no more in any is one to plan others on
WIDE_GAP = 1.5  # times the median: a slice is missing
EVEN = 0.1  # of the gap, by which a slice may be off its place in a volume


def series_of(cuts: Sequence[Cut], notes: Sequence[str] = ()) -> list[Series]:
    """The stacks of a series, each a `Series` of its own.

    Args:
        cuts: of one series, no file twice.
        notes: to go with each of them.
    """
    stacks = stacks_of(cuts)
    role = _role(stacks)
    notes = list(notes)
    if len(stacks) > 1:
        notes.append(f"The series holds {len(stacks)} stacks of slices, which are listed one by one.")
    if len(stacks) > MOST_STACKS:
        notes.append(f"Only the first {MOST_STACKS} stacks are listed.")
    return [_series(stack, role, notes) for stack in _told_apart(stacks[:MOST_STACKS])]


def _told_apart(stacks: list[Stack]) -> list[Stack]:
    """Numbers behind labels that several have."""
    count = Counter(stack.label for stack in stacks)
    turn: Counter[str] = Counter()
    found = []
    for stack in stacks:
        turn[stack.label] += 1
        several = count[stack.label] > 1
        found.append(replace(stack, label=f"{stack.label} {turn[stack.label]}".strip()) if several else stack)
    return found


def _series(stack: Stack, role: str, notes: list[str]) -> Series:
    first = stack.cuts[0].instance
    positions = stack.positions or (None,) * len(stack.cuts)
    headers = {id(cut.instance): partial(header_dataset, cut.instance.file) for cut in stack.cuts}  # one a file
    slices = tuple(
        _slice(cut, place, headers[id(cut.instance)]) for cut, place in zip(stack.cuts, positions, strict=True)
    )
    gap = float(np.median(np.diff(stack.positions))) if stack.positions and len(slices) > 1 else None
    return Series(
        key=key_of(slices),
        description=", ".join(filter(None, (first.series_description, stack.label))),
        number=first.series_number,
        source=DICOM,
        modality=first.modality,
        role=role,
        plane=stack.plane,
        slices=slices,
        gap=gap,
        affine=_affine(stack, slices),
        notes=tuple(notes + _unusual(stack, slices, gap)),
    )


def _slice(cut: Cut, position: float | None, header: Callable[[], Dataset]) -> Slice:
    instance, number = cut.instance, cut.info.number
    return Slice(
        key=cut.key,
        read=partial(instance.read, number),
        height=instance.rows,
        width=instance.columns,
        position=position,
        spacing=cut.info.spacing,
        header=header,
        frame_number=number if instance.is_multi_frame else None,
    )


def _role(stacks: list[Stack]) -> str:
    cuts = [cut for stack in stacks for cut in stack.cuts]
    types = [{kind.upper() for kind in cut.info.image_type or cut.instance.image_type} for cut in cuts]
    if any(kinds & {*LOCALIZER_TYPES} for kinds in types):
        return LOCALIZER
    if any(LOCALIZER_WORDS.search(cut.instance.series_description.replace("_", " ")) for cut in cuts):
        return LOCALIZER
    if any(MOSAIC in kinds for kinds in types):
        return DERIVED
    first = Counter(next(iter(cut.info.image_type or cut.instance.image_type), "") for cut in cuts)
    if first.most_common(1)[0][0].upper() == "DERIVED":
        return DERIVED
    planes = [stack.plane for stack in stacks if stack.plane]
    if len({*planes}) > 1 and max(len(stack.cuts) for stack in stacks) <= LOCALIZER_SLICES:
        return LOCALIZER
    return IMAGE


def _affine(stack: Stack, slices: Sequence[Slice]) -> np.ndarray | None:
    """`Series.affine`: only where the slices are of one size and evenly spaced."""
    infos = [cut.info for cut in stack.cuts]
    sizes = {(each.height, each.width) for each in slices}
    if stack.positions is None or len(infos) < 2 or len(sizes) > 1 or len({info.spacing for info in infos}) > 1:
        return None
    places = np.array([info.position for info in infos])
    step = (places[-1] - places[0]) / (len(places) - 1)
    expected = places[0] + np.arange(len(places))[:, None] * step
    if infos[0].spacing is None or np.abs(places - expected).max() > EVEN * np.linalg.norm(step):
        return None
    affine = np.eye(4)
    cosines = np.asarray(infos[0].orientation)
    affine[:3, 0] = cosines[:3] * infos[0].spacing[1]
    affine[:3, 1] = cosines[3:] * infos[0].spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = places[0]
    return affine


def _unusual(stack: Stack, slices: Sequence[Slice], gap: float | None) -> list[str]:
    notes = []
    if stack.positions is None and len(slices) > 1:
        notes.append("The files do not say where the slices lie; they are in the order of their instance numbers.")
    if MOSAIC in (stack.cuts[0].info.image_type or stack.cuts[0].instance.image_type):
        notes.append("Each picture is a mosaic of many slices; the models expect one slice a picture.")
    if gap:
        steps = np.diff(stack.positions)
        wide = steps[steps > WIDE_GAP * gap]
        missing = int((np.round(wide / gap) - 1).clip(1).sum())
        if missing:
            notes.append(
                f"{missing} slice{'s' * (missing > 1)} seem{'s' * (missing == 1)} to be missing: gaps of up to "
                f"{wide.max():.1f} mm where {gap:.1f} mm are usual."
            )
    notes += _differing("size", "pixels", ((each.width, each.height) for each in slices))
    notes += _differing("pixel spacing", "mm", (each.spacing for each in slices if each.spacing))
    return notes


def _differing(what: str, unit: str, pairs: Iterable[tuple[float, float]]) -> list[str]:
    counted = Counter(f"{a:.4g} x {b:.4g}" for a, b in pairs)
    if len(counted) < 2:
        return []
    shown = ", ".join(f"{n} of {pair} {unit}" for pair, n in counted.most_common(4))
    return [f"The slices differ in {what} ({shown}); each is assessed on its own."]
