"""What a look at a data set finds, by counts known beforehand."""

import shutil

import cv2
import numpy as np
import pytest

from brain_core.datasets.check import COLOUR, GREY, GREY_AS_RGB, check
from brain_core.datasets.index import Dataset, load_dataset
from brain_core.scans.phantom import Phantom, draw, write_dataset


@pytest.fixture
def copies(tmp_path) -> Dataset:
    """2 x 8 phantoms, of ``yes`` one twice byte for byte, and once brighter, and another under both classes."""
    root = write_dataset(tmp_path / "set", 8, seed=2, size=64)
    first, second = sorted((root / "yes").iterdir())[:2]
    shutil.copy(first, root / "yes" / "z-copy.png")
    cv2.imwrite(str(root / "yes" / "z-brighter.png"), cv2.add(cv2.imread(str(first)), 3))
    shutil.copy(second, root / "no" / "z-conflict.png")
    return load_dataset(root)


def key_of(dataset: Dataset, name: str) -> str:
    position = [dataset.key(i) for i in range(len(dataset.items))].index(name)
    return dataset.scans[position].sha256[:16]


def test_a_good_data_set(phantom_dataset):
    dataset = load_dataset(phantom_dataset)
    report = check(dataset)
    assert report.ok
    assert (report.distinct, report.identical, report.near_identical) == (24, 0, 0)
    assert report.identical_groups == report.near_groups == report.conflicts == report.conflict_positions == ()
    assert report.modes == {GREY: 24}
    assert report.overlap == report.overlap_groups == {"train": 0, "validation": 0, "test": 0}
    for part, n in report.split.items():
        assert report.split_by_class[part] == {"tumor": n / 2, "no tumor": n / 2}


def test_copies_and_conflicts_are_named_and_reachable(copies):
    report = check(copies)
    first, second = sorted(item.path.name for item in copies.items if item.kind == "yes")[:2]
    assert (report.distinct, report.identical, report.near_identical) == (16, 2, 1)
    assert set(report.identical_groups) == {
        ("no/z-conflict.png", f"yes/{second}"),
        (f"yes/{first}", "yes/z-copy.png"),
    }
    assert set(report.near_groups) == {
        ("no/z-conflict.png", f"yes/{second}"),
        (f"yes/{first}", "yes/z-brighter.png", "yes/z-copy.png"),
    }
    assert report.conflicts == (("no/z-conflict.png", f"yes/{second}"),)
    (positions,) = report.conflict_positions
    assert [copies.items[i].path.name for i in positions] == ["z-conflict.png", second]
    assert report.split is None and report.split_by_class is None
    assert "1 near-duplicate groups hold both classes" in report.refusal


def test_two_scans_of_one_folder_and_file_name_are_told_apart(tmp_path):
    root = write_dataset(tmp_path / "set" / "Training", 8, seed=2, size=64).parent
    shutil.copytree(root / "Training", root / "Testing")
    report = check(load_dataset(root))
    assert report.identical == 16 and report.near_identical == 0
    for group in report.identical_groups:
        assert [name.split("/")[0] for name in group] == ["Testing", "Training"]
        assert len({name.split("/", 1)[1] for name in group}) == 1


def test_colour_modes(tmp_path):
    grey = draw(Phantom(seed=1, size=64)).pixels
    coloured = np.stack([grey] * 3, axis=-1)
    coloured[:8, :8, 2] = 255
    for name, pixels in (("yes/1", grey), ("no/2", np.stack([grey.T] * 3, axis=-1)), ("no/3", coloured[::-1])):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    assert check(load_dataset(tmp_path)).modes == {GREY: 1, GREY_AS_RGB: 1, COLOUR: 1}


def test_what_the_model_in_service_knows_is_counted(copies):
    """The first tumour and its copy are one content, known from training; their group holds a test scan as well."""
    names = sorted(item.path.name for item in copies.items if item.kind == "yes")
    known = {
        key_of(copies, f"yes/{names[0]}"): "train",
        key_of(copies, "yes/z-brighter.png"): "test",
        key_of(copies, f"yes/{names[2]}"): "test",
        "f" * 16: "validation",
    }
    report = check(copies, known=known)
    assert report.overlap == {"train": 2, "validation": 0, "test": 2}
    assert report.overlap_groups == {"train": 1, "validation": 0, "test": 2}


def test_the_split_is_inherited_where_that_is_asked_for(phantom_dataset):
    dataset = load_dataset(phantom_dataset)
    labels = np.array(dataset.labels)
    no, yes = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    chosen = {"train": (no[:1], yes[:1]), "validation": (no[1:3], yes[1:3]), "test": (no[3:12], yes[3:12])}
    known = {dataset.scans[i].sha256[:16]: part for part, two in chosen.items() for i in np.concatenate(two)}
    report = check(dataset, known=known, inherit=True)
    assert report.split == report.overlap == {"train": 2, "validation": 4, "test": 18}
    assert report.split_by_class["test"] == {"tumor": 9, "no tumor": 9}
    fresh = check(dataset, known=known)
    assert fresh.split == check(dataset, inherit=True).split == check(dataset).split != report.split
    assert "a fresh split is needed" in check(dataset, known=dict.fromkeys(known, "test"), inherit=True).refusal
