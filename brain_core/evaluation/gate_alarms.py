"""What the input gate stops: false alarms on brain MRI, and how many of other things it catches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.errors import DatasetError
from brain_core.inference import Detector
from brain_core.input_gate import InputGate
from brain_core.intervals import proportion
from brain_core.preprocessing import BATCH
from brain_core.registry import ModelCard
from brain_core.scans import SUFFIXES, Scan, read_file
from brain_core.scans.other_phantoms import ENDS, KINDS, other
from brain_core.scans.phantom import draw, random_phantom
from brain_core.training.gate_fit import fit_gate

PHANTOMS = 40  # of every kind
FIRST_SEED = 10_000  # of those that are counted; features and limit were chosen on phantoms of seeds below
MOST_OF_A_FOLDER = 200  # pictures of another collection, evenly spaced in the order of their names
Progress = Callable[[int, int], None]


def refit(card: ModelCard, dataset: Dataset) -> InputGate:
    """The gate anew, from the model's own training and validation parts.

    Raises:
        DatasetError: they are not in the data set.
    """
    keys = [scan.key for scan in dataset.scans]
    trained = set(card.metadata["data"]["train_sha256"])
    validated = {row["sha256"] for row in card.metadata["predictions"]["validation"]}
    train, validation = ([i for i, key in enumerate(keys) if key in part] for part in (trained, validated))
    if len(train) < len(trained) or len(validation) < len(validated):
        raise DatasetError(
            f"Data set {dataset.root.name}: {len(train)} of {len(trained)} training and {len(validation)} of "
            f"{len(validated)} validation scans of {card.name} {card.version} are in it; the gate needs all of them."
        )
    return fit_gate(card, dataset, near_duplicate_groups(dataset.scans), train, validation)


def measure(
    detector: Detector, dataset: Dataset, other_collection: Path | None = None, progress: Progress = lambda d, t: None
) -> dict:
    """Shares that the gate flags, as they are stored; no scan of the data set's test part chose anything.

    Args:
        other_collection: a folder of class folders, for information.
    """
    card = detector.card
    groups = near_duplicate_groups(dataset.scans)
    rows = {part: {row["sha256"] for row in card.metadata["predictions"][part]} for part in ("validation", "test")}
    parts = {part: [i for i, scan in enumerate(dataset.scans) if scan.key in keys] for part, keys in rows.items()}
    jobs: list[tuple[str, str, Sequence[Callable[[], Scan]]]] = [
        ("other_things", kind, [lambda k=kind, s=s: other(k, FIRST_SEED + s) for s in range(PHANTOMS)])
        for kind in KINDS
        if kind not in ENDS
    ]
    jobs += [
        ("ends_of_a_volume", kind, [lambda k=kind, s=s: other(k, FIRST_SEED + s) for s in range(PHANTOMS)])
        for kind in ENDS
    ]
    jobs += [("head_phantoms", name, _heads(lesion)) for name, lesion in (("lesion", True), ("no lesion", False))]
    jobs += [("other_collection", name, reads) for name, reads in _folders(other_collection)]
    found: dict[str, dict] = {
        "false_alarms": {
            part: _share(_flagged(detector, [dataset.scans[i] for i in chosen]), groups[chosen])
            for part, chosen in parts.items()
        }
    }
    for done, (section, name, reads) in enumerate(jobs, 1):
        found.setdefault(section, {})[name] = _share(_flagged(detector, [read() for read in reads]))
        progress(done, len(jobs))
    return found


def _flagged(detector: Detector, scans: Sequence[Scan]) -> np.ndarray:
    batches = [scans[start : start + BATCH] for start in range(0, len(scans), BATCH)]
    return ~np.array([p.assessed for batch in batches for p in detector.predict(batch)], bool)


def _share(flagged: np.ndarray, groups: np.ndarray | None = None) -> dict:
    """Counts and share with Wilson's interval; of copies, a group is flagged where most of it is."""
    if groups is not None:
        flagged = np.array([flagged[groups == name].mean() > 0.5 for name in np.unique(groups)])
    share = proportion(int(flagged.sum()), len(flagged), "no scan")
    return {
        "n": len(flagged),
        "flagged": int(flagged.sum()),
        "share": share.value,
        "low": share.low,
        "high": share.high,
    }


def _heads(lesion: bool) -> list[Callable[[], Scan]]:
    return [lambda s=s: draw(random_phantom(FIRST_SEED + s, lesion=lesion)) for s in range(PHANTOMS)]


def _folders(root: Path | None) -> list[tuple[str, list[Callable[[], Scan]]]]:
    if root is None:
        return []
    found = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        places = np.unique(np.linspace(0, len(files) - 1, min(MOST_OF_A_FOLDER, len(files))).round().astype(int))
        found.append((folder.name, [lambda p=files[i]: read_file(p) for i in places]))
    return found
