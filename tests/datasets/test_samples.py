"""The scan that a stored result speaks of, where its data set is at hand."""

import hashlib

import pytest

from brain_core.datasets.samples import stored_scan


@pytest.fixture
def at_hand(set_environment, tmp_path, phantom_dataset):
    """A data set below BRAIN_DATA_DIR, as its download lies there: the id of one of its scans, and its checksum."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "navoneel").symlink_to(phantom_dataset)
    set_environment(BRAIN_DATA_DIR=tmp_path / "data")
    path = sorted((phantom_dataset / "yes").iterdir())[0]
    return f"yes/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_is_found_by_name_and_by_the_first_digits_of_its_checksum(at_hand):
    id, sha256 = at_hand
    assert stored_scan(id, sha256[:16]).sha256 == sha256
    assert stored_scan(id, sha256).sha256 == sha256


def test_another_file_of_that_name_is_not_it(at_hand):
    id, _ = at_hand
    assert stored_scan(id, "0" * 16) is None
    assert stored_scan(id, "") is None  # a record that holds no checksum


def test_what_is_not_there_or_cannot_be_read_is_none(at_hand, tmp_path):
    _, sha256 = at_hand
    assert stored_scan("yes/nothing.png", sha256) is None
    assert stored_scan("yes", sha256) is None
    bad = tmp_path / "data" / "bad.png"
    bad.write_bytes(b"bad")
    assert stored_scan("bad.png", hashlib.sha256(b"bad").hexdigest()) is None


def test_a_name_that_leads_out_of_the_data_set_is_not_followed(at_hand, tmp_path, encode, normal_scan):
    outside = tmp_path / "outside.png"
    outside.write_bytes(encode(normal_scan.pixels))
    sha256 = hashlib.sha256(outside.read_bytes()).hexdigest()
    assert stored_scan("../outside.png", sha256) is None and stored_scan(str(outside), sha256) is None
    (tmp_path / "data" / "inside.png").write_bytes(outside.read_bytes())
    assert stored_scan("inside.png", sha256).sha256 == sha256
