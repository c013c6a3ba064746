"""A data set on disk: which folders are classes, what is read, what is refused."""

import shutil

import numpy as np
import pytest

from brain_core.datasets.index import NO_TUMOR, TUMOR, label_of_folder, list_items, load_dataset
from brain_core.errors import DatasetError
from brain_core.scans.phantom import Phantom, draw


@pytest.fixture
def put(tmp_path, encode):
    """``put("yes/1.png", seed)``: a phantom's picture at that place below the data set's folder."""

    def write(name: str, seed: int = 0, format: str = "PNG"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(draw(Phantom(seed=seed, size=64)).pixels, format))
        return path

    return write


@pytest.mark.parametrize(
    ("label", "names"),
    [
        (
            TUMOR,
            ["yes", "Yes", "tumor", "TUMOUR", "brain_tumor", "Brain Tumour", "glioma", "meningioma_tumor", "pituitary"],
        ),
        (NO_TUMOR, ["no", "NO", "no_tumor", "no-tumour", "No Tumor", "notumor", "healthy", "normal"]),
        (None, ["train", "Testing", "images", "masks", "unknown", "", "nothing", "yesno"]),
    ],
)
def test_folder_names(label, names):
    assert {name: label_of_folder(name) for name in names} == dict.fromkeys(names, label)


def test_items_are_sorted_labelled_and_named_without_the_machine(put, tmp_path):
    for name in ("yes/b.png", "yes/a.JPG", "no/c.png"):
        put(name)
    items = list_items(tmp_path)
    assert [(item.id, item.label) for item in items] == [("no/c.png", 0), ("yes/a.JPG", 1), ("yes/b.png", 1)]


def test_several_tumour_folders_count_as_tumour_and_keep_their_kind(put, tmp_path):
    for kind in ("glioma", "meningioma", "pituitary", "notumor"):
        put(f"{kind}/1.png")
    assert {item.kind: item.label for item in list_items(tmp_path)} == {
        "glioma": 1,
        "meningioma": 1,
        "pituitary": 1,
        "notumor": 0,
    }


def test_other_files_and_hidden_ones_are_passed_over(put, tmp_path):
    put("yes/1.png")
    put("yes/.2.png")
    put("masks/1.png")
    (tmp_path / "yes" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "yes" / "folder.png").mkdir()
    assert [item.id for item in list_items(tmp_path)] == ["yes/1.png"]


def test_class_folders_one_level_down_are_found(put, tmp_path):
    put("Training/yes/1.png")
    put("Testing/no/2.png")
    assert [item.id for item in list_items(tmp_path)] == ["no/2.png", "yes/1.png"]


def test_an_archive_that_repeats_itself_one_level_down_is_read_once(put, tmp_path):
    put("yes/1.png", 1)
    put("no/2.png", 2)
    shutil.copytree(tmp_path / "yes", tmp_path / "brain_tumor_dataset" / "yes")
    shutil.copytree(tmp_path / "no", tmp_path / "brain_tumor_dataset" / "no")
    assert len(list_items(tmp_path)) == 2


def test_loading_reads_what_can_be_read_and_names_the_rest(put, tmp_path):
    put("yes/1.png", 1)
    put("no/2.png", 2)
    (tmp_path / "no" / "3.png").write_text("not a picture")
    steps = []
    dataset = load_dataset(tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert [item.id for item in dataset.items] == ["no/2.png", "yes/1.png"]
    assert dataset.labels == [0, 1]
    np.testing.assert_array_equal(dataset.scans[1].pixels, draw(Phantom(seed=1, size=64)).pixels)
    assert [(bad.path.name, "3.png: not a picture" in bad.reason) for bad in dataset.unreadable] == [("3.png", True)]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_fingerprint_is_of_contents_and_classes(put, tmp_path):
    put("yes/1.png", 1)
    put("no/2.png", 2)
    before = load_dataset(tmp_path).fingerprint
    (tmp_path / "yes" / "1.png").rename(tmp_path / "yes" / "zzz.png")
    assert load_dataset(tmp_path).fingerprint == before
    (tmp_path / "yes" / "zzz.png").rename(tmp_path / "no" / "zzz.png")
    assert load_dataset(tmp_path).fingerprint != before
    put("no/zzz.png", 3)
    put("yes/1.png", 4)
    assert load_dataset(tmp_path).fingerprint != before


def test_a_key_tells_apart_what_folder_and_file_name_do_not(put, tmp_path, monkeypatch):
    for number, name in enumerate(("Training/yes/1.png", "Testing/yes/1.png", "Testing/no/1.png")):
        put(name, number)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    dataset = load_dataset(f"~/{tmp_path.name}")
    assert [item.id for item in dataset.items] == ["no/1.png", "yes/1.png", "yes/1.png"]
    assert [dataset.key(i) for i in range(3)] == ["Testing/no/1.png", "Testing/yes/1.png", "Training/yes/1.png"]


def test_scans_are_left_out_by_key(put, tmp_path):
    for number, name in enumerate(("yes/1.png", "yes/2.png", "no/1.png")):
        put(name, number)
    (tmp_path / "no" / "3.png").write_text("not a picture")
    dataset = load_dataset(tmp_path)
    left = dataset.without(iter(["yes/1.png", "yes/1.png"]))
    assert [left.key(i) for i in range(2)] == ["no/1.png", "yes/2.png"]
    assert left.scans == (dataset.scans[0], dataset.scans[2]) and left.unreadable == dataset.unreadable
    assert dataset.without([]).items == dataset.items
    with pytest.raises(DatasetError, match="no scan 'yes/9.png' that could be left out"):
        dataset.without(["yes/1.png", "yes/9.png", "no/9.png"])


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no such folder: .*missing"):
        list_items(tmp_path / "missing")


def test_a_folder_without_classes_is_refused_with_what_it_holds(put, tmp_path):
    with pytest.raises(DatasetError, match="expected one sub-folder a class .*Received: an empty folder"):
        list_items(tmp_path)
    put("images/1.png")
    put("masks/1.png")
    with pytest.raises(DatasetError, match="Received: images, masks"):
        list_items(tmp_path)
    (tmp_path / "yes").mkdir()
    with pytest.raises(DatasetError, match="with pictures in it"):
        list_items(tmp_path)


def test_a_data_set_of_which_nothing_can_be_read_is_refused(tmp_path):
    for folder in ("yes", "no"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(b"")
    with pytest.raises(DatasetError, match="none of its 2 files can be read: 1.png: the file is empty"):
        load_dataset(tmp_path)
