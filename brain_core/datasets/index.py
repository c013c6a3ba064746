"""A data set on disk: a folder with one sub-folder a class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from brain_core.errors import DatasetError, ScanError
from brain_core.scans import SUFFIXES, Scan, read_file

TUMOR, NO_TUMOR = 1, 0
CLASS_NAMES = {TUMOR: "tumor", NO_TUMOR: "no tumor"}
NO_TUMOR_FOLDERS = frozenset({"no", "notumor", "notumour", "normal", "healthy", "negative"})
TUMOR_FOLDERS = frozenset(
    {"yes", "tumor", "tumour", "braintumor", "braintumour", "positive"}
    | {"glioma", "meningioma", "pituitary", "gliomatumor", "meningiomatumor", "pituitarytumor"}
)


@dataclass(frozen=True)
class Item:
    """One file of a data set.

    Attributes:
        path: where it is.
        label: `TUMOR` or `NO_TUMOR`, from the name of its folder.
        kind: the folder's name: ``yes``, ``glioma``, ...
    """

    path: Path
    label: int
    kind: str

    @property
    def id(self) -> str:
        """Folder and file name: what stored results call this scan; says nothing of the machine."""
        return f"{self.kind}/{self.path.name}"


@dataclass(frozen=True)
class Unreadable:
    """A file of a data set that could not be decoded, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Dataset:
    """A data set in memory: ``items[i]`` is ``scans[i]``; what could not be read stands in ``unreadable``."""

    root: Path
    items: tuple[Item, ...]
    scans: tuple[Scan, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def labels(self) -> list[int]:
        return [item.label for item in self.items]

    def subset(self, chosen: Iterable[int]) -> Dataset:
        """The scans at these positions, in this order."""
        chosen = list(chosen)
        return replace(self, items=tuple(self.items[i] for i in chosen), scans=tuple(self.scans[i] for i in chosen))

    def key(self, i: int) -> str:
        """The path of a scan below ``root``, with ``/``: unlike `Item.id`, no two scans have the same."""
        return self.items[i].path.relative_to(self.root).as_posix()

    def without(self, keys: Iterable[str]) -> Dataset:
        """All scans but those of these `key`s.

        Raises:
            DatasetError: there is no scan of such a key.
        """
        position = {self.key(i): i for i in range(len(self.items))}
        left_out = set()
        for key in keys:
            if key not in position:
                raise DatasetError(f"Data set {self.root.name}: no scan {key!r} that could be left out.")
            left_out.add(position[key])
        return self.subset(i for i in range(len(self.items)) if i not in left_out)

    @property
    def fingerprint(self) -> str:
        """sha256 over class and content of all scans, independent of file names and their order."""
        lines = sorted(f"{item.label} {scan.sha256}" for item, scan in zip(self.items, self.scans, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def label_of_folder(name: str) -> int | None:
    """The class that a folder's name stands for, None if it is not a class folder."""
    key = "".join(c for c in name.lower() if c.isalpha())
    if key in NO_TUMOR_FOLDERS:
        return NO_TUMOR
    return TUMOR if key in TUMOR_FOLDERS else None


def list_items(root: str | Path) -> tuple[Item, ...]:
    """All picture files below the class folders of ``root``, sorted by path.

    Where the class folders lie one level down (``Training``/``Testing``, or the folder that an archive made), they
    are found there too; a folder that repeats its contents one level down (as the Kaggle archive of the brief's data
    set does) is read once.

    Raises:
        DatasetError: no such folder, or no class folder with pictures in it.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise DatasetError(f"Data set: no such folder: {root}.")
    folders = _class_folders(root)
    if not folders:
        for child in sorted(path for path in root.iterdir() if path.is_dir()):
            folders += _class_folders(child)
    items = [
        Item(path, label, folder.name)
        for folder, label in folders
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    ]
    if not items:
        raise DatasetError(
            f"Data set {root}: expected one sub-folder a class (yes/no, tumor/no_tumor, glioma/meningioma/pituitary/"
            f"notumor) with pictures in it. Received: {_listing(root)}."
        )
    return tuple(items)


def load_dataset(root: str | Path, progress=lambda done, total: None) -> Dataset:
    """Read every picture of a data set.

    Args:
        progress: called with (done, total) after each file.

    Raises:
        DatasetError: as `list_items`, or not one file could be read.
    """
    root = Path(root).expanduser()
    items, scans, unreadable = [], [], []
    listed = list_items(root)
    for done, item in enumerate(listed, 1):
        try:
            scans.append(read_file(item.path))
            items.append(item)
        except ScanError as error:
            unreadable.append(Unreadable(item.path, str(error)))
        progress(done, len(listed))
    if not items:
        raise DatasetError(f"Data set {root}: none of its {len(listed)} files can be read: {unreadable[0].reason}")
    return Dataset(root, tuple(items), tuple(scans), tuple(unreadable))


def _class_folders(root: Path) -> list[tuple[Path, int]]:
    children = sorted(path for path in root.iterdir() if path.is_dir())
    return [(path, label) for path in children if (label := label_of_folder(path.name)) is not None]


def _listing(root: Path) -> str:
    names = sorted(path.name for path in root.iterdir())
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "") if names else "an empty folder"
