"""What an engine does to the answers: every scan of a data set, against TensorFlow in float32.

    python benchmarks/engines.py DATASET

Prints, a model and engine, the largest and the mean change of the probability, the largest change of a heatmap (both of
0 to 1), how many labels change, and ROC-AUC over the whole data set. Most of the brief's data set trained these models:
the ROC-AUC is to be compared among engines, and says nothing of what the models are worth.
"""

from __future__ import annotations

import argparse
import os

import numpy as np

TARGET = 1e-3  # largest change of a probability or of a heatmap in float32
BATCH = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from sklearn.metrics import roc_auc_score

    from brain_core.datasets.index import load_dataset
    from brain_core.inference import Detector
    from brain_core.models import MODELS
    from brain_core.registry import read_card
    from brain_core.settings.engine import EngineSettings

    dataset = load_dataset(options.dataset)
    labels = dataset.labels
    print(f"{len(labels)} scans; changes are against TensorFlow in float32, the target is {TARGET}")
    head = ("model", "engine", "most", "mean", "heatmap", "labels", "ROC-AUC")
    print("{:11} {:20} {:>9} {:>9} {:>9} {:>7} {:>9}".format(*head))
    for name in MODELS:
        usual = None
        for engine in (EngineSettings(), EngineSettings("openvino"), EngineSettings("openvino", "bfloat16")):
            found = predictions(Detector(read_card(name), engine), dataset.scans)
            usual = usual or found
            changes = [abs(a.probability - b.probability) for a, b in zip(usual, found, strict=True)]
            maps = max(float(np.abs(a.heatmap - b.heatmap).max()) for a, b in zip(usual, found, strict=True))
            relabelled = sum(a.label != b.label for a, b in zip(usual, found, strict=True))
            auc = roc_auc_score(labels, [each.probability for each in found])
            figures = f"{max(changes):9.6f} {np.mean(changes):9.6f} {maps:9.6f} {relabelled:7} {auc:9.4f}"
            print(f"{name:11} {engine!s:20} {figures}")


def predictions(detector, scans) -> list:
    return [each for start in range(0, len(scans), BATCH) for each in detector.predict(scans[start : start + BATCH])]


if __name__ == "__main__":
    main()
