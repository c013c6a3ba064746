"""What `speed.py` measures: bare passes of several engines on the same weights, BRAIN's engines, the usual ways.

A bare pass takes a prepared batch, float32 (N, 224, 224, 3), and returns probabilities, float32 (N, 1).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MODELS = ("custom_cnn", "resnet50")
TOLERANCE = 1e-4  # of a probability against Keras; what bfloat16, with its 8 bits, is off by is only told
TENSORFLOW, ONNX = "TensorFlow bare", "ONNX Runtime bare"
OPENVINO = {"f32": "OpenVINO f32 bare", "bf16": "OpenVINO bf16 bare"}
ANY_SIZE = ", any batch"  # the same compiled once for batches of any size


@dataclass(frozen=True)
class Engine:
    """One of BRAIN's, with the bare pass that it is held against."""

    name: str
    precision: str
    bare: str

    @property
    def label(self) -> str:
        return f"BRAIN {self.name} {self.precision}"

    @property
    def environment(self) -> dict[str, str]:
        """With which a process uses it."""
        return {"BRAIN_ENGINE": self.name, "BRAIN_ENGINE_PRECISION": self.precision}


ENGINES = (
    Engine("tensorflow", "float32", TENSORFLOW),
    Engine("openvino", "float32", OPENVINO["f32"]),
    Engine("openvino", "bfloat16", OPENVINO["bf16"]),
)

Pass = Callable[[np.ndarray], np.ndarray]


def bare_passes(model, batch: np.ndarray) -> dict[str, Pass]:
    """Every engine's, float32 ones checked against Keras on ``batch``.

    Raises:
        SystemExit: one gives other probabilities.
    """
    expected = model.predict(batch, verbose=0)
    passes = {TENSORFLOW: tensorflow_pass(model), ONNX: onnx_pass(model)}
    for precision, name in OPENVINO.items():
        passes[name] = openvino_pass(model, precision)
        passes[name + ANY_SIZE] = openvino_pass(model, precision, fixed=False)
    for name, run in passes.items():
        off = float(np.abs(run(batch) - expected).max())
        if name.startswith(OPENVINO["bf16"]):
            print(f"{model.name}: {name} is off by at most {off:.4f}")
        elif off > TOLERANCE:
            raise SystemExit(f"{model.name}: {name} is off by {off:.2g}.")
    return passes


def traced(model):
    """The forward pass as a concrete function for batches of any size."""
    import tensorflow as tf

    shape = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    return tf.function(lambda x: model(x, training=False), input_signature=[shape]).get_concrete_function()


def tensorflow_pass(model) -> Pass:
    import tensorflow as tf

    run = traced(model)
    return lambda batch: run(tf.constant(batch)).numpy()


def openvino_pass(model, precision: str, *, fixed: bool = True) -> Pass:
    """Precision in words: on processors that have it OpenVINO takes bfloat16 of itself.

    Args:
        fixed: compiled for each size of batch by itself, at its first: the fastest that OpenVINO has.
    """
    import openvino as ov

    core, graph, compiled = ov.Core(), ov.convert_model(traced(model)), {}
    options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}

    def run(batch: np.ndarray) -> np.ndarray:
        shape = batch.shape if fixed else None
        if shape not in compiled:
            own = graph.clone()
            if shape:
                own.reshape(list(shape))
            compiled[shape] = core.compile_model(own, "CPU", options)
        return compiled[shape](batch)[0]

    return run


def onnx_pass(model) -> Pass:
    import onnxruntime
    from onnx_export import export

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.force_spinning_stop", "1")  # after a pass: others take turns with it
    session = onnxruntime.InferenceSession(export(model).SerializeToString(), options)
    return lambda batch: session.run(None, {"scan": batch})[0]


def usual_recipe(model, layer: str, scan: np.ndarray) -> Callable[[], np.ndarray]:
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


def keras_vis(model, layer: str, scan: np.ndarray) -> Callable[[], np.ndarray] | None:
    """tf-keras-vis' Grad-CAM, the map alone; None, and why, where it does not work here."""
    try:
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.scores import BinaryScore

        explain = Gradcam(model, clone=False)
        run = lambda: explain(BinaryScore(1.0), scan, penultimate_layer=layer)  # noqa: E731
        run()
    except Exception as error:  # whatever a library that is not made for this Keras raises
        print(f"tf-keras-vis is left out: {type(error).__name__}: {error}")
        return None
    return run


def can_choose() -> bool:
    """Whether BRAIN has other engines than TensorFlow."""
    from brain_core.inference import Detector

    return "engine" in inspect.signature(Detector).parameters


def engines() -> tuple[Engine, ...]:
    """BRAIN's that are there."""
    if can_choose():
        return ENGINES
    print("BRAIN's engine openvino is missing: only tensorflow is measured.")
    return ENGINES[:1]


def detectors(model: str) -> dict[Engine, object]:
    """A detector an engine; what this machine cannot run is said and left out."""
    from brain_core.errors import BrainError
    from brain_core.registry import read_card

    card, found = read_card(model), {}
    for engine in engines():
        try:
            found[engine] = detector(card, engine)
        except BrainError as error:
            print(f"{engine.label} is left out: {error}")
    return found


def detector(card, engine: Engine):
    """One of BRAIN's, with that engine."""
    from brain_core.inference import Detector

    if not can_choose():
        return Detector(card)
    from brain_core.settings.engine import EngineSettings

    return Detector(card, engine=EngineSettings(engine.name, engine.precision))


def explain_of(detector) -> Callable[[np.ndarray], object]:
    """Arrays in: probability, heatmap, flat, features."""
    return getattr(detector, "explain", None) or detector._explain
