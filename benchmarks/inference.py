"""One warm scan: probability plus Grad-CAM in one pass, against the bare forward pass and the usual recipe.

    python benchmarks/inference.py [--repeats 30] [--memory]

All three run interleaved in one process on the same input, so that the ratios survive a noisy machine:

- bare: the same model's compiled forward pass (`tf.function`), probability alone;
- BRAIN: `GradCam`, probability and heatmap;
- usual: `model.predict`, then a `GradientTape` through the whole model, run eagerly.

`--memory` starts the dashboard, scores scans with both models through a browser, and prints the server's peak memory.
"""

from __future__ import annotations

import argparse
import os

from harness import Timing, machine_line, measure
from speed_engines import tensorflow_pass, usual_recipe

TARGET_BARE, TARGET_USUAL, TARGET_MEMORY = 1.2, 8.0, 1500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.memory:
        from memory import peak_of_served_app

        print(f"peak memory of the served app, both models: {peak_of_served_app():.0f} MB (target {TARGET_MEMORY})")
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(machine_line())
    print(f"median of {options.repeats}, interleaved; one 224x224 scan")
    print(f"{'model':11} {'bare':>9} {'BRAIN':>9} {'usual':>9}   BRAIN/bare  usual/BRAIN")
    for name in ("custom_cnn", "resnet50"):
        timing = measured(name, options.repeats)
        bare, ours, usual = (timing.median(way) for way in ("bare", "brain", "usual"))
        slower, faster = timing.ratio("brain", "bare"), timing.ratio("usual", "brain")
        row = f"{bare * 1e3:6.1f} ms {ours * 1e3:6.1f} ms {usual * 1e3:6.1f} ms"
        print(f"{name:11} {row}   {slower:10.2f}  {faster:11.1f}")
    print(f"targets: BRAIN/bare at most {TARGET_BARE}, usual/BRAIN at least {TARGET_USUAL}")


def measured(name: str, repeats: int) -> Timing:
    """All three ways with one model."""
    from brain_core.explain.gradcam import GradCam
    from brain_core.preprocessing import prepare
    from brain_core.registry import read_card
    from brain_core.scans.phantom import Lesion, Phantom, draw

    card = read_card(name)
    model = card.load()
    scan = prepare(draw(Phantom(seed=3, lesion=Lesion())), card.preprocessing)[None]
    bare, explain = tensorflow_pass(model), GradCam(model, card.gradcam_layer)
    ways = {
        "bare": lambda: bare(scan),
        "brain": lambda: explain(scan),
        "usual": usual_recipe(model, card.gradcam_layer, scan),
    }
    return measure(ways, repeats, warm_up=3)


if __name__ == "__main__":
    main()
