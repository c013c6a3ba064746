"""Fixtures that all tests share: phantoms instead of patients, and settings of their own."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brain_core import settings as settings_module
from brain_core.scans import Scan
from brain_core.scans.phantom import Lesion, Phantom, draw, write_dataset
from tests.needed import lacking

DATA_DIR = os.environ.get("BRAIN_DATA_DIR")  # read before a test sets an environment of its own
FIRST = {"training", "jobs"}  # folders of few tests that take long: begun last, one process would go on alone


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: FIRST.isdisjoint(item.path.parts))


@pytest.fixture(autouse=True)
def set_environment(monkeypatch, tmp_path) -> Callable[..., settings_module.Settings]:
    """Settings of the test alone, writing below ``tmp_path``; call it with BRAIN_… variables to set more."""
    for name in [name for name in os.environ if name.startswith("BRAIN_")]:
        monkeypatch.delenv(name)

    def change(**variables: object) -> settings_module.Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        settings_module.settings.cache_clear()
        return settings_module.settings()

    change(BRAIN_HOME=tmp_path / "var")
    yield change
    settings_module.settings.cache_clear()


@pytest.fixture
def settings(set_environment) -> settings_module.Settings:
    """The settings in force during the test."""
    return settings_module.settings()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real scans; without one the test is skipped, or fails where everything is required."""
    if not DATA_DIR:
        lacking("BRAIN_DATA_DIR is not set: no real scans to test on.")
    return Path(DATA_DIR)


@pytest.fixture(scope="session")
def normal_scan() -> Scan:
    """A phantom without a lesion."""
    return draw(Phantom(seed=1))


@pytest.fixture(scope="session")
def lesion_phantom() -> Phantom:
    """A phantom with a bright lesion on the right."""
    return Phantom(seed=3, lesion=Lesion((0.70, 0.36), 0.20, 0.40))


@pytest.fixture(scope="session")
def phantom_dataset(tmp_path_factory) -> Path:
    """A yes/no folder of 2 x 12 distinct phantoms; do not write into it."""
    return write_dataset(tmp_path_factory.mktemp("phantoms"), 12, seed=0, size=128)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory) -> Path:
    """Both models in service, as networks of a few hundred weights; do not write into it."""
    from tests.helpers import put_in_service  # brings TensorFlow, which few tests need

    folder = tmp_path_factory.mktemp("service")
    put_in_service(folder, "custom_cnn")
    put_in_service(folder, "resnet50")
    return folder


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """``encode(picture, format, **options)``: a numpy array or Pillow image as the bytes of a file."""

    def encoded(picture, format: str = "PNG", **options) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        return buffer.getvalue()

    return encoded
