"""Folders and manifests, on a disk and behind URLs."""

import fsspec
import pyarrow as pa
import pyarrow.parquet
import pytest

from brain_core.bulk.sources import items
from brain_core.errors import ConfigError
from tests.scans.dicom_files import dicom_bytes, head_volume

NAMES = ["a/0.png", "a/2.png", "a/4.png", "b/1.png", "b/3.png", "b/5.png"]


@pytest.fixture
def memory():
    """fsspec's file system in memory, empty before and after."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_a_folder_is_listed_in_order_by_paths_below_it(scans):
    found = list(items(str(scans)))
    assert [item.path for item in found] == NAMES
    assert {item.source for item in found} == {str(scans)}


def test_a_folder_is_listed_as_it_is_asked_for(scans):
    listed = items(str(scans))
    assert next(listed).path == "a/0.png"
    (scans / "b" / "1.png").unlink()  # not looked at yet
    assert [item.path for item in listed] == [name for name in NAMES[1:] if name != "b/1.png"]


def test_dicom_counts_without_a_suffix_and_links_are_not_followed_round(scans):
    (scans / "IM0001").write_bytes(dicom_bytes(head_volume(1)[0]))
    (scans / "README").write_text("no scan")
    (scans / "round").symlink_to(scans, target_is_directory=True)
    (scans / "z.png").symlink_to(scans / "a" / "0.png")
    assert [item.path for item in items(str(scans))] == ["IM0001", *NAMES, "z.png"]


def test_the_same_of_a_file_url_and_of_another_store(scans, memory):
    assert [item.location for item in items(f"file://{scans}")] == [f"{scans}/{name}" for name in NAMES]
    memory.put(str(scans), "/set", recursive=True)
    found = list(items("memory://set"))
    assert [item.path for item in found] == NAMES
    assert {item.source for item in found} == {"memory://set"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_manifest_names_paths_relative_to_its_folder(scans, tmp_path, kind):
    paths, manifest = ["b/1.png", str(tmp_path / "x.png"), "s3://bucket/y.png"], scans / f"list.{kind}"
    if kind == "csv":
        manifest.write_text("site,path\n" + "".join(f"1,{path}\n" for path in paths))
    else:
        pyarrow.parquet.write_table(pa.table({"path": paths, "site": [1, 1, 1]}), manifest)
    found = list(items(str(manifest)))
    assert [item.path for item in found] == paths
    assert [item.location for item in found] == [f"{scans}/b/1.png", *paths[1:]]


def test_a_manifest_behind_a_url(memory):
    memory.pipe_file("/set/list.csv", b"path\na/0.png\n")
    assert [item.location for item in items("memory://set/list.csv")] == ["memory://set/a/0.png"]


def test_the_root_of_a_store(memory):
    memory.pipe_file("/list.csv", b"path\na.png\n")
    memory.pipe_file("/a.png", b"")
    assert [item.location for item in items("memory://list.csv")] == ["memory://a.png"]
    assert [item.location for item in items("memory://")] == ["memory://a.png"]


def test_a_manifest_of_numbers_keeps_their_zeros(tmp_path):
    (tmp_path / "list.csv").write_text("path\n0001\n")
    assert [item.path for item in items(str(tmp_path / "list.csv"))] == ["0001"]


def test_columns_of_a_manifest_that_are_not_used_may_hold_anything(tmp_path):
    numbers = "".join(f"{n}.png,{n:08d}\n" for n in range(100_000))  # more than the block that types are guessed by
    (tmp_path / "list.csv").write_bytes(f"path,site\n{numbers}".encode() + b"last.png,none\nodd.png,\xff\n")
    found = [item.path for item in items(str(tmp_path / "list.csv"))]
    assert len(found) == 100_002 and found[-2:] == ["last.png", "odd.png"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfpath,site\n1.png,2\n",
        b"\r\npath\r\n1.png\r\n",
        b'"site\nof it",path\nx,1.png\n',
        "path,gr\u00f6\u00dfe\n1.png,2".encode("latin-1"),
    ],
)
def test_a_manifest_as_other_programs_write_it(content, tmp_path):
    """A byte order mark; Windows' ends of lines, an empty one first; names in quotation marks; names in Latin-1."""
    (tmp_path / "list.csv").write_bytes(content)
    assert [item.path for item in items(str(tmp_path / "list.csv"))] == ["1.png"]


def test_a_manifest_of_names_alone_names_nothing(tmp_path):
    (tmp_path / "list.csv").write_text("path\n")
    assert list(items(str(tmp_path / "list.csv"))) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("list.csv", "file,site\n1.png,2\n", "list.csv: expected a column 'path'. Received: file, site."),
        ("list.csv", "gr\udcf6\udcdfe\n2\n", "expected a column 'path'. Received: names that are not UTF-8."),
        ("list.csv", "", "list.csv: the manifest cannot be read"),
        ("list.csv", "path,site\n1.png\n", "list.csv: the manifest cannot be read"),
        ("list.parquet", "path\n1.png\n", "list.parquet: the manifest cannot be read"),
        ("list.txt", "1.png\n", "list.txt: expected a folder, or a manifest"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path, name, content, sentence):
    (tmp_path / name).write_text(content, errors="surrogateescape")
    with pytest.raises(ConfigError, match=sentence):
        list(items(str(tmp_path / name)))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("/nowhere/at/all", "expected a folder, or a manifest"),
        ("nonsense://place", "nonsense://place: expected a path or a URL that can be opened"),
        ("ftp://me:secret@host/set", "expected one without a password"),
    ],
)
def test_a_source_that_is_none_is_refused_at_once(source, sentence):
    with pytest.raises(ConfigError, match=sentence) as told:
        items(source)
    assert "secret" not in str(told.value)
