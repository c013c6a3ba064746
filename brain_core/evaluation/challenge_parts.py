"""The parts of a comparison of two models, as they are stored. Needs no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.comparison import DeLong, McNemar
from brain_core.evaluation.robustness import Shift
from brain_core.intervals import Estimate
from brain_core.metrics import Metrics
from brain_core.registry import ModelCard

CHALLENGER, CHAMPION = "challenger", "champion"


@dataclass(frozen=True)
class Contender:
    """A model that was compared: which very file."""

    name: str
    version: str
    sha256: str

    @classmethod
    def of(cls, card: ModelCard) -> Contender:
        return cls(card.name, card.version, card.sha256)


@dataclass(frozen=True)
class Source:
    """The data set at hand; ``fingerprint`` is of class and content of all its scans."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class Count:
    """Scans of the challenger's test part, and the near-duplicate groups that they are in."""

    scans: int
    groups: int


@dataclass(frozen=True)
class LeftOut:
    """What of the challenger's test part was not compared on.

    Attributes:
        absent: scans of it that are not in the data set.
        scans, groups: left out since a model has seen the scan or a copy of it.
        reasons: of these, by 'challenger' or 'champion' and 'learned from it' or 'was fitted on it'; several can hold.
    """

    absent: int
    scans: int
    groups: int
    reasons: dict[str, Count]


@dataclass(frozen=True)
class Scorecard:
    """One model on the scans, at its operating point in use; ``metrics`` is None where no scan is left."""

    metrics: Metrics | None
    threshold: float
    threshold_source: str


@dataclass(frozen=True)
class Scorecards:
    """Of both models."""

    challenger: Scorecard
    champion: Scorecard


@dataclass(frozen=True)
class Paired:
    """Both models on the same scans, challenger first; see `brain_core.comparison`.

    Attributes:
        delong, mcnemar: on one scan a near-duplicate group.
        sensitivity: as ``mcnemar``, of scans with a tumour alone: right is found.
        differences: by name of `figures.NAMES`, on all scans.
        sentence: what ``delong`` and ``mcnemar`` say.
    """

    delong: DeLong
    mcnemar: McNemar
    sensitivity: McNemar
    differences: dict[str, Estimate]
    sentence: str


@dataclass(frozen=True)
class Robustness:
    """How far changes that leave the diagnosis as it is move each model, on ``n`` of the scans."""

    n: int
    challenger: tuple[Shift, ...]
    champion: tuple[Shift, ...]


@dataclass(frozen=True)
class Baseline:
    """What can be had without looking at the brain, on the same scans; ``fitted_on`` is 0 where nothing is fitted."""

    name: str
    fitted_on: int
    roc_auc: Estimate


@dataclass(frozen=True)
class Pointing:
    """One model on scans with outlined tumours.

    Attributes:
        n, flat: scans, and those of them with a flat heatmap.
        hits, energy: pointing game, and share of the heatmap inside the outline (`localisation`).
        erasable: scans whose tumour could be erased.
        found, still, change: called a tumour before and after that, and change of the probability (`erasure`).
    """

    n: int
    flat: int
    hits: Estimate
    energy: Estimate
    erasable: int
    found: Estimate
    still: Estimate
    change: Estimate


@dataclass(frozen=True)
class PointingGame:
    """Of both models, on the same scans."""

    challenger: Pointing
    champion: Pointing


@dataclass(frozen=True)
class Row:
    """One scan.

    Attributes:
        id: folder and file name in the data set.
        sha256: first 16 digits.
        group: near-duplicates share one.
        label: 1 a tumour.
        challenger, champion: probability of a tumour, 0..1.
    """

    id: str
    sha256: str
    group: int
    label: int
    challenger: float
    champion: float
