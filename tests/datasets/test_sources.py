"""Which folders may be read and which are offered; uploads are unpacked once, under a harmless name."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest

from brain_core.datasets import sources
from brain_core.datasets.sources import allowed, allowed_roots, data_sets, unpack_upload
from brain_core.errors import Cancelled, ConfigError, DatasetError


@pytest.fixture
def root(set_environment, tmp_path) -> Path:
    """A folder that ``BRAIN_DATA_ROOTS`` names, the only one beside the program's own."""
    folder = tmp_path / "root"
    folder.mkdir()
    set_environment(BRAIN_DATA_ROOTS=folder)
    return folder


def make(folder: Path, *names: str) -> Path:
    for name in names or ("yes", "no"):
        (folder / name).mkdir(parents=True)
    return folder


def test_the_roots_are_the_program_s_own_and_what_the_environment_names(set_environment, tmp_path):
    home = tmp_path / "var" / "data"
    assert allowed_roots() == (home,)
    a, b = tmp_path / "a", tmp_path / "b"
    link = tmp_path / "link"
    link.symlink_to(b)
    set_environment(BRAIN_DATA_DIR=a, BRAIN_DATA_ROOTS=os.pathsep.join(map(str, (link, a))))
    assert allowed_roots() == (home, a, b)


def test_a_folder_below_a_root_is_allowed_and_resolved(root, monkeypatch):
    inside = make(root / "a" / "set")
    assert allowed(str(inside)) == allowed(root / "a" / "." / "set" / "yes" / "..") == inside
    assert allowed(root) == root
    (root / "link").symlink_to(inside)
    assert allowed(root / "link") == inside
    monkeypatch.chdir(root)
    assert allowed("a/set") == inside


def test_a_folder_elsewhere_is_refused_whether_it_exists_or_not(root, tmp_path):
    outside = make(tmp_path / "outside")
    (tmp_path / "root-2").mkdir()  # begins as the root does
    (root / "link").symlink_to(outside)
    for folder in (outside, tmp_path / "none", tmp_path / "root-2", root / ".." / "outside", root / "link", "/etc", ""):
        with pytest.raises(ConfigError, match=f"lies outside the folders that may be read: .*, {root}. BRAIN_DATA_"):
            allowed(folder)


def test_what_is_no_folder_is_refused(root):
    (root / "file").write_text("x")
    for name in ("none", "file"):
        with pytest.raises(ConfigError, match=f"no such folder: .*{name}"):
            allowed(root / name)
    (root / "loop").symlink_to(root / "loop")
    for name in ("loop", "nul\0"):
        with pytest.raises(ConfigError, match="expected a folder. Received: "):
            allowed(root / name)


def test_data_sets_are_found_down_to_the_second_level(root, settings):
    found = [
        make(root / "b"),
        make(root / "a" / "set", "glioma", "notumor"),
        make(settings.home / "data" / "kaggle"),
    ]
    make(root / "a" / "deep" / "er" / "set")
    make(root / "one class", "yes", "glioma")
    make(root / "pictures", "images", "masks")
    make(root / ".hidden")
    assert data_sets() == sorted(found)


def test_a_root_can_be_a_data_set_and_is_listed_once(set_environment, tmp_path):
    folder = make(tmp_path / "set")
    make(folder / "brain_tumor_dataset")  # the archive's repetition
    set_environment(BRAIN_DATA_DIR=folder, BRAIN_DATA_ROOTS=tmp_path)
    assert data_sets() == [folder]


def test_training_and_testing_are_one_data_set(root):
    make(root / "set" / "Training", "glioma", "notumor")
    make(root / "set" / "Testing", "glioma", "notumor")
    make(root / "several" / "one")
    make(root / "several" / "two")
    assert data_sets() == [root / "set", root / "several" / "one", root / "several" / "two"]


def test_links_that_lead_outside_are_not_listed(root, tmp_path):
    outside = make(tmp_path / "outside")
    (root / "link").symlink_to(outside)
    make(root / "half", "yes")
    (root / "half" / "no").symlink_to(outside / "no")
    inside = make(root / "a" / "set")
    (root / "again").symlink_to(inside)
    (root / "a" / "up").symlink_to(root)
    assert data_sets() == [inside]
    deep = make(root / "b" / "deep" / "er" / "set")
    (root / "shortcut").symlink_to(deep)
    assert data_sets() == [inside, deep]


def test_unreadable_folders_are_skipped(root, monkeypatch):
    make(root / "locked")
    found = make(root / "open")
    scandir = os.scandir

    def refusing(folder):
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(sources.os, "scandir", refusing)
    assert data_sets() == [found]


def zipped(**members: bytes) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, content in members.items():
            written.writestr(name, content)
    return buffer


def upload() -> io.BytesIO:
    return zipped(**{"set/yes/1.png": b"a", "set/no/2.png": b"b"})


def test_an_upload_is_unpacked_once_and_offered(settings):
    archive = upload()
    archive.read()
    digest = hashlib.sha256(archive.getvalue()).hexdigest()
    folder = unpack_upload(archive, "C:\\scans\\My set (1).zip")
    assert folder == settings.home / "data" / "uploads" / f"My-set-1-{digest[:8]}"
    assert (folder / "set" / "yes" / "1.png").read_bytes() == b"a"
    assert data_sets() == [folder]
    steps = []
    assert unpack_upload(archive, "My set (1).zip", lambda *step: steps.append(step)) == folder
    assert steps == []
    assert not archive.closed


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd", "passwd"),
        ("..", "upload"),
        ("", "unnamed"),
        ("…", "upload"),
        (".zip", "zip"),
        ("\0\n/\x1b[2J.zip", "2J"),
        ("größe_1.ZIP", "gr-e_1"),
        ("n" * 300 + ".zip", "n" * 40),
    ],
)
def test_the_name_of_an_upload_is_made_harmless(name, stem, settings):
    folder = unpack_upload(upload(), name)
    assert folder.parent == settings.home / "data" / "uploads"
    assert folder.name[:-9] == stem


def test_an_upload_that_is_refused_or_stopped_leaves_nothing(settings):
    with pytest.raises(DatasetError, match="expected a zip file"):
        unpack_upload(io.BytesIO(b"x"), "a.zip")

    def stop(done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        unpack_upload(upload(), "a.zip", stop)
    assert list((settings.home / "data" / "uploads").iterdir()) == []
    assert data_sets() == []


def test_an_upload_that_another_session_finishes_first_is_theirs(monkeypatch):
    extract = sources.extract

    def beaten(archive, folder, progress):
        extract(archive, folder)
        archive.seek(0)
        return extract(archive, folder)

    monkeypatch.setattr(sources, "extract", beaten)
    assert (unpack_upload(upload(), "a.zip") / "set" / "no" / "2.png").is_file()
