"""The download up to the network: the real kagglehub, with the network taken away or its answers replaced."""

import os
import re
import zipfile
from pathlib import Path

import kagglehub
import pytest
import requests
from kagglehub.exceptions import KaggleApiHTTPError, UnauthenticatedError

from brain_core.datasets import kaggle, sources
from brain_core.errors import DownloadError


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "token-of-a-test")


def answer(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(kagglehub, "dataset_download", fail)


def write_there(handle, output_dir):
    folder = Path(output_dir) / "yes"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(handle.encode())


def test_download_goes_below_brain_home(credentials, monkeypatch, settings):
    monkeypatch.setattr(kagglehub, "dataset_download", write_there)
    folder = kaggle.download()
    assert folder == settings.home / "data" / "brain-mri-images-for-brain-tumor-detection"
    assert (folder / "yes" / "1.png").read_bytes() == b"navoneel/brain-mri-images-for-brain-tumor-detection"
    assert os.listdir(settings.home / "data") == [folder.name]


def test_a_download_that_breaks_off_leaves_what_was_there_and_nothing_that_looks_like_data(
    credentials, monkeypatch, settings
):
    monkeypatch.setattr(kagglehub, "dataset_download", write_there)
    before = kaggle.download("a/b")

    def break_off(handle, output_dir):
        write_there("half", output_dir)
        raise requests.ConnectionError("reset")

    monkeypatch.setattr(kagglehub, "dataset_download", break_off)
    with pytest.raises(DownloadError, match="broke off"):
        kaggle.download("a/b")
    assert (before / "yes" / "1.png").read_bytes() == b"a/b"
    with pytest.raises(DownloadError):
        kaggle.download("a/c")
    assert sources.data_sets() == [] and not kaggle.download_folder("a/c").exists()
    monkeypatch.setattr(kagglehub, "dataset_download", write_there)
    assert kaggle.download("a/c").is_dir()  # what broke off is in nobody's way


def test_damaged_answer_is_told(credentials, monkeypatch):
    answer(monkeypatch, zipfile.BadZipFile("no zip"))
    with pytest.raises(DownloadError, match="sent of 'a/b' is damaged .no zip.; try again"):
        kaggle.download("a/b")


def test_no_network_is_told_from_no_credentials(credentials, monkeypatch):
    answer(monkeypatch, requests.ConnectionError("name resolution failed"))
    with pytest.raises(DownloadError, match="cannot be reached.*Credentials were found"):
        kaggle.download()


def test_refused_credentials(credentials, monkeypatch):
    answer(monkeypatch, UnauthenticatedError())
    with pytest.raises(DownloadError, match="did not accept the credentials"):
        kaggle.download()


@pytest.mark.parametrize(
    ("status", "message"), [(403, "did not accept"), (404, "no data set 'a/b'"), (503, r"HTTP 503\); try again")]
)
def test_http_errors(credentials, monkeypatch, status, message):
    response = requests.Response()
    response.status_code = status
    answer(monkeypatch, KaggleApiHTTPError("failed", response=response))
    with pytest.raises(DownloadError, match=message):
        kaggle.download("a/b")


def test_damaged_kaggle_json_is_named(monkeypatch, tmp_path):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "kaggle.json").write_text("{")
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match=r"kaggle\.json cannot be read"):
        kaggle.download()


@pytest.mark.parametrize("source", ["navoneel", "", "a/b/c", "a/..", "../b", "a/.b", "a b/c", "a/"])
def test_source_must_be_owner_and_name(source, credentials, monkeypatch):
    monkeypatch.setattr(kagglehub, "dataset_download", write_there)
    with pytest.raises(DownloadError, match=re.escape(f"expected owner/name. Received: {source!r}.")):
        kaggle.download(source)


def test_sets_of_one_name_by_two_owners_do_not_meet():
    assert kaggle.download_folder("a/x") != kaggle.download_folder("b/x")
