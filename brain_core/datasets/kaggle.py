"""The brief's data set from Kaggle, through kagglehub and with the user's own credentials."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from pathlib import Path

from brain_core.errors import DownloadError
from brain_core.settings import settings

_OWNER_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
NAVONEEL = "navoneel/brain-mri-images-for-brain-tumor-detection"
HOW_TO_GET_CREDENTIALS = (
    "Create an API token under 'Settings' of your Kaggle account and either put the kaggle.json it gives you into "
    "~/.kaggle/, or set KAGGLE_API_TOKEN (or KAGGLE_USERNAME and KAGGLE_KEY)."
)


def download_folder(source: str = NAVONEEL) -> Path:
    """Where `download` puts a data set.

    Raises:
        DownloadError: it is no ``owner/name``.
    """
    if not _OWNER_NAME.fullmatch(source):
        raise DownloadError(f"Kaggle data set: expected owner/name. Received: {source!r:.80}.")
    owner, name = source.split("/")
    return settings().home / "data" / (name if source == NAVONEEL else f"{owner}--{name}")


def download(source: str = NAVONEEL) -> Path:
    """Fetch a Kaggle data set, showing kagglehub's own progress bar on standard error.

    Args:
        source: ``owner/name`` as in the address of the data set's page.

    Returns:
        The folder with its files, below ``BRAIN_HOME``.

    Raises:
        DownloadError: no credentials, credentials refused, no such data set or no network; the message says which.
    """
    folder = download_folder(source)
    if not has_credentials():
        raise DownloadError(f"No Kaggle credentials were found. {HOW_TO_GET_CREDENTIALS}")
    import kagglehub  # slow to import, and of use here only
    import requests
    from kagglehub.exceptions import DataCorruptionError, KaggleApiHTTPError, UnauthenticatedError

    hidden = folder.with_name(f".{folder.name}")  # what broke off looks like a data set too
    try:
        shutil.rmtree(hidden, ignore_errors=True)
        kagglehub.dataset_download(source, output_dir=str(hidden))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(hidden, folder)
        return folder
    except UnauthenticatedError as error:
        raise DownloadError(f"Kaggle did not accept the credentials. {HOW_TO_GET_CREDENTIALS}") from error
    except KaggleApiHTTPError as error:
        raise DownloadError(_explain(source, error)) from error
    except (DataCorruptionError, zipfile.BadZipFile, ValueError) as error:
        raise DownloadError(f"What Kaggle sent of {source!r} is damaged ({error}); try again.") from error
    except (requests.RequestException, OSError) as error:
        raise DownloadError(
            f"Kaggle cannot be reached or the download broke off ({type(error).__name__}). Credentials were found; "
            "check the network, or download the data set in a browser and name its folder."
        ) from error


def has_credentials() -> bool:
    """Whether the environment or a file holds Kaggle credentials, by kagglehub's own rules."""
    from kagglehub.config import get_kaggle_credentials

    try:
        return get_kaggle_credentials() is not None
    except (OSError, ValueError, KeyError) as error:
        raise DownloadError(f"kaggle.json cannot be read ({error}). {HOW_TO_GET_CREDENTIALS}") from error


def _explain(source: str, error) -> str:
    status = getattr(error.response, "status_code", None)
    if status in (401, 403):
        return f"Kaggle did not accept the credentials (HTTP {status}). {HOW_TO_GET_CREDENTIALS}"
    if status == 404:
        return f"Kaggle has no data set {source!r}."
    return f"Kaggle answered with an error (HTTP {status}); try again later."
