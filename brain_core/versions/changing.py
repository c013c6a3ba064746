"""What can be done with versions: add one, put it in service, go back, delete it.

Whatever happens, the program is killed included, a reader finds the old version or the new one, whole.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from brain_core import in_service
from brain_core.errors import ModelError
from brain_core.files import creating_folder, remove_folder, remove_hidden
from brain_core.in_service import PROMOTE, ROLLBACK, Change
from brain_core.models import MODELS
from brain_core.registry import ModelCard, read_card_in
from brain_core.versions.listing import Version, find, folder_of_models, listed, standing_of

COMPARISON = "comparison.json"  # with the version that was in service when this one was trained
TRAIN_ANEW = "Train it anew: python -m brain_core train DATASET --model {name}."


def add(name: str, folder: Path, models_dir: Path | None = None) -> Version:
    """Copy a trained model from a run's folder among the versions; nothing happens where it is there already.

    Raises:
        ModelError: it is missing or damaged, or another version has its name.
    """
    models_dir = folder_of_models(name, models_dir)
    mend = TRAIN_ANEW.format(name=name)
    card = read_card_in(folder, name, mend=mend)
    if not in_service.is_version(card.version):
        raise ModelError(f"Version: expected letters, digits and . _ + -. Received: {card.version!r:.80}. {mend}")
    target = in_service.folder_of(name, card.version, models_dir)
    with in_service.locked(name, models_dir):
        remove_hidden(target.parent)
        for there in listed(name, models_dir):
            if there.version == card.version:
                return _same(there, card)
        with creating_folder(target) as part:
            _copy(card, part)
            copied = read_card_in(part, name, mend=mend)
            copied.check()
            if (copied.version, copied.sha256) != (card.version, card.sha256):
                raise ModelError(f"{folder} has changed meanwhile: {copied.version} is in it. Try again.")
    return find(name, card.version, models_dir)


def promote(
    name: str,
    version: str,
    *,
    who: str,
    reason: str,
    gate: str = "",
    models_dir: Path | None = None,
    seen: str | None = None,
) -> Change:
    """Put a retrained version in service, once its checksum is right and it loads.

    Args:
        gate: in words, what the comparison with the version in service said.
        seen: the version in service as the person saw it; None for whatever is.

    Raises:
        ConfigError: a text is missing, too long or not one line (see `Change`).
        ModelError: no such version, it cannot be used, it is in service already or the shipped one, another version
            than ``seen`` is in service, or the history is damaged or cannot be written.
    """
    models_dir = folder_of_models(name, models_dir)
    card = _promotable(name, version, models_dir, seen)
    change = _change(PROMOTE, card, standing_of(name, models_dir).version, who=who, reason=reason, gate=gate)
    card.load()
    with in_service.adding_to(name, models_dir) as changes:
        if _promotable(name, version, models_dir, seen).sha256 != card.sha256:
            raise ModelError(f"{card.title} {version} has changed meanwhile. Try again.")
        changes.append(replace(change, from_version=standing_of(name, models_dir).version))
        return changes[-1]


def rollback(
    name: str,
    *,
    who: str,
    reason: str,
    models_dir: Path | None = None,
    seen: str | None = None,
) -> Change:
    """Go back to the version that was in service before, in the end to the shipped one.

    Args:
        seen: what the person wants to go back from, so that two who do so at once go back one step and not two; None
            for whatever is in service.

    Raises:
        ConfigError: a text is missing, too long or not one line.
        ModelError: the shipped version is in service, another one than ``seen`` is, the one before cannot be used
            (all stays as it is then), or the history is damaged or cannot be written.
    """
    standing = standing_of(name, models_dir)
    standing.check_seen(seen)
    target = standing.predecessor
    if target is None:
        raise ModelError(f"{MODELS[name].title} {standing.version}: the shipped version is in service already.")
    try:
        card = read_card_in(target, name, mend=standing.mend(target), promoted=standing.promoted(target))
        change = _change(ROLLBACK, card, standing.version, who=who, reason=reason)
        card.load()
    except ModelError as error:
        raise ModelError(f"{standing.version} stays in service: the version before cannot be used. {error}") from error
    with in_service.adding_to(name, standing.models_dir) as changes:
        now = standing_of(name, standing.models_dir)
        if (now, now.predecessor) != (standing, target):
            raise ModelError(f"{card.title} has changed meanwhile: {now.version} is in service. Try again.")
        changes.append(change)
    return change


def history(name: str, models_dir: Path | None = None) -> list[Change]:
    """Every change of the version in service, oldest first.

    Raises:
        ModelError: no such model, or its history is damaged.
    """
    return in_service.history(name, folder_of_models(name, models_dir))


def delete(name: str, version: str, models_dir: Path | None = None) -> None:
    """Remove a retrained version from the disk; its changes stay in the history.

    Raises:
        ModelError: no such version, or it is shipped, in service or what a rollback brings.
    """
    models_dir = folder_of_models(name, models_dir)
    with in_service.locked(name, models_dir):
        found = find(name, version, models_dir)
        kept = {"shipped": found.shipped, "in service": found.in_service, "what a rollback brings": found.predecessor}
        for words, so in kept.items():
            if so:
                raise ModelError(f"{found.title} {version} cannot be deleted: it is {words}.")
        remove_hidden(found.folder.parent)
        remove_folder(found.folder)


def _promotable(name: str, version: str, models_dir: Path, seen: str | None) -> ModelCard:
    standing_of(name, models_dir).check_seen(seen)
    found = find(name, version, models_dir)
    if found.in_service:
        raise ModelError(f"{found.title} {version} is in service already.")
    if found.shipped:
        raise ModelError(f"{found.title} {version} is the shipped version: it comes back by rolling back.")
    return found.card()


def _same(there: Version, card: ModelCard) -> Version:
    if there.problem:
        raise ModelError(f"{card.title} {card.version} is there already and cannot be used. {there.problem}")
    if there.sha256 != card.sha256:
        raise ModelError(
            f"Another {card.title} {card.version} is there already: expected checksum {there.sha256!s:.12}. "
            f"Received: {card.sha256!s:.12}."
        )
    return there


def _copy(card: ModelCard, target: Path) -> None:
    for path in (card.path, card.path.with_suffix(".json"), card.gate_path, card.path.with_name(COMPARISON)):
        if path.is_file():
            shutil.copyfile(path, target / path.name)


def _change(action: str, card: ModelCard, from_version: str | None, *, who: str, reason: str, gate: str = "") -> Change:
    return Change(
        action=action,
        version=card.version,
        sha256=card.sha256,
        from_version=from_version,
        reason=reason.strip(),
        name=who.strip(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        gate=gate.strip(),
    )
