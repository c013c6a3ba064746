"""How fast BRAIN is, against bare forward passes of several engines and the usual ways, part by part.

    python benchmarks/speed.py scan|batches|folder|cold|training|memory|all [--rounds N] [--json FILE]

- scan: one warm scan to probability and Grad-CAM, each model and both; rivals are the compiled passes of TensorFlow,
  ONNX Runtime and OpenVINO alone, `model.predict`, the brief's loop, and tf-keras-vis;
- batches: the same engines on 1, 2, 4, ... scans (`--largest`), milliseconds a scan;
- folder: `python -m brain_core predict` on `--scans` files, phantoms or of `--dataset`, with and without overlays;
- cold: processes from their start to the first answer, with each engine's cache empty and filled;
- training: phase 1 on cached features against the plain loop (`--epochs`), and a step of phase 2;
- memory: peak memory of `predict`.

All ways of a table take turns. The rivals need `pip install onnx onnxruntime openvino tf-keras-vis`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from harness import PROJECT, Report

ROUNDS = {"scan": 30, "batches": 10, "folder": 3, "cold": 5, "training": 1, "memory": 3}
FOLDER, TRAINING = 253, 32  # scans


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=[*ROUNDS, "all"])
    parser.add_argument("--rounds", type=int, help=f"default: {ROUNDS}")
    parser.add_argument("--scans", type=int, help=f"default: folder and memory {FOLDER}, training {TRAINING}")
    parser.add_argument("--dataset", type=Path, help="folder: its files in place of phantoms")
    parser.add_argument("--largest", type=int, default=64, help="batches: default %(default)s")
    parser.add_argument("--epochs", type=int, default=20, help="training: default %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here too")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.path.insert(0, str(PROJECT))
    report = Report()
    for part in ROUNDS if options.part == "all" else [options.part]:
        run(part, report, options)
    if options.json:
        report.save(options.json)


def run(part: str, report: Report, options: argparse.Namespace) -> None:
    """One part."""
    import speed_cold
    import speed_folder
    import speed_scan
    import speed_training

    rounds = options.rounds or ROUNDS[part]
    scans = options.scans or (TRAINING if part == "training" else FOLDER)
    parts: dict[str, Callable[[], None]] = {
        "scan": lambda: speed_scan.scan(report, rounds),
        "batches": lambda: speed_scan.batches(report, rounds, options.largest),
        "folder": lambda: speed_folder.folder(report, rounds, scans, options.dataset),
        "cold": lambda: speed_cold.cold(report, rounds),
        "training": lambda: speed_training.training(report, rounds, scans, options.epochs),
        "memory": lambda: speed_cold.memory(report, rounds, scans),
    }
    parts[part]()


if __name__ == "__main__":
    main()
