"""A study fetched, scored and its results stored back, step by step, in a thread that can be stopped between them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core.audit import actions
from brain_core.cli import audited
from brain_core.cli.recording import Recorder, finish, recorded
from brain_core.errors import ModelError, PacsError
from brain_core.models import MODELS
from brain_core.pacs.archive import Archive, open_archive
from brain_core.pacs.assessed import Returned, check_study, give_back
from brain_core.pacs.settings import PacsSettings
from brain_core.scans import pseudonym
from brain_core.store.records import Source
from brain_core.ui import models
from brain_core.ui.models import Loading
from brain_core.ui.pacs.fetching import FETCH, fetched
from brain_core.ui.pacs.work import FAILED, Work

if TYPE_CHECKING:
    from brain_core.inference import Detector, Prediction
    from brain_core.registry import ModelCard
    from brain_core.scans import Scan

LOAD, SCORE, STORE = "Models", "Score", "Store"
STEPS = (LOAD, FETCH, SCORE, STORE)
log = logging.getLogger(__name__)
WAIT = 0.25  # seconds between two looks whether a model has loaded


@dataclass(frozen=True)
class Outcome:
    """What became of a study.

    Attributes:
        returned: how many objects are in the archive now, None where the study was refused.
        wanted: how many there were to store.
        lines: what was found, a series a line, without patient data; why, where it was refused.
        lacking: models that took no part, and why.
        stopped: whether it was cancelled after some were stored.
    """

    returned: Returned | None
    wanted: int
    lines: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    stopped: bool = False


def score_and_store(
    work: Work, settings: PacsSettings, study_uid: str, loading: Sequence[Loading], home: Path, *, user: str = "local"
) -> Outcome:
    """All of it. The audit log is told before the first object leaves, else none does.

    Args:
        user: who asked for it, see `brain_core.access.User.name`.

    Raises:
        PacsError, ModelError, StoreError: a message fit to show.
        Cancelled: on request, before anything was stored.
    """
    archive = open_archive(settings)
    detectors = _loaded(work, loading)
    lacking = tuple(f"{model.title}: {model.error}" for model in loading if model.error)
    with fetched(work, archive, study_uid, home) as paths:
        work.begin(SCORE)
        from brain_core.study.assess import assessor  # TensorFlow: here, off the page's thread

        counts = dict.fromkeys((each.card.name for each in detectors), 0)
        assess = assessor([_Counted(each, work, counts) for each in detectors])
        recorder = Recorder(Source.ARCHIVE, detectors, user=user, steady=True)
        assessed = recorded(assess, recorder)(paths)
    not_recorded = () if finish(recorder) else ("The results could not be recorded in the prediction store.",)
    if assessed.refused is not None or not assessed.objects:
        return Outcome(None, 0, (assessed.refused or "The assessment gave no results.",), lacking)
    check_study(assessed.objects, study_uid)
    work.begin(STORE)
    lines = (*str(assessed.summary).split("; "), *not_recorded)
    about = {"study": pseudonym.of_study(study_uid), "objects": len(assessed.objects), "models": ", ".join(counts)}
    with audited.acting(actions.ARCHIVE_STORE, user, about):
        return _give_back(work, archive, assessed.objects, lines, lacking)


def _give_back(work: Work, archive: Archive, objects: Sequence, lines: tuple[str, ...], lacking: tuple) -> Outcome:
    wanted, done = len(objects), Returned()
    try:
        for done in give_back(archive, objects):
            there = done.stored + done.held
            work.tell(f"{there} of {wanted} objects are in the archive", there / wanted)
            if work.stop.is_set() and there < wanted:
                return Outcome(done, wanted, lines, lacking, stopped=True)
    except Exception as error:  # a library's too: how much is in the archive by then has to be said
        told = str(error)
        if not isinstance(error, PacsError):  # its text may name the patient
            log.error("Storing in the archive failed: %s", type(error).__name__)
            told = f"Unexpected {type(error).__name__}: please report it."
        work.end(FAILED)
        raise PacsError(
            f"{told} {done.stored} of {wanted} objects were stored before. Once it works again, do it anew: what is "
            "there is not stored twice."
        ) from error
    return Outcome(done, wanted, lines, lacking)


def _loaded(work: Work, loading: Sequence[Loading]) -> list[Detector]:
    """The models in service, once each has loaded or failed to."""
    work.begin(LOAD)
    for model in loading:
        while not model.wait(WAIT):
            work.tell(f"Loading {model.title}…")
            work.check()
    ready = models.ready(list(loading))
    if not ready:
        raise ModelError("No model is in service, so that nothing can be scored: " + " ".join(_errors(loading)))
    work.tell(", ".join(f"{model.title} {model.card.version}" for model in ready))
    return [model.detector for model in ready]


def _errors(loading: Sequence[Loading]) -> list[str]:
    return [model.error for model in loading if model.error]


@dataclass(eq=False)
class _Counted:
    """A detector that tells how far it is and stops between two batches on request."""

    detector: Detector
    work: Work
    counts: dict[str, int]  # slices so far, by model; shared by all

    @property
    def card(self) -> ModelCard:
        return self.detector.card

    def predict(self, scans: Sequence[Scan]) -> list[Prediction]:
        self.work.check()
        found = self.detector.predict(scans)
        self.counts[self.card.name] += len(scans)
        told = ", ".join(f"{count} by {MODELS[name].title}" for name, count in self.counts.items())
        self.work.tell(f"Slices: {told}")
        return found
