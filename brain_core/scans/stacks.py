"""Frames of one DICOM series into stacks of parallel slices, each in its order in space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from brain_core.scans.dicom.instance import FrameInfo, Instance
from brain_core.scans.geometry import normal_of, plane_of

SAME_DIRECTION = 0.01  # largest difference of two direction cosines; half a degree
SAME_PLACE = 0.02  # millimetres; slices of a head are not nearer to each other
MOST_ORIENTATIONS = 64  # more have no order that a reader could use
COMPONENT = 2  # where the image type says what was measured: magnitude, phase, a map


@dataclass(frozen=True, eq=False)
class Cut:
    """One frame of one file, not yet decoded.

    Attributes:
        key: as `Slice.key`.
    """

    instance: Instance
    info: FrameInfo
    key: str

    @property
    def turn(self) -> tuple:
        """Where it comes by number, for slices without a place and for several at one."""
        numbers = (self.instance.acquisition_number, self.instance.instance_number)
        return (*(float("inf") if n is None else n for n in numbers), self.info.number, self.key)


@dataclass(frozen=True, eq=False)
class Stack:
    """Parallel slices.

    Attributes:
        cuts: in the order of `Series.slices`.
        positions: millimetres along the normal, one a slice, rising; None where the files do not say.
        plane: as `Series.plane`.
        label: what sets it apart from other stacks of its series, in words; empty where there is no other.
    """

    cuts: tuple[Cut, ...]
    positions: tuple[float, ...] | None
    plane: str | None
    label: str = ""


# What tells frames at the same place apart: the value, and its words.
KEYS: tuple[tuple[Callable[[Cut], Any], str], ...] = (
    (lambda cut: cut.info.echo_time, "echo time {:g} ms"),
    (lambda cut: cut.info.b_value, "b = {:g} s/mm2"),
    (lambda cut: cut.info.image_type[COMPONENT:] or None, "{}"),
    (lambda cut: cut.info.temporal_position, "time point {}"),
    (lambda cut: cut.instance.acquisition_number, "acquisition {}"),
)


def stacks_of(cuts: Sequence[Cut]) -> list[Stack]:
    """Split by orientation and by the files' own stacks; where places are taken twice, by what tells those apart.

    Frames at one place that nothing tells apart become repetitions, by their numbers. No frame is lost.
    """
    groups = _by_orientation(cuts)
    found: list[Stack] = []
    for normal, group in groups:
        if normal is None:
            label = "without a place in space" if len(groups) > 1 else ""
            found.append(Stack(tuple(sorted(group, key=lambda cut: cut.turn)), None, None, label))
            continue
        plane = plane_of(normal)
        for stack_id, part in _grouped(group, lambda cut: cut.info.stack_id or None).items():
            several_ids = stack_id is not None and len({cut.info.stack_id for cut in group}) > 1
            labels = [plane] * (len(groups) > 1) + [f"stack {stack_id}"] * several_ids
            for each, words in _apart(part, normal):
                placed = sorted(((_along(cut, normal), cut.turn, cut) for cut in each), key=lambda row: row[:2])
                positions = tuple(place for place, _, _ in placed)
                in_order = tuple(cut for _, _, cut in placed)
                found.append(Stack(in_order, positions, plane, ", ".join(labels + words)))
    return found


def _by_orientation(cuts: Sequence[Cut]) -> list[tuple[np.ndarray | None, list[Cut]]]:
    """Frames by their normal and the direction of their rows; those without a place in space together, last."""
    known: list[np.ndarray] = []
    groups: list[tuple[np.ndarray, list[Cut]]] = []
    placeless: list[Cut] = []
    for cut in cuts:
        normal = normal_of(cut.info.orientation)
        if normal is None or cut.info.position is None:
            placeless.append(cut)
            continue
        cosines = np.asarray(cut.info.orientation)
        alike = np.flatnonzero(np.abs(np.asarray(known) - cosines).max(axis=1) <= SAME_DIRECTION) if known else []
        if len(alike):
            groups[int(alike[0])][1].append(cut)
        elif len(groups) < MOST_ORIENTATIONS:
            known.append(cosines)
            groups.append((normal, [cut]))
        else:
            placeless.append(cut)
    return [*groups, *([(None, placeless)] if placeless else [])]


def _apart(cuts: list[Cut], normal: np.ndarray) -> list[tuple[list[Cut], list[str]]]:
    """Groups in which no place is taken twice, with their labels."""
    doubled = _doubled(cuts, normal)
    if not doubled:
        return [(cuts, [])]
    for value, words in KEYS:
        groups = _grouped(cuts, value)
        if len(groups) > 1 and sum(_doubled(group, normal) for group in groups.values()) < doubled:
            return [
                (part, [_label(found, words), *more])
                for found, group in groups.items()
                for part, more in _apart(group, normal)
            ]
    return _repetitions(cuts, normal)


def _repetitions(cuts: list[Cut], normal: np.ndarray) -> list[tuple[list[Cut], list[str]]]:
    groups: list[list[Cut]] = []
    place, turn = None, 0
    for cut in sorted(cuts, key=lambda cut: (_along(cut, normal), cut.turn)):
        along = _along(cut, normal)
        turn = turn + 1 if place is not None and along - place <= SAME_PLACE else 0
        place = along if turn == 0 else place
        if turn == len(groups):
            groups.append([])
        groups[turn].append(cut)
    return [(group, [f"repetition {i}"]) for i, group in enumerate(_by_turn(groups), 1)]


def _by_turn(groups: list[list[Cut]]) -> list[list[Cut]]:
    """The order in which they were acquired, which is that of their first numbers."""
    return sorted(groups, key=lambda group: (-len(group), min(cut.turn for cut in group)))


def _grouped(cuts: Sequence[Cut], value: Callable[[Cut], Any]) -> dict[Any, list[Cut]]:
    groups: dict[Any, list[Cut]] = {}
    for cut in cuts:
        groups.setdefault(value(cut), []).append(cut)
    return dict(sorted(groups.items(), key=lambda item: (item[0] is None, item[0] if item[0] is not None else 0)))


def _doubled(cuts: Sequence[Cut], normal: np.ndarray) -> int:
    """How many lie where another lies."""
    places = np.sort([_along(cut, normal) for cut in cuts])
    return int((np.diff(places) <= SAME_PLACE).sum())


def _along(cut: Cut, normal: np.ndarray) -> float:
    return float(np.dot(cut.info.position, normal))


def _label(found: Any, words: str) -> str:
    if found is None:
        return "others"
    return words.format("/".join(found) if isinstance(found, tuple) else found)
