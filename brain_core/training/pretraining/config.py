"""The settings of a pretraining run."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.errors import ConfigError
from brain_core.preprocessing import INPUT_SIZE

# The objectives, and the outputs that bear them.
DISTILLATION, KIND, LESION, CLASSES = "distillation", "kind", "lesion", "classes"
OBJECTIVES = (DISTILLATION, KIND, LESION, CLASSES)


@dataclass(frozen=True)
class PretrainConfig:
    """Settings of one pretraining run.

    Attributes:
        model: whose feature layers are trained, of `MODELS`.
        epochs: passes over the collection.
        size: side of the training view in pixels; 128 is three times as fast as 224 and, with the scale of
            `augment_strongly`, shows structures at the size that they have at 224.
        batch_size: views a step.
        lr: peak learning rate of new layers; warm-up of 5 % of the steps, then cosine decay to zero.
        early_lr: factor on it for the stages that came with weights, the last one first, halved at each stage before;
            0 leaves them as they are, which saves most of the time.
        kind_weight, lesion_weight: weights of these losses beside the distillation loss.
        objectives: which to learn; of `OBJECTIVES`.
        held_out: share of the near-duplicate groups that is never shown, to test on later.
        gentle: vary views as fine-tuning does by default and cut them out at full resolution, for networks too small to
            learn from strong augmentation; not with painted lesions.
        precision: Keras dtype policy; the weights are float32 in any case. ``mixed_bfloat16`` is several times faster
            on a processor that multiplies bfloat16 itself, and several times slower on one that does not.
        seed: of weights, order and augmentation.
    """

    model: str = "resnet50"
    epochs: int = 8
    size: int = 128
    batch_size: int = 32
    lr: float = 1e-3
    early_lr: float = 0.1
    kind_weight: float = 0.3
    lesion_weight: float = 1.0
    objectives: tuple[str, ...] = (DISTILLATION, KIND, LESION)
    held_out: float = 0.15
    gentle: bool = False
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.size <= INPUT_SIZE:
            raise ConfigError(
                f"size: expected at most {INPUT_SIZE} pixels, the side of a picture. Received: {self.size}."
            )
        if self.gentle and LESION in self.objectives:
            raise ConfigError(f"gentle: not with painted lesions. Received: objectives {', '.join(self.objectives)}.")
