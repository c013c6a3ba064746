"""The settings of a training run, with the brief's values as defaults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from brain_core.errors import ConfigError
from brain_core.training.augmentation import Augmentation

BEST, LAST, AVERAGE = KEEP = ("best", "last", "average")
SERVICE = "service"  # of `TrainConfig.start`
CONSTANT, COSINE = SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class TrainConfig:
    """Two-phase training of one model.

    Attributes:
        epochs_head: phase 1, backbone frozen, no augmentation (the custom CNN trains whole).
        epochs_finetune: phase 2, with augmentation.
        lr_head, lr_finetune: Adam's learning rates.
        schedule: of the rate over a phase: ``constant``, or ``cosine``, which rises to it and falls to 0.
        unfreeze: how many of the backbone's last layers phase 2 trains; BatchNorm stays in inference mode. The custom
            CNN has 12 before its head; with fewer, its first blocks stay as ``init`` gave them, in phase 1 as well.
        batch_size: scans a step; 4 where memory is short.
        backbone: ``imagenet``, ``pretrained`` or a weights file; of no meaning for the custom CNN.
        seed: of split, weights, order and augmentation.
        init: what the custom CNN starts from: ``pretrained``, a weights file, or empty for random weights.
        keep: ``best`` keeps the epoch of lowest validation loss in either phase, ``last`` the last one, ``average``
            the running mean of phase 2's weights (Polyak and Juditsky 1992), which needs no validation scans.
        variants: how many variants of a scan phase 2 goes through, again and again; 0 draws a new one each epoch. With
            fewer than epochs, what lies under the trained layers is run that much less often.
        standardise: phase 1 sees the features of a frozen backbone with mean 0 and standard deviation 1 over the
            training scans; the head's first layers take both over when it ends, so that the model itself is as ever.
        measure_statistics: BatchNorm of a model that is trained whole takes its mean and variance from the training
            scans when training ends, see `batch_statistics`.
        start: all weights, the head's too, of a model to go on from: ``service`` for the one in service, or a
            ``.keras`` file; empty to start as ``backbone`` and ``init`` say.
        extra: folder of another labelled collection that training learns from as well, see `brain_core.training.extra`;
            empty for none.
        extra_scans: how many of its scans an epoch draws.
        augmentation: what phase 2 varies.
    """

    epochs_head: int = 20
    epochs_finetune: int = 15
    lr_head: float = 3e-4
    lr_finetune: float = 3e-5
    unfreeze: int = 30
    batch_size: int = 8
    backbone: str = "imagenet"
    seed: int = 0
    init: str = ""
    keep: str = BEST
    variants: int = 0
    standardise: bool = False
    measure_statistics: bool = False
    schedule: str = CONSTANT
    start: str = ""
    extra: str = ""
    extra_scans: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name in ("epochs_head", "epochs_finetune", "unfreeze", "variants", "extra_scans"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name}: expected 0 or more. Received: {getattr(self, name)}.")
        if self.epochs_head + self.epochs_finetune < 1:
            raise ConfigError("epochs_head and epochs_finetune: at least one epoch is needed. Received: 0 and 0.")
        if self.batch_size < 2:  # BatchNorm cannot normalise one scan
            raise ConfigError(f"batch_size: expected 2 or more. Received: {self.batch_size}.")
        for name in ("lr_head", "lr_finetune"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected a number between 0 and 1. Received: {getattr(self, name)}.")
        for name, allowed in (("keep", KEEP), ("schedule", SCHEDULES)):
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name}: expected one of {', '.join(allowed)}. Received: {getattr(self, name)!r}.")

    def portable(self) -> TrainConfig:
        """For records: of a file or folder its name only, since where it lies says nothing elsewhere."""
        return replace(
            self, **{name: Path(getattr(self, name)).name for name in ("backbone", "init", "start", "extra")}
        )

    @staticmethod
    def from_json(record: dict) -> TrainConfig:
        """Of a stored model's metadata; settings that it does not name have their defaults."""
        augmentation = Augmentation(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in record["augmentation"].items()}
        )
        return TrainConfig(**record | {"augmentation": augmentation})
