"""A newly trained model, the challenger, against the one in service, the champion, on scans that neither has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from brain_core import metrics
from brain_core.comparison import McNemar, delong, differences, mcnemar, sentence
from brain_core.datasets.index import TUMOR, Dataset
from brain_core.evaluation.challenge_parts import (
    CHALLENGER,
    CHAMPION,
    Baseline,
    Contender,
    Paired,
    PointingGame,
    Robustness,
    Row,
    Scorecard,
    Scorecards,
    Source,
)
from brain_core.evaluation.challenge_record import Comparison
from brain_core.evaluation.challenge_scans import Chosen, choose
from brain_core.evaluation.challenge_scores import Answers, Steps, Task, answers
from brain_core.evaluation.gate import Gate, closed, gate
from brain_core.evaluation.localisation import Masked
from brain_core.evaluation.robustness import Shift, shift
from brain_core.evaluation.shortcuts import MAJORITY, METADATA, THUMBNAILS, baseline_scorers
from brain_core.figures import UNDEFINED
from brain_core.inference import Detector
from brain_core.intervals import Estimate
from brain_core.registry import ModelCard
from brain_core.settings import Settings
from brain_core.thresholds import DEFAULT
from brain_core.training.cross_validation import Fold

MOST_CHANGED = 200  # scans that the changes of `robustness` are tried on
NO_MASKS = "No outlined tumours at hand: where the heatmaps point was not measured."
NOTHING_LEFT = "no scan of the challenger's test part is here that neither model has seen"
NOT_FITTED = "the data set lacks training scans of the challenger of both classes"


def compare(
    challenger: ModelCard,
    champion: ModelCard,
    dataset: Dataset,
    *,
    masked: Sequence[Masked] = (),
    margin: float = Settings.gate_margin,
    progress: Callable[[int, int], None] = lambda done, total: None,
    detector_of: Callable[[ModelCard], Detector] = Detector,
) -> Comparison:
    """Score both anew on the scans of `choose`, each at its operating point in use, and decide.

    Args:
        masked: scans with outlined tumours, for the pointing game; those that either model has seen are left out.
        margin: by how much the challenger may be worse in ROC-AUC and sensitivity, 0..1; see `gate`.
        progress: called with (done, total) after each batch; it may raise `Cancelled` to stop.
        detector_of: loads a model, once each, the second when the first is done with.

    Raises:
        Cancelled: ``progress`` asked to stop. ModelError: a model cannot be loaded.
        ResultsError: stored predictions are damaged.
    """
    chosen = choose(challenger, champion, dataset)
    outlined = [case for case in masked if case.scan.key not in chosen.seen]
    scans, labels = [dataset.scans[i] for i in chosen.positions], np.array(dataset.labels, int)[chosen.positions]
    task = Task(scans, spread(len(scans), MOST_CHANGED), outlined)
    first, second = _asked((challenger, champion), task, detector_of, progress)
    points = challenger.operating_point, champion.operating_point
    tests = _paired(labels, first, second, [point.threshold for point in points], chosen.groups) if scans else None
    cards = [
        Scorecard(_metrics(labels, each, point.threshold, chosen.groups), point.threshold, point.source)
        for each, point in zip((first, second), points, strict=True)
    ]
    return Comparison(
        challenger=Contender.of(challenger),
        champion=Contender.of(champion),
        data=Source(dataset.root.name, dataset.fingerprint),
        n=len(scans),
        groups=len(np.unique(chosen.groups)),
        tumours=int((labels == TUMOR).sum()),
        left_out=chosen.left_out,
        models=Scorecards(*cards),
        tests=tests,
        robustness=_robustness(labels, first, second, task.changed, [p.threshold for p in points]) if scans else None,
        baselines=_baselines(dataset, chosen) if scans else (),
        pointing=PointingGame(first.pointing, second.pointing) if outlined else None,
        gate=_gate(tests, margin),
        notes=chosen.notes + _about(masked, outlined),
        predictions=_rows(dataset, chosen, first, second),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def spread(n: int, most: int) -> np.ndarray:
    """Positions 0 to n - 1, or ``most`` of them at even distances, so that both classes of a sorted set are there."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _asked(cards: Sequence[ModelCard], task: Task, detector_of, progress) -> list[Answers]:
    steps = Steps(progress, len(cards) * task.passes)
    if not task.passes:  # load nothing
        return [Answers(np.empty(0), {}, None) for _ in cards]
    return [answers(detector_of(card), task, steps) for card in cards]


