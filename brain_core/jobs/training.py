"""What a run does: trains its models one after the other, keeps each as a version, and compares it.

All of it can be cut off at any moment and be begun again: what was finished is taken as it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core import versions
from brain_core.datasets.index import Dataset, load_dataset
from brain_core.datasets.known import known_in_service, known_parts, merged
from brain_core.datasets.splits import PARTS
from brain_core.errors import BrainError, Cancelled, ModelError
from brain_core.jobs import estimate
from brain_core.jobs.folder import Folder
from brain_core.jobs.recorder import Recorder
from brain_core.models import MODELS
from brain_core.preprocessing import PreprocessingSpec
from brain_core.registry import ModelCard, read_card, read_card_in
from brain_core.settings import settings
from brain_core.training.config import SERVICE, TrainConfig
from brain_core.training.progress import Report

if TYPE_CHECKING:
    from brain_core.training.run import Prepared

_log = logging.getLogger("brain_core")


@dataclass(frozen=True, eq=False)
class Order:
    """What is to be trained.

    Attributes:
        specs: by the names of the models, in the order of training, what their input is.
        rule: of `thresholds.RULES`, for their own operating points.
        inherit: whether scans that the model in service knows stay in the part that they had.
        leave_out: scans by `Dataset.key`.
        masks: folder of outlined tumours to compare with; None for none.
    """

    dataset: Path
    specs: dict[str, PreprocessingSpec]
    config: TrainConfig
    rule: str
    inherit: bool
    leave_out: tuple[str, ...]
    masks: Path | None

    def config_of(self, name: str) -> TrainConfig:
        """For one model: 'the model in service' is the file that this was when the order was first asked."""
        return replace(self.config, start=self.starts[name]) if name in self.starts else self.config

    @cached_property
    def starts(self) -> dict[str, str]:
        """By model the file to go on from, where that is the model in service."""
        if self.config.start != SERVICE:
            return {}
        return {name: str(read_card(name).path) for name in self.specs}

    @property
    def outlined(self) -> int:
        """About how many outlined tumours a comparison goes through."""
        return len(list((self.masks / "masks").glob("*"))) if self.masks else 0


def carry_out(
    order: Order, recorder: Recorder, *, reading: Callable[[int, int], None], hear: Callable[[str], Report]
) -> None:
    """Do it.

    Args:
        reading: called with (done, total) as the data set is read.
        hear: gives for a model's name what hears of its training.
    """
    folder = recorder.folder
    _ = order.starts  # now: another version may be promoted while this runs
    dataset = _read(order, recorder, reading)
    prepared = _prepared(order, dataset, [name for name in order.specs if not _is_trained(name, recorder)])
    parts = [part for name, each in prepared.items() for part in _planned(name, each, order, folder)]
    start, left = time.monotonic(), estimate.clock(parts, estimate.correction())
    for name in order.specs:
        if name in prepared:
            report = _both(hear(name), recorder.report(name, lambda progress, name=name: left(name, progress)))
            card = _train(name, order, prepared[name], recorder, report)
            if folder.in_queue:
                versions.add(name, folder.path)
            recorder.change(versions=recorder.versions | {name: card.version})
        folder.checkpoint(name).unlink(missing_ok=True)  # of one that was killed just before it removed it
        if folder.in_queue:
            _compare(name, order, dataset, recorder)
            (folder.path / MODELS[name].file_name).unlink(missing_ok=True)  # it stands among the versions
    if recorder.anew:  # one that was taken up says nothing of how long a whole one takes
        recorder.change(predicted=sum(part.seconds for part in parts), seconds=time.monotonic() - start)
    if not folder.in_queue:
        _log.info("Models and metadata are in %s. BRAIN_MODELS_DIR=%s serves them.", folder.path, folder.path)


def _read(order: Order, recorder: Recorder, reading: Callable[[int, int], None]) -> Dataset:
    dataset = load_dataset(order.dataset, _both(reading, recorder.counter("reading")))
    for bad in dataset.unreadable:
        _log.warning("left out: %s", bad.reason)
    return dataset.without(order.leave_out) if order.leave_out else dataset


def _prepared(order: Order, dataset: Dataset, names: list[str]) -> dict[str, Prepared]:
    """By model, grouped and split; what would hinder the second model is found before the first is trained."""
    from brain_core.training.backbones import check_start, start_metadata
    from brain_core.training.run import prepare_run  # loads TensorFlow

    found = {}
    for name in names:
        config = order.config_of(name)
        known = [known_in_service()] if order.inherit else []
        known += [known_parts(start_metadata(name, config))]
        found[name] = prepare_run(dataset, config.seed, merged(known))
        check_start(name, config)
    return found


def _planned(name: str, prepared: Prepared, order: Order, folder: Folder) -> list[estimate.Part]:
    """What its training goes through; logged."""
    sizes = {part: len(prepared.split.part(part)) for part in PARTS}
    distinct, kept = len(set(prepared.groups.tolist())), prepared.inherited
    _log.info("%s: %d scans, %d distinct; split by group: %s", name, sum(sizes.values()), distinct, sizes)
    _log.info("seed %d%s", order.config.seed, f"; {kept} scans stay in the part that they had" if kept else "")
    compared = (sizes["test"], order.outlined) if folder.in_queue else (0, 0)
    return estimate.plan([name], order.config, sizes["train"], sizes["validation"], *compared)


def _train(name: str, order: Order, prepared: Prepared, recorder: Recorder, report: Report) -> ModelCard:
    """One that this run had finished when it was cut off is taken as it is."""
    from brain_core.training.run import train_model

    if recorder.folder.in_queue and (card := _whole(name, recorder.folder)):
        return card
    card = train_model(
        name,
        prepared,
        recorder.folder.path,
        order.config_of(name),
        spec=order.specs[name],
        rule=order.rule,
        report=report,
        progress=recorder.counter,
        checkpoint=recorder.folder.checkpoint(name),
    )
    _log.info("%s %s: validation ROC-AUC %s", name, card.version, _auc(card))
    return card


def _compare(name: str, order: Order, dataset: Dataset, recorder: Recorder) -> None:
    """With the model in service, unless that is done; what hinders it is said and no failure of the run."""
    version = versions.find(name, recorder.versions[name])
    _log.info("%s %s is among the versions: 'models compare', 'models promote'.", name, version.version)
    if (version.folder / versions.COMPARISON).is_file():
        return
    from brain_core.evaluation import challenge, challenge_record
    from brain_core.evaluation.localisation import load_masked

    try:
        comparison = challenge.compare(
            version.card(),
            read_card(name),
            dataset,
            masked=load_masked(order.masks) if order.masks else (),
            margin=settings().gate_margin,
            progress=recorder.counter("comparing"),
        )
        challenge_record.write(comparison, version.folder)
    except Cancelled:
        raise
    except (BrainError, OSError) as error:  # the files of the data set may be gone by now
        _log.warning("Not compared with the model in service: %s", error)


def _is_trained(name: str, recorder: Recorder) -> bool:
    """Whether this very run has trained the model, and put it where it belongs, before it was cut off."""
    if name not in recorder.versions:
        return False
    if recorder.folder.in_queue:
        return any(each.version == recorder.versions[name] for each in versions.listed(name))
    card = _whole(name, recorder.folder)
    return card is not None and card.version == recorder.versions[name]


def _whole(name: str, folder: Folder) -> ModelCard | None:
    """The model that lies in a folder, where it is whole."""
    try:
        card = read_card_in(folder.path, name)
        card.check()
    except ModelError:
        return None
    return card


def _both(*hear: Callable) -> Callable:
    """Passes on to each of them."""

    def pass_on(*what):
        for each in hear:
            each(*what)

    return pass_on


def _auc(card: ModelCard) -> str:
    found = card.metadata["metrics"]["validation"]["roc_auc"]
    if found["value"] is None:
        return "not computed"
    return f"{found['value']:.3f} (95 % interval {found['low']:.3f} to {found['high']:.3f})"
