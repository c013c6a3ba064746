"""What one model of a comparison says of the scans, of the same scans changed, and of those with outlined tumours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from brain_core.evaluation.challenge_parts import Pointing
from brain_core.evaluation.erasure import erase
from brain_core.evaluation.localisation import Masked, localise
from brain_core.evaluation.robustness import CHANGES
from brain_core.inference import Detector
from brain_core.preprocessing import BATCH
from brain_core.scans import Scan

PASSES_OVER_MASKED = 3  # one for the heatmaps, two for the scan with and without its tumour


@dataclass(frozen=True, eq=False)
class Task:
    """What every model of a comparison is asked.

    Attributes:
        scans: to compare on.
        changed: int (M,), positions of those to change as well.
        masked: scans with outlined tumours; may be empty.
    """

    scans: Sequence[Scan]
    changed: np.ndarray
    masked: Sequence[Masked]

    @property
    def passes(self) -> int:
        """Scans to score, each as often as it is."""
        return len(self.scans) + len(CHANGES) * len(self.changed) + PASSES_OVER_MASKED * len(self.masked)


@dataclass(frozen=True, eq=False)
class Answers:
    """Of one model.

    Attributes:
        probability: float64 (N,), of a tumour.
        changed: float64 (M,) by name of `robustness.CHANGES`.
        pointing: None where there is no outlined tumour.
    """

    probability: np.ndarray
    changed: dict[str, np.ndarray]
    pointing: Pointing | None


class Steps:
    """Progress over several passes as one count.

    Args:
        progress: called with (done, total), both in scans; may raise `Cancelled`.
    """

    def __init__(self, progress: Callable[[int, int], None], total: int):
        self._progress, self._before, self._total = progress, 0, total

    def part(self, size: int) -> Callable[[int, int], None]:
        """What hears of the next ``size`` of them; its own (done, of) may count in other units."""
        before = self._before
        self._before += size
        return lambda done, of: self._progress(before + size * done // of, self._total)


def answers(detector: Detector, task: Task, steps: Steps) -> Answers:
    """Ask one model.

    Raises:
        Cancelled: ``steps`` reported to who wants to stop.
    """
    probability = _probabilities(detector, task.scans, steps)
    some = [task.scans[i] for i in task.changed]
    changed = {
        name: _probabilities(detector, [replace(scan, pixels=change(scan.grey)) for scan in some], steps)
        for name, change in CHANGES.items()
    }
    return Answers(probability, changed, _pointing(detector, list(task.masked), steps))


def _probabilities(detector: Detector, scans: Sequence[Scan], steps: Steps) -> np.ndarray:
    found, report = np.empty(len(scans)), steps.part(len(scans))
    for start in range(0, len(scans), BATCH):
        batch = scans[start : start + BATCH]
        found[start : start + len(batch)] = [p.probability for p in detector.predict(batch)]
        report(start + len(batch), len(scans))
    return found


def _pointing(detector: Detector, masked: list[Masked], steps: Steps) -> Pointing | None:
    if not masked:
        return None
    where = localise(masked, detector, steps.part(len(masked)))
    without = erase(masked, detector, steps.part((PASSES_OVER_MASKED - 1) * len(masked)))
    return Pointing(
        n=where.n,
        flat=where.flat,
        hits=where.pointing,
        energy=where.energy,
        erasable=without.n,
        found=without.found,
        still=without.still,
        change=without.change,
    )