def _metrics(labels, of: Answers, threshold: float, groups) -> metrics.Metrics | None:
    return metrics.compute(labels, of.probability, threshold, groups) if len(labels) else None


def _paired(labels, first: Answers, second: Answers, thresholds: list[float], groups) -> Paired:
    scores = first.probability, second.probability
    auc = delong(labels, *scores, groups)
    decisions = mcnemar(labels, *scores, *thresholds, groups)
    tumour = labels == TUMOR
    found = McNemar(0, 0, 0, 0, Estimate(None, reason=UNDEFINED["recall"]), None)
    if tumour.any():
        found = mcnemar(labels[tumour], *(p[tumour] for p in scores), *thresholds, groups[tumour])
    told = sentence(f"the {CHALLENGER}", f"the {CHAMPION}", auc, decisions)
    return Paired(auc, decisions, found, differences(labels, *scores, *thresholds, groups), told[0].upper() + told[1:])


def _gate(tests: Paired | None, margin: float) -> Gate:
    return gate(tests.delong, tests.sensitivity, margin) if tests else closed(NOTHING_LEFT, margin)


def _robustness(labels, first: Answers, second: Answers, changed: np.ndarray, thresholds: list[float]) -> Robustness:
    def shifts(of: Answers, threshold: float) -> tuple[Shift, ...]:
        before, known = of.probability[changed], labels[changed]
        return tuple(
            shift(name, before, after, threshold, metrics.roc_auc(known, after)) for name, after in of.changed.items()
        )

    return Robustness(len(changed), shifts(first, thresholds[0]), shifts(second, thresholds[1]))


def _baselines(dataset: Dataset, chosen: Chosen) -> tuple[Baseline, ...]:
    """Fitted on the challenger's training scans that are here; the majority class says the same of every scan."""
    m, n = len(chosen.training), len(chosen.positions)
    some = dataset.subset([*chosen.training, *chosen.positions])
    train, test = np.arange(m), np.arange(m, m + n)
    labels = np.array(some.labels)

    def auc(scores) -> Estimate:
        return metrics.compute(labels[test], scores, DEFAULT, chosen.groups).roc_auc

    if len(set(labels[train])) < 2:
        found = [Baseline(name, 0, Estimate(None, reason=NOT_FITTED)) for name in (METADATA, THUMBNAILS)]
    else:
        fold = Fold(0, train, test, test)  # nothing is chosen on validation: what it scores there is not looked at
        found = [Baseline(name, m, auc(scorer(fold).test)) for name, scorer in baseline_scorers(some).items()]
    return (*found, Baseline(MAJORITY, 0, auc(np.full(n, 0.5))))


def _about(masked: Sequence[Masked], outlined: Sequence[Masked]) -> tuple[str, ...]:
    if not masked:
        return (NO_MASKS,)
    gone = len(masked) - len(outlined)
    return (
        (f"{gone} of {len(masked)} scans with outlined tumours are left out: a model has seen them.",) if gone else ()
    )


def _rows(dataset: Dataset, chosen: Chosen, first: Answers, second: Answers) -> tuple[Row, ...]:
    columns = chosen.positions, chosen.groups, first.probability, second.probability
    return tuple(
        Row(dataset.items[i].id, dataset.scans[i].key, int(group), dataset.labels[i], float(one), float(two))
        for i, group, one, two in zip(*columns, strict=True)
    )
