"""Arguments that several commands share, and the choice of models."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
from pathlib import Path

import cv2

from brain_core.errors import ModelError
from brain_core.jobs.process import AUTOGROUP, LIMITS
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.settings import settings
from brain_core.settings.engine import EngineSettings

BOTH = "both"
_log = logging.getLogger("brain_core")


def add_dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        help="folder with one sub-folder a class: yes/no, tumor/no_tumor, glioma/…/notumor",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=[*MODELS, BOTH], default=BOTH, help="default: %(default)s")


def chosen(model: str) -> list[str]:
    """The names that ``--model`` stands for."""
    return list(MODELS) if model == BOTH else [model]


def use_training_kernels() -> None:
    """Have TensorFlow train with oneDNN's kernels; to be called before it is loaded.

    It does so of itself only on processors with AVX-512 VNNI; with AVX2 alone they halve a training step as well, while
    a single scan is scored faster without them (`benchmarks/training.py`).
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def limit(threads: int, nice: int) -> None:
    """Leave something of the machine to others; to be called before TensorFlow is loaded.

    Args:
        threads: of the processor, 0 for all.
        nice: how far below normal priority, 0..19; of no effect where the system knows no such thing.
    """
    if threads:
        os.environ |= dict.fromkeys(LIMITS, str(threads))
        cv2.setNumThreads(threads)
    if nice and hasattr(os, "nice"):
        os.nice(max(0, nice - os.nice(0)))
        with contextlib.suppress(OSError):  # no Linux, or without groups of a session
            Path(AUTOGROUP.format("self")).write_text(str(nice))


def load_detectors(model: str) -> tuple[list, bool]:
    """The detectors asked for, and whether one of them could not be loaded (logged; the other goes on working).

    Raises:
        ModelError: none could be loaded.
    """
    from brain_core.inference import Detector  # loads TensorFlow

    detectors, errors = [], []
    for name in chosen(model):
        try:
            detectors.append(Detector(read_card(name)))
        except ModelError as error:
            errors.append(str(error))
    if not detectors:
        raise ModelError(" ".join(errors))
    if settings().engine != EngineSettings():
        _log.info("engine: %s", settings().engine)
    for error in errors:
        _log.error("error: %s", error)
    return detectors, bool(errors)
