"""What computes the models' answers."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.errors import ConfigError
from brain_core.settings import values

TENSORFLOW, OPENVINO = "tensorflow", "openvino"
ENGINES = (TENSORFLOW, OPENVINO)
FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)


@dataclass(frozen=True)
class EngineSettings:
    """What computes the models' answers.

    Attributes:
        name: the engine, one of `ENGINES` (``BRAIN_ENGINE``, default ``tensorflow``); ``openvino`` is faster, and an
            extra.
        precision: of the engine's numbers, one of `PRECISIONS` (``BRAIN_ENGINE_PRECISION``, default ``float32``);
            ``bfloat16`` is faster still where the processor has it, moves the probabilities, and is OpenVINO's alone.
    """

    name: str = TENSORFLOW
    precision: str = FLOAT32

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise ConfigError(f"BRAIN_ENGINE: expected one of {', '.join(ENGINES)}. Received: {self.name!r}.")
        if self.precision not in PRECISIONS:
            raise ConfigError(
                f"BRAIN_ENGINE_PRECISION: expected one of {', '.join(PRECISIONS)}. Received: {self.precision!r}."
            )
        if (self.name, self.precision) == (TENSORFLOW, BFLOAT16):
            raise ConfigError("BRAIN_ENGINE_PRECISION: bfloat16 needs BRAIN_ENGINE=openvino. Received: tensorflow.")

    @staticmethod
    def from_environment(environment: values.Environment) -> EngineSettings:
        """Raises `ConfigError` where a value is none of the known ones."""
        return EngineSettings(
            name=environment.get("BRAIN_ENGINE") or TENSORFLOW,
            precision=environment.get("BRAIN_ENGINE_PRECISION") or FLOAT32,
        )

    def __str__(self) -> str:
        return self.name if self.precision == FLOAT32 else f"{self.name}, {self.precision}"
