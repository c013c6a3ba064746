"""What decides a result: the models, their gates and thresholds, and the short name of all of these."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from brain_core.errors import ModelError
from brain_core.operating_points import OperatingPoint
from brain_core.registry import ModelCard, read_card, sha256_of
from brain_core.settings import settings
from brain_core.settings.engine import EngineSettings

if TYPE_CHECKING:
    from brain_core.inference import Detector

LENGTH = 12  # hexadecimal digits of a fingerprint


@dataclass(frozen=True)
class ModelInUse:
    """A model as a job uses it, to be sent to other machines.

    Attributes:
        sha256: of the model's file.
        gate_sha256: of its input gate's file, None without one.
        engine: what computes its answers, on every machine.
    """

    name: str
    version: str
    sha256: str
    gate_sha256: str | None
    operating_point: OperatingPoint
    engine: EngineSettings = EngineSettings()

    @staticmethod
    def of(card: ModelCard) -> ModelInUse:
        gate = sha256_of(card.gate_path) if card.gate_path.is_file() else None
        point = OperatingPoint(*(getattr(card.operating_point, n) for n in ("threshold", "rule", "fitted_on")))
        return ModelInUse(card.name, card.version, card.sha256, gate, point, settings().engine)

    def load(self) -> Detector:
        """This very model from this machine's disk, with this job's operating point.

        Raises:
            ModelError: this machine has another one in service, or it cannot be loaded.
            ConfigError: this machine lacks the engine.
        """
        card = read_card(self.name)
        found = ModelInUse.of(card)
        if found.identity != self.identity:
            raise ModelError(
                f"{self.name} on {platform.node()}: expected {self.identity}. Received: {found.identity}. "
                "Put the same models in service on every machine."
            )
        from brain_core.inference import Detector  # here, so that a mismatch is told without waiting for TensorFlow

        return Detector(replace(card, operating_point=self.operating_point), self.engine)

    @property
    def identity(self) -> str:
        gate = f"input gate {self.gate_sha256[:12]}" if self.gate_sha256 else "no input gate"
        return f"version {self.version} with checksum {self.sha256[:12]} and {gate}"


def in_use(names: Sequence[str]) -> tuple[ModelInUse, ...]:
    """The models in service by these names; nothing is loaded yet.

    Raises:
        ModelError: one is not in service: a job is scored by all of its models or not begun.
    """
    return tuple(ModelInUse.of(read_card(name)) for name in names)


def fingerprint(models: Sequence[ModelInUse]) -> str:
    """The same for the same models, gates, thresholds and precision, whatever their order."""
    deciding = sorted(
        [m.name, m.version, m.sha256, m.gate_sha256, m.operating_point.threshold, m.engine.precision] for m in models
    )
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:LENGTH]


def description(models: Sequence[ModelInUse]) -> bytes:
    """What a fingerprint stands for, JSON."""
    data = {"scoring": fingerprint(models), "models": [asdict(model) for model in models]}
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()
