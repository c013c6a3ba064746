"""Where the weights to start from come from, by the user's choice, and the record of it."""

from __future__ import annotations

import json
from pathlib import Path

import keras

from brain_core.errors import ConfigError, ModelError
from brain_core.models import MODELS, weights
from brain_core.registry import read_card, sha256_of
from brain_core.settings import PROJECT, settings
from brain_core.training.config import SERVICE, TrainConfig

SHIPPED = PROJECT / "saved_models" / "backbones"


def own_backbone(model: str = "resnet50") -> Path:
    """Where `pretrain` leaves a model's feature layers unless told otherwise."""
    return settings().home / "backbones" / model / "backbone.npz"


def pretrained_backbone(model: str = "resnet50") -> Path:
    """What ``pretrained`` stands for: the feature layers that the user's `pretrain` made, else the shipped ones."""
    own = own_backbone(model)
    return own if own.is_file() else SHIPPED / model / own.name


def backbone_file(choice: str) -> Path | None:
    """The weights file that `TrainConfig.backbone` names, None for Keras' download."""
    if choice == weights.IMAGENET:
        return None
    return pretrained_backbone() if choice == weights.PRETRAINED else Path(choice)


def start_file(choice: str) -> Path:
    """The weights file that `TrainConfig.init` names for the custom CNN."""
    return pretrained_backbone("custom_cnn") if choice == weights.PRETRAINED else Path(choice)


def load_backbone(model: keras.Model, choice: str) -> None:
    """Weights for the ResNet50 backbone by the user's choice; see `TrainConfig.backbone`.

    Raises:
        ConfigError: no backbone has been pretrained yet. DownloadError: no network. ModelError: a file does not fit.
    """
    path = backbone_file(choice)
    if path is None:
        weights.load_imagenet(model)
        return
    _check_there(path, choice)
    weights.load_file(model, path)


def _check_there(path: Path, choice: str) -> None:
    if path.is_file():
        return
    if choice == weights.PRETRAINED:
        raise ConfigError(f"No pretrained backbone: 'python -m brain_core pretrain DATASET' makes {path.name}.")
    raise ModelError(f"Weights file: no such file: {path}.")


def whole_model(name: str, choice: str) -> keras.Model:
    """The trained model that `TrainConfig.start` names.

    Raises:
        ModelError: it is not there, damaged or of another architecture.
    """
    if choice == SERVICE:
        return read_card(name).load()
    model = MODELS[name].build()
    weights.load_trained(model, Path(choice))
    return model


def start_metadata(name: str, config: TrainConfig) -> dict:
    """Of the trained model that training goes on from; empty where it does not.

    Raises:
        ModelError: it is not there. ConfigError: nothing says which scans it has learned from.
    """
    if not config.start:
        return {}
    if config.start == SERVICE:
        return read_card(name).metadata
    beside = Path(config.start).with_suffix(".json")
    try:
        metadata = json.loads(beside.read_text(encoding="utf-8"))
        return metadata if metadata["data"]["train_sha256"] else {}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(
            f"{Path(config.start).name}: expected its metadata, {beside.name}, beside it, since they say which scans "
            f"it has learned from. Received: {error}."
        ) from error


def check_start(name: str, config: TrainConfig) -> None:
    """Raises what loading the weights to start from would, so that a run of two models fails before the first."""
    if config.start:
        weights.load_whole(MODELS[name].build(), whole_model(name, config.start))
    elif name == "resnet50":
        load_backbone(MODELS[name].build(), config.backbone)


def start_record(name: str, config: TrainConfig) -> dict | None:
    """Where a model's initial weights came from: the choice, the file's checksum, and its pretraining if known."""
    if config.start == SERVICE:
        card = read_card(name)
        return {"source": "model in service", "version": card.version, "sha256": card.sha256}
    if config.start:
        version = start_metadata(name, config).get("version", "unknown")
        return _file_record(Path(config.start), config.start) | {"version": version}
    if name != "resnet50":
        return _file_record(start_file(config.init), config.init) if config.init else None
    path = backbone_file(config.backbone)
    return {"source": config.backbone} if path is None else _file_record(path, config.backbone)


def _file_record(path: Path, choice: str) -> dict:
    _check_there(path, choice)
    record = {"source": choice if choice == weights.PRETRAINED else path.name, "sha256": sha256_of(path)}
    beside = path.with_name("pretraining.json")
    return record | ({"pretraining": json.loads(beside.read_text())} if beside.is_file() else {})
