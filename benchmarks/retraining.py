"""What a training run costs whoever uses the dashboard meanwhile: Detect's latency, memory, and the time of the run.

    python benchmarks/retraining.py DATASET [--rounds 40] [--extra COLLECTION]
    python benchmarks/retraining.py DATASET --whole [--extra COLLECTION]

Runs are started as the page starts them: a process of its own, below normal priority, with half of the processor's
threads. The first command measures one scan on both models, probability and Grad-CAM, with no run, during one of the
ResNet50 and during one of the custom CNN, in turns, and prints medians and ratios; then the highest memory of a run of
each model at batch sizes 8 and 4 (an epoch of each phase; ResNet50 starts from the pretrained backbone). The second
prints the minutes of whole runs of both models with the settings of those in service, nothing else going on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path

from harness import PROJECT, Timing, machine_line, measure

TARGET = 1.5  # times the idle latency
LONG = ["--epochs-head", "1", "--epochs-finetune", "400"]
SHORT = ["--epochs-head", "1", "--epochs-finetune", "1"]
START = {"custom_cnn": ["--model", "custom_cnn"], "resnet50": ["--model", "resnet50", "--backbone", "pretrained"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--rounds", type=int, default=40, help="scans in each state")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--extra", help="what the custom CNN in service learned from as well")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(machine_line())
    dataset = str(Path(options.dataset).resolve())
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        shutil.copytree(PROJECT / "saved_models", models, ignore=shutil.ignore_patterns("versions"))
        os.environ |= {"BRAIN_HOME": str(Path(folder) / "home"), "BRAIN_MODELS_DIR": str(models)}
        if options.whole:
            whole_runs(dataset, options.extra)
        else:
            latency(dataset, options.rounds)
            peaks(dataset)


def latency(dataset: str, rounds: int) -> None:
    from brain_core.inference import Detector
    from brain_core.jobs import control
    from brain_core.models import MODELS
    from brain_core.registry import read_card
    from brain_core.scans.phantom import Lesion, Phantom, draw

    detectors = [Detector(read_card(name)) for name in MODELS]
    scan = draw(Phantom(seed=1, lesion=Lesion(), size=224))

    def scored() -> None:
        for detector in detectors:
            detector.predict([scan])

    def measured(warm_up: int = 0) -> tuple[float, ...]:
        return measure({"both": scored}, rounds, warm_up).seconds["both"]

    found = {"idle": measured(warm_up=rounds)}
    for name, words in START.items():
        run = control.start(["train", dataset, *words, *LONG], models=[name], data="benchmark")
        wait_for(run, lambda progress: progress.get("phase") == "phase 2" and progress["done"] > 1)
        found[name] = measured()
        control.cancel(run)
        wait_for(run, lambda progress: False)
        found["idle"] += measured()
    show(Timing(found), rounds)


def show(timing: Timing, rounds: int) -> None:
    idle = timing.median("idle")
    print(f"one scan, both models with Grad-CAM, medians of {rounds}")
    print(f"  no run: {idle * 1000:.0f} ms")
    for name in START:
        busy, worst = timing.median(name), timing.quantile(name, 0.95)
        print(
            f"  during a run of {name}: {busy * 1000:.0f} ms (95 % below {worst * 1000:.0f}), {busy / idle:.2f} times"
        )
    print(f"  target: at most {TARGET} times")


def peaks(dataset: str) -> None:
    from brain_core.jobs import control

    for name, words in START.items():
        for size in (8, 4):
            options = ["train", dataset, *words, *SHORT, "--batch-size", str(size)]
            run = control.start(options, models=[name], data="benchmark")
            wait_for(run, lambda progress: False)
            print(f"memory of a run of {name}, batch size {size}: at most {run.progress()['peak'] / 1e6:.0f} MB")


def whole_runs(dataset: str, extra: str | None) -> None:
    from training import options_in_service

    from brain_core.jobs import control

    for name in START:
        words = options_in_service(name) + (["--extra", str(Path(extra).resolve())] if extra else [])
        run = control.start(["train", dataset, "--model", name, *words], models=[name], data="benchmark")
        seen = wait_for(run, lambda progress: False)
        if seen.reason:
            raise SystemExit(f"{name}: {seen.status}: {seen.reason}")
        started, ended = (datetime.fromisoformat(at) for at in (seen.state.started, seen.state.ended))
        print(
            f"{name}: {(ended - started).total_seconds() / 60:.1f} minutes, comparison with the one in service included"
        )


def wait_for(run, reached):
    """Until its progress is as wanted, or it has ended; how it then stands."""
    from brain_core.jobs import watch

    while (seen := watch.look(run)).is_going_on and not reached(run.progress() or {}):
        time.sleep(0.2)
    return seen


if __name__ == "__main__":
    main()
