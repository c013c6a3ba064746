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
import platform
import statistics
import time

import numpy as np

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
    print(f"{platform.machine()}, {os.cpu_count()} cores; median of {options.repeats}, interleaved; one 224x224 scan")
    print(f"{'model':11} {'bare':>9} {'BRAIN':>9} {'usual':>9}   BRAIN/bare  usual/BRAIN")
    for name in ("custom_cnn", "resnet50"):
        times = measure(name, options.repeats)
        bare, ours, usual = (statistics.median(times[kind]) for kind in ("bare", "brain", "usual"))
        slower = statistics.median(o / b for o, b in zip(times["brain"], times["bare"], strict=True))
        faster = statistics.median(u / o for u, o in zip(times["usual"], times["brain"], strict=True))
        row = f"{bare * 1e3:6.1f} ms {ours * 1e3:6.1f} ms {usual * 1e3:6.1f} ms"
        print(f"{name:11} {row}   {slower:10.2f}  {faster:11.1f}")
    print(f"targets: BRAIN/bare at most {TARGET_BARE}, usual/BRAIN at least {TARGET_USUAL}")


def measure(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of each way, one list entry a round."""
    import tensorflow as tf

    from brain_core.explain.gradcam import GradCam
    from brain_core.preprocessing import prepare
    from brain_core.registry import read_card
    from brain_core.scans.phantom import Lesion, Phantom, draw

    card = read_card(name)
    model = card.load()
    scan = prepare(draw(Phantom(seed=3, lesion=Lesion())), card.preprocessing)[None]
    compiled = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, 224, 224, 3))])
    explain = GradCam(model, card.gradcam_layer)
    ways = {
        "bare": lambda: compiled(scan).numpy(),
        "brain": lambda: explain(scan),
        "usual": usual_recipe(model, card.gradcam_layer, scan),
    }
    for run in ways.values():
        for _ in range(3):
            run()
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            times[way].append(time.perf_counter() - start)
    return times


def usual_recipe(model, layer: str, scan: np.ndarray):
    """`model.predict`, then Grad-CAM as it stands in most tutorials."""
    import keras
    import tensorflow as tf

    both = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.output])

    def run():
        model.predict(scan, verbose=0)
        with tf.GradientTape() as tape:
            features, probability = both(scan)
            score = probability[:, 0]
        gradient = tape.gradient(score, features)
        weights = tf.reduce_mean(gradient, axis=(0, 1, 2))
        heatmap = tf.nn.relu(tf.squeeze(features[0] @ weights[:, None]))
        return (heatmap / (tf.reduce_max(heatmap) + 1e-8)).numpy()

    return run


if __name__ == "__main__":
    main()
