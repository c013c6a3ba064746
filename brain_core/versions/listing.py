"""Which versions there are, which one is in service, and which one a rollback brings.

A version whose folder is gone counts as deleted: a rollback passes over it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from brain_core import in_service
from brain_core.errors import ModelError
from brain_core.in_service import VERSIONS, Change
from brain_core.models import MODELS
from brain_core.registry import ROLL_BACK, ModelCard, check_name, read_card_in
from brain_core.settings import settings

UNKNOWN = "unknown"  # the shipped version, where its metadata cannot be read
DELETE = "Delete it: python -m brain_core models delete {version}."


@dataclass(frozen=True)
class Version:
    """A version of a model on disk.

    Attributes:
        folder: holds the model and its metadata.
        created: when it was trained, ISO 8601, UTC; None where that is not stored.
        sha256: of the model file as its metadata have it; None where they cannot be read.
        predecessor: it is what a rollback brings.
        problem: why it cannot be used, fit to show; None where nothing is known. The file is not read: that takes
            `ModelCard.check`.
        mend: what to do where it is damaged; None for what helps with a shipped model.
    """

    name: str
    version: str
    folder: Path
    created: str | None
    sha256: str | None
    shipped: bool
    in_service: bool
    predecessor: bool
    problem: str | None
    mend: str | None

    @property
    def title(self) -> str:
        return MODELS[self.name].title

    def card(self) -> ModelCard:
        """The model, as its metadata describe it.

        Raises:
            ModelError: they cannot be used.
        """
        if self.problem:
            raise ModelError(self.problem)
        return read_card_in(self.folder, self.name, mend=self.mend)


@dataclass(frozen=True)
class Standing:
    """What is in service and what was before.

    Attributes:
        stack: what was promoted and not rolled back since, oldest first.
    """

    name: str
    models_dir: Path
    stack: tuple[Change, ...]

    @property
    def in_service(self) -> Path:
        """Its folder."""
        return self._folder(self.stack[-1]) if self.stack else self.models_dir

    @property
    def predecessor(self) -> Path | None:
        """The folder of what a rollback brings; None where the shipped version is in service."""
        if not self.stack:
            return None
        before = (self._folder(change) for change in reversed(self.stack[:-1]))
        return next((folder for folder in before if folder.is_dir() and folder != self.in_service), self.models_dir)

    @property
    def version(self) -> str | None:
        """In service; None where the shipped metadata cannot be read."""
        if self.stack:
            return self.stack[-1].version
        try:
            return read_card_in(self.models_dir, self.name).version
        except ModelError:
            return None

    def promoted(self, folder: Path) -> Change | None:
        """What put the version in that folder in service last."""
        return next((change for change in reversed(self.stack) if self._folder(change) == folder), None)

    def mend(self, folder: Path) -> str | None:
        """What to do where the version in that folder is damaged; None for what helps with a shipped model."""
        if folder == self.models_dir:
            return None
        if folder == self.in_service:
            return ROLL_BACK.format(name=self.name)
        if folder == self.predecessor:
            shown = folder.relative_to(self.models_dir)
            return f"Mend it, or move {shown} away: a rollback then goes to the version before that."
        return DELETE.format(version=folder.name)

    def check_seen(self, seen: str | None) -> None:
        if seen is not None and seen != (now := self.version):
            raise ModelError(
                f"{MODELS[self.name].title} has changed meanwhile: expected {seen} in service. In service: {now}."
            )

    def _folder(self, change: Change) -> Path:
        return in_service.folder_of(self.name, change.version, self.models_dir)


def listed(name: str, models_dir: Path | None = None) -> list[Version]:
    """The shipped version, then the retrained ones, newest first; a damaged one says what its ``problem`` is.

    Raises:
        ModelError: no such model, or it cannot be told which version is in service.
    """
    standing = standing_of(name, models_dir)
    parent = standing.models_dir / VERSIONS / name
    folders = {path for path in parent.glob("[!.]*") if path.is_dir()}
    if standing.stack:
        folders.add(standing.in_service)  # listed even where somebody took it away
    retrained = sorted((_version(folder, standing) for folder in folders), key=lambda each: each.version)
    retrained.sort(key=lambda each: each.created or "", reverse=True)
    return [_version(standing.models_dir, standing), *retrained]


def find(name: str, version: str, models_dir: Path | None = None) -> Version:
    """One version of a model; the retrained one where the shipped one is a copy of it.

    Raises:
        ModelError: there is none, or see `listed`.
    """
    found = listed(name, models_dir)
    for each in reversed(found):
        if each.version == version:
            return each
    there = ", ".join(each.version for each in found)
    raise ModelError(f"Version of {MODELS[name].title}: expected one of {there}. Received: {version!r}.")


def find_any(version: str, models_dir: Path | None = None) -> Version:
    """The version of that name, of whatever model.

    Raises:
        ModelError: there is none, or several models have one.
    """
    found, errors = [], []
    for name in MODELS:
        try:
            found.append(find(name, version, models_dir))
        except ModelError as error:
            errors.append(str(error))
    if not found:
        raise ModelError(" ".join(errors))
    if len(found) > 1:
        names = " and ".join(each.name for each in found)
        raise ModelError(f"Version {version} is one of {names}: say which model is meant.")
    return found[0]


def folder_of_models(name: str, models_dir: Path | None) -> Path:
    check_name(name)
    return models_dir or settings().models_dir


def standing_of(name: str, models_dir: Path | None) -> Standing:
    models_dir = folder_of_models(name, models_dir)
    return Standing(name, models_dir, tuple(in_service.in_force(in_service.history(name, models_dir))))


def _version(folder: Path, standing: Standing) -> Version:
    shipped = folder == standing.models_dir
    found = Version(
        name=standing.name,
        version=UNKNOWN if shipped else folder.name,
        folder=folder,
        created=None,
        sha256=None,
        shipped=shipped,
        in_service=folder == standing.in_service,
        predecessor=folder == standing.predecessor,
        problem=None,
        mend=standing.mend(folder),
    )
    try:
        card = read_card_in(folder, found.name, mend=found.mend, promoted=standing.promoted(folder))
    except ModelError as error:
        return replace(found, problem=str(error))
    created, problem = card.metadata.get("created"), None
    if not card.path.is_file():
        problem = f"{card.path.name} is missing. {card.advice}"
    elif not shipped and card.version != folder.name:
        problem = f"{folder.name} is damaged: its metadata are of version {card.version}. {card.advice}"
    return replace(
        found,
        version=card.version if shipped else folder.name,
        created=created if isinstance(created, str) else None,
        sha256=card.sha256,
        problem=problem,
    )
