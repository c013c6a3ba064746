"""Models exported for OpenVINO, kept below ``BRAIN_HOME`` by the checksum of what they were exported from."""

from __future__ import annotations

import json
import logging
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from brain_core.errors import ModelError
from brain_core.files import PART, creating_folder, remove_folder, remove_hidden
from brain_core.registry import sha256_of
from brain_core.settings import settings

if TYPE_CHECKING:
    from brain_core.registry import ModelCard

FORMAT = 1  # to be raised whenever the exported graph changes
MODEL, WEIGHTS, RECORD = "model.xml", "model.bin", "export.json"
_log = logging.getLogger("brain_core")


def model_of(card: ModelCard) -> Path:
    """The exported graph, from the cache or exported now; TensorFlow is loaded only in the second case.

    Raises:
        ModelError: the model's file is missing or damaged, or cannot be exported.
    """
    card.check()
    folder = _folder(card)
    if not _is_whole(folder, card):
        _make(card, folder)
    return folder / MODEL


def is_there(card: ModelCard) -> bool:
    """Whether the cache has the graph; `model_of` looks whether it is whole."""
    return (_folder(card) / RECORD).is_file()


def _folder(card: ModelCard) -> Path:
    return settings().home / "engines" / f"{card.name}-{_key(card)}"


def _make(card: ModelCard, folder: Path) -> None:
    """One process at a time; a second one finds the work done."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent.with_suffix(".lock")):
            remove_hidden(folder.parent, PART)  # of exports that were killed
            if folder.is_dir():
                if _is_whole(folder, card):
                    return
                _log.warning("%s: the exported model is damaged; it is exported anew.", card.name)
                remove_folder(folder)
            _export(card, folder)
    except OSError as error:
        raise ModelError(f"{card.name} cannot be exported to {folder}: {error.strerror or error}.") from error


def _key(card: ModelCard) -> str:
    return f"{card.sha256[:16]}-{card.gradcam_layer}-{version('openvino').split('-')[0]}-{FORMAT}"


def _is_whole(folder: Path, card: ModelCard) -> bool:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return record == _record(folder, card)
    except (OSError, ValueError):
        return False


def _record(folder: Path, card: ModelCard) -> dict:
    files = {name: sha256_of(folder / name) for name in (MODEL, WEIGHTS)}
    return {"model": card.name, "sha256": card.sha256, "gradcam_layer": card.gradcam_layer, "files": files}


def _export(card: ModelCard, folder: Path) -> None:
    """Written whole or not at all."""
    import openvino

    from brain_core.explain.closed_form import closed_form
    from brain_core.explain.split import Split

    _log.info("%s: exported for OpenVINO, once for this version.", card.name)
    split = Split.of(card.load(), card.gradcam_layer)  # kept to the end, and the weights with it
    function = closed_form(split)
    try:
        graph = openvino.convert_model(function)
        with creating_folder(folder) as temporary:
            openvino.save_model(graph, temporary / MODEL, compress_to_fp16=False)
            (temporary / RECORD).write_text(json.dumps(_record(temporary, card)), encoding="utf-8")
    except RuntimeError as error:  # what OpenVINO raises
        raise ModelError(f"{card.name} cannot be exported for OpenVINO: {error}") from error
