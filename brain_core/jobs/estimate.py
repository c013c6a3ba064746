"""How long a run takes: guessed before, and while it goes on from how fast it is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brain_core.errors import RunError
from brain_core.jobs import index
from brain_core.training.progress import Progress

HEAD, FINETUNE, COMPARISON = "phase 1", "phase 2", "comparison"
# Seconds a scan on one core, once (reading, frozen layers, scoring) and an epoch: rough figures of single runs, that of
# ResNet50's phase 2 a guess. What runs on the machine have taken corrects them, see `correction`.
ONCE = {"custom_cnn": 0.03, "resnet50": 0.25}
EPOCH = {
    ("custom_cnn", HEAD): 0.030,
    ("custom_cnn", FINETUNE): 0.035,
    ("resnet50", HEAD): 0.004,
    ("resnet50", FINETUNE): 0.20,
}
SCORED = {"custom_cnn": 0.01, "resnet50": 0.09}  # with Grad-CAM
VERSIONS_OF_A_SCAN, VERSIONS_OF_AN_OUTLINED = 6, 2.4  # changed ones included, see `evaluation.challenge`; on average
RECENT = 5  # runs on this machine that correct the guess
TELLING = 60.0  # seconds: what is shorter tells of starting up, not of training
SETTLED = 3  # batches after which a phase's own speed is believed


@dataclass(frozen=True)
class Part:
    """A phase of one model's training: seconds before its first epoch, and of all its epochs."""

    model: str
    phase: str
    before: float
    epochs: float

    @property
    def seconds(self) -> float:
        return self.before + self.epochs


def plan(models: Sequence[str], config, scans: int, validation: int, test: int = 0, outlined: int = 0) -> list[Part]:
    """What a run goes through.

    Args:
        config: a `TrainConfig`.
        scans, validation: how many an epoch learns from, and is measured on; further ones of ``extra`` are added.
        test, outlined: scans that the model is compared with the one in service on; 0 where it is not.
    """
    shown = scans + config.extra_scans + validation / 3  # a scan is scored in a third of the time of a training step
    found = []
    for model in models:
        counts = {HEAD: config.epochs_head, FINETUNE: config.epochs_finetune}
        for phase, epochs in counts.items():
            if epochs:
                before = ONCE[model] * (scans + validation) if phase == min(p for p, n in counts.items() if n) else 0.0
                found.append(Part(model, phase, before, epochs * shown * EPOCH[model, phase]))
        scored = 2 * (test * VERSIONS_OF_A_SCAN + outlined * VERSIONS_OF_AN_OUTLINED)
        if scored:
            found.append(Part(model, COMPARISON, scored * SCORED[model], 0.0))
    return found


def correction() -> float:
    """Seconds that this machine takes for one that was guessed: median of the latest runs, 1 where there is none."""
    ratios = []
    for folder in reversed(index.folders()):
        try:
            state = folder.state()
        except RunError:
            continue
        if state.predicted and state.predicted >= TELLING and state.seconds:
            ratios.append(state.seconds / state.predicted)
    return statistics.median(ratios[:RECENT]) if ratios else 1.0


def clock(parts: Sequence[Part], factor: float = 1.0, now: Callable[[], float] = time.monotonic):
    """A function of (model, progress) to the seconds that are left: the phase's own speed, once it is known.

    Args:
        factor: as `correction` gives it.
        now: seconds, of any origin.
    """
    began: dict[tuple[str, str], tuple[float, float]] = {}  # time and share done when the phase was first heard of

    def left(model: str, progress: Progress) -> float | None:
        position = next((i for i, p in enumerate(parts) if (p.model, p.phase) == (model, progress.phase)), None)
        if position is None:
            return None
        part = parts[position]
        share = (progress.epoch - 1 + progress.batch / progress.batches) / progress.epochs
        start, before = began.setdefault((model, progress.phase), (now(), share))
        speed = factor
        if (share - before) * progress.epochs * progress.batches >= SETTLED and part.epochs:
            speed = (now() - start) / (part.epochs * (share - before))
        return speed * (part.epochs * (1 - share) + sum(later.seconds for later in parts[position + 1 :]))

    return left


def in_words(seconds: float) -> str:
    """In words, rounded to what is known of it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
