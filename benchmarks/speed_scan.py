"""One warm scan, and batches: bare passes of each engine, BRAIN's engines, and the usual ways to Grad-CAM, in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from harness import Report, Timing, measure
from speed_engines import ENGINES, MODELS, TENSORFLOW, bare_passes, detectors, explain_of, keras_vis, usual_recipe

TARGET_EXPLAIN = 1.1  # times the engine's bare pass
WARM_UP = 3
WARM_UP_BATCHES = 2  # a new size is compiled

Ways = dict[str, Callable[[], object]]


def scan(report: Report, rounds: int) -> None:
    """One 224x224 scan to probability and Grad-CAM, for each model and for both."""
    by_model = {name: scan_ways(name) for name in MODELS}
    shared = set.intersection(*(set(ways) for ways in by_model.values()))
    both = {way: _all([ways[way] for ways in by_model.values()]) for way in by_model[MODELS[0]] if way in shared}
    for name, ways in {**by_model, "both models": both}.items():
        timing = measure(ways, rounds, WARM_UP)
        title = f"{name}: one warm 224x224 scan, n = 1, medians and quartiles of {rounds} rounds"
        report.add(title, timing.rows(against=TENSORFLOW), targets(timing))


def scan_ways(name: str) -> Ways:
    """Every way for one model."""
    from brain_core.preprocessing import prepare_batch
    from brain_core.registry import read_card
    from brain_core.scans.phantom import Lesion, Phantom, draw

    card = read_card(name)
    model, picture = card.load(), draw(Phantom(seed=3, lesion=Lesion(), size=224))
    batch = prepare_batch([picture], card.preprocessing)
    ways: Ways = {way: lambda run=run: run(batch) for way, run in bare_passes(model, batch).items()}
    for engine, detector in detectors(name).items():
        ways[_explain(engine)] = lambda run=explain_of(detector): run(batch)
        ways[f"{engine.label}, predict(scans)"] = lambda detector=detector: detector.predict([picture])
    ways["model.predict alone"] = lambda: model.predict(batch, verbose=0)
    ways["predict and eager GradientTape"] = usual_recipe(model, card.gradcam_layer, batch)
    if run := keras_vis(model, card.gradcam_layer, batch):
        ways["tf-keras-vis, the map alone"] = run
    return ways


def targets(timing: Timing) -> list[str]:
    """How each of BRAIN's engines stands to its own bare pass."""
    return [
        f"{engine.label}, probability and Grad-CAM: {timing.ratio(_explain(engine), engine.bare):.2f} times "
        f"{engine.bare} (target: at most {TARGET_EXPLAIN})"
        for engine in ENGINES
        if _explain(engine) in timing.seconds
    ]


def batches(report: Report, rounds: int, largest: int) -> None:
    """Milliseconds a scan in batches of 1, 2, 4, ... scans."""
    from brain_core.preprocessing import prepare_batch
    from brain_core.registry import read_card
    from brain_core.scans.phantom import draw, random_phantom

    drawn = [draw(random_phantom(seed, lesion=seed % 2 == 0, size=224)) for seed in range(largest)]
    for name in MODELS:
        card = read_card(name)
        inputs = prepare_batch(drawn, card.preprocessing)
        runs = bare_passes(card.load(), inputs[:1])
        runs |= {_explain(engine): explain_of(detector) for engine, detector in detectors(name).items()}
        for n in _doubled(largest):
            timing = measure(_on(runs, inputs[:n]), rounds, WARM_UP_BATCHES)
            title = f"{name}: ms a scan in a batch of n = {n}, medians and quartiles of {rounds} rounds"
            report.add(title, timing.rows(against=TENSORFLOW, scans=n), targets(timing))


def _doubled(largest: int) -> list[int]:
    return [2**i for i in range(largest.bit_length())]


def _on(runs: Mapping[str, Callable], batch: np.ndarray) -> Ways:
    return {way: lambda run=run: run(batch) for way, run in runs.items()}


def _all(runs: list[Callable]) -> Callable[[], list]:
    return lambda: [run() for run in runs]


def _explain(engine) -> str:
    return f"{engine.label}, explain"
