"""The models in service on disk: file, metadata and whether both are what they claim to be."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core import in_service, operating_points
from brain_core.errors import ConfigError, ModelError
from brain_core.in_service import Change
from brain_core.models import MODELS
from brain_core.operating_points import OperatingPoint
from brain_core.preprocessing import PreprocessingSpec
from brain_core.settings import settings

if TYPE_CHECKING:
    import keras

_log = logging.getLogger("brain_core")
REQUIRED = ("model", "version", "sha256", "preprocessing", "gradcam_layer", "operating_point")
CROSS_VALIDATION, LOCALISATION, FOCUS = "cross_validation", "localisation", "focus"  # stored results
INPUT_GATE = "input_gate"  # likewise
HOW_TO_MEND = (
    "Restore it (git checkout -- saved_models) or train it: python -m brain_core train DATASET --model {name}."
)
ROLL_BACK = "Go back to the version before: python -m brain_core models rollback {name}."


@dataclass(frozen=True)
class ModelCard:
    """A model in service, as its metadata describes it; nothing is loaded yet.

    Attributes:
        operating_point: in use when the card was read: the one that a reader saved for this version, else its own.
        metadata: the whole JSON: training, data, history, predictions, metrics, thresholds.
        problem: why saved operating points cannot be read, fit to show; None where all is well.
        mend: what to do where its file is missing or damaged; None for what helps with a shipped model.
    """

    name: str
    version: str
    path: Path
    sha256: str
    preprocessing: PreprocessingSpec
    gradcam_layer: str
    operating_point: OperatingPoint
    metadata: dict
    problem: str | None = None
    mend: str | None = None

    @property
    def own_operating_point(self) -> OperatingPoint:
        """The one that was fitted in training."""
        return OperatingPoint(**self.metadata["operating_point"])

    @property
    def gate_path(self) -> Path:
        """Where its input gate lies, if it has one."""
        return self.path.with_suffix(".gate.npz")

    @property
    def title(self) -> str:
        return MODELS[self.name].title

    @property
    def advice(self) -> str:
        """What to do where its file is missing or damaged."""
        return self.mend or HOW_TO_MEND.format(name=self.name)

    def check(self) -> None:
        """Compare the file with its checksum.

        Raises:
            ModelError: the file is missing, damaged or not the one described.
        """
        if not self.path.is_file():
            raise ModelError(f"{self.path.name} is missing. {self.advice}")
        if (found := sha256_of(self.path)) != self.sha256:
            raise ModelError(
                f"{self.path.name} is damaged: its checksum starts with {found[:12]}, not {self.sha256[:12]}. "
                f"{self.advice}"
            )

    def load(self) -> keras.Model:
        """The Keras model, after its checksum.

        Raises:
            ModelError: the file is missing, damaged, not the one described or no model.
        """
        self.check()
        import keras  # here, so that metadata can be read without waiting for TensorFlow

        try:
            return keras.models.load_model(self.path, compile=False, safe_mode=True)
        except Exception as error:  # zipfile, h5py, json and Keras raise what they like
            raise ModelError(f"{self.path.name} cannot be loaded ({error}). {self.advice}") from error


def results_file(what: str) -> Path:
    """Where a stored result of the models in service lies."""
    return settings().models_dir / "results" / f"{what}.json"


def read_results(what: str) -> dict | None:
    """A stored result, None where there is none."""
    path = results_file(what)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def read_card(name: str, models_dir: Path | None = None) -> ModelCard:
    """The version of that model in service, with the operating point in use.

    Raises:
        ModelError: no such model, its metadata are missing or incomplete, or it cannot be told which version is in
            service.
    """
    check_name(name)
    models_dir = models_dir or settings().models_dir
    change = in_service.current(name, models_dir)
    if change is None:
        card = read_card_in(models_dir, name)
    else:
        folder = in_service.folder_of(name, change.version, models_dir)
        card = read_card_in(folder, name, mend=ROLL_BACK.format(name=name), promoted=change)
    if card.problem:
        _log.warning("%s", card.problem)
    return card


def read_card_in(folder: Path, name: str, *, mend: str | None = None, promoted: Change | None = None) -> ModelCard:
    """The model that lies in a folder, in service or not, with the operating point in use for it.

    Args:
        mend: what to do where it is damaged; None for what helps with a shipped model.
        promoted: what put it in service, where it has to be that very version.

    Raises:
        ModelError: its metadata are missing, incomplete or of another version than was promoted.
    """
    path = folder / MODELS[name].file_name
    beside = path.with_suffix(".json")
    advice = mend or HOW_TO_MEND.format(name=name)
    try:
        data = json.loads(beside.read_text(encoding="utf-8"))
        missing = [key for key in REQUIRED if key not in data]
        if missing:
            raise ModelError(f"{beside.name}: {', '.join(missing)} missing. {advice}")
        card = _card(name, path, data, mend)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(f"{beside.name} is missing: {MODELS[name].title} is not in service. {advice}") from error
    except (OSError, ValueError, TypeError, ConfigError) as error:
        raise ModelError(f"{beside.name} is damaged ({error}). {advice}") from error
    if promoted and (card.version, card.sha256) != (promoted.version, promoted.sha256):
        raise ModelError(
            f"{beside.name} is not of the version that was promoted: expected {promoted.version} with checksum "
            f"{promoted.sha256[:12]}. Received: {card.version} with {card.sha256!s:.12}. {advice}"
        )
    standing = operating_points.read(card)
    return replace(card, operating_point=standing.in_use, problem=standing.problem)


def check_name(name: str) -> None:
    """Refuse what is not the name of a model.

    Raises:
        ModelError: it is not.
    """
    if name not in MODELS:
        raise ModelError(f"Model: expected one of {', '.join(MODELS)}. Received: {name!r}.")


def _card(name: str, path: Path, data: dict, mend: str | None) -> ModelCard:
    return ModelCard(
        name=name,
        version=data["version"],
        path=path,
        sha256=data["sha256"],
        preprocessing=PreprocessingSpec(**data["preprocessing"]),
        gradcam_layer=data["gradcam_layer"],
        operating_point=OperatingPoint(**data["operating_point"]),
        metadata=data,
        mend=mend,
    )


def sha256_of(path: Path) -> str:
    """Checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
