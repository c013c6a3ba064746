"""The download up to the network: the real kagglehub, with the network taken away or its answers replaced."""

import kagglehub
import pytest
import requests
from kagglehub.exceptions import KaggleApiHTTPError, UnauthenticatedError

from brain_core.datasets import kaggle
from brain_core.errors import DownloadError


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "token-of-a-test")


def answer(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(kagglehub, "dataset_download", fail)


def test_download_goes_below_brain_home(credentials, monkeypatch, settings):
    asked = {}
    monkeypatch.setattr(
        kagglehub, "dataset_download", lambda handle, output_dir: asked.update(h=handle, o=output_dir) or output_dir
    )
    folder = kaggle.download()
    assert asked["h"] == "navoneel/brain-mri-images-for-brain-tumor-detection"
    assert folder == settings.home / "data" / "brain-mri-images-for-brain-tumor-detection"


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


def test_source_must_be_owner_and_name():
    with pytest.raises(DownloadError, match="expected owner/name. Received: 'navoneel'"):
        kaggle.download("navoneel")
