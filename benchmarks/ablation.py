"""What each choice in training is worth, by grouped cross-validation that never sees the locked test part.

    python benchmarks/ablation.py DATASET [--arms benchmarks/ablation_arms.json] [--repeats 1] [--split-seed 1]
    python benchmarks/ablation.py

An arm is a list of options of `python -m brain_core train`; in them ``{VARIABLE}`` stands for a variable of the
environment, a weights file for instance. Each arm that has no results yet trains its model anew in each fold of the
training and validation parts of the 70/15/15 split, and is added to benchmarks/ablation.json. Nothing is measured where
a stored arm has other options now, or is of another data set, split or number of repeats, since one table compares all:
give the arm another name, or name another file with --results. Without DATASET the table of what is there is printed,
as Markdown. "Moved" is the mean change of the probability over `brain_core.evaluation.robustness.CHANGES`, "worst
change" the one that moves it most.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "ablation.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?")
    parser.add_argument("--arms", type=Path, default=HERE / "ablation_arms.json")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--repeats", type=int, default=1, help="of the five folds; default: %(default)s")
    parser.add_argument("--split-seed", type=int, default=1, help="of the split to be locked; default: %(default)s")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    record = json.loads(options.results.read_text()) if options.results.exists() else {}
    if options.dataset:
        arms, dataset, memories = json.loads(options.arms.read_text()), development_part(options), {}
        wanted = {"repeats": options.repeats, "split_seed": options.split_seed, "data": dataset.fingerprint}
        if found := mismatches(record, arms, wanted):
            parser.error("\n".join([f"{options.results} cannot be added to:", *found]))
        for name, train_options in arms.items():
            if name not in record:
                record[name] = run_arm(options, dataset, train_options, memories)
                options.results.write_text(json.dumps(record, indent=1) + "\n")
                print(table({name: record[name]}).splitlines()[-1], flush=True)
    print(table(record))


def mismatches(record: dict[str, dict], arms: dict[str, list[str]], wanted: dict) -> list[str]:
    """Why stored results and those of a run now do not belong in one table, a line each; empty where they do.

    Args:
        record: stored results by arm.
        arms: options by arm, as they are now.
        wanted: ``repeats``, ``split_seed`` and, as ``data``, the fingerprint of the part that is not locked; a data
            set's name is its folder's and says nothing.
    """
    found = []
    for name, stored in record.items():
        protocol = stored["protocol"] | {"data": stored["protocol"]["data"]["fingerprint"]}
        pairs = [(key, protocol[key], value) for key, value in wanted.items()]
        pairs.append(("options", stored["options"], arms.get(name, stored["options"])))
        found += [f"{name!r}: expected {key} {a}, as stored. Received: {b}." for key, a, b in pairs if a != b]
    return found


def run_arm(options: argparse.Namespace, dataset, train_options: list[str], memories: dict) -> dict:
    """The figures of one way to train, as JSON; arms that differ in what is trained alone share a memory."""
    import numpy as np

    from brain_core.cli.train_options import add_options, config_from, spec_from
    from brain_core.evaluation.protocol import Setup, cross_validate
    from brain_core.training.batches import Memory

    parser = argparse.ArgumentParser()
    add_options(parser)
    filled = [word.format(**os.environ) for word in train_options]
    wanted = parser.parse_args([options.dataset, *filled])
    spec, config = spec_from(wanted, wanted.model), config_from(wanted)
    shared = wanted.model, spec, config.backbone, config.init, config.augmentation, config.seed
    setup = Setup(spec, config, memories.setdefault(repr(shared), Memory()))
    start = time.perf_counter()
    record = cross_validate(dataset, {wanted.model: setup}, repeats=options.repeats)
    row, moved = record["rows"][wanted.model], record["robustness"][wanted.model]
    return {
        "options": train_options,
        "protocol": record["protocol"] | {"split_seed": options.split_seed, "data": record["data"]},
        "setup": without_history(record["setups"][wanted.model]),
        "row": row,
        "moved": float(np.mean([change["mean"] for change in moved])),
        "robustness": moved,
        "minutes": (time.perf_counter() - start) / 60,
    }


def without_history(setup: dict) -> dict:
    """The record of an arm without the pretraining of its weights, which lies beside them."""
    start = setup["start"] or {}
    return setup | {"start": {key: value for key, value in start.items() if key != "pretraining"}}


def development_part(options: argparse.Namespace):
    """The data set without its locked test part."""
    import numpy as np

    from brain_core.datasets.duplicates import near_duplicate_groups
    from brain_core.datasets.index import load_dataset
    from brain_core.datasets.splits import grouped_split

    dataset = load_dataset(Path(options.dataset))
    split = grouped_split(dataset.labels, near_duplicate_groups(dataset.scans), seed=options.split_seed)
    return dataset.subset(np.sort(np.concatenate([split.train, split.validation])))


def table(arms: dict[str, dict]) -> str:
    """Markdown, one row an arm."""
    lines = [
        "| arm | ROC-AUC | accuracy | sens. at spec. 0.85 | ECE before calibration | moved | worst change |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, arm in arms.items():
        at = arm["row"]["at"]["default"]
        auc, worst = at["roc_auc"], max(arm["robustness"], key=lambda change: change["mean"])
        lines.append(
            f"| {name} | {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}) | {at['accuracy']['value']:.3f} "
            f"| {at['sensitivity_at_85']['value']:.3f} | {arm['row']['ece_uncalibrated']:.3f} | {arm['moved']:.3f} "
            f"| {worst['mean']:.3f}, {worst['change']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
