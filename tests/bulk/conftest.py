"""What tests of bulk scoring share: a folder of phantoms, and the model that scores them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.dataset
import pytest

from brain_core.bulk import job, local, scoring


@pytest.fixture
def scans(tmp_path, phantom_dataset) -> Path:
    """A tree of 6 phantoms and a file that is none; to be changed at will."""
    folder = tmp_path / "scans"
    for number, path in enumerate(sorted((phantom_dataset / "yes").iterdir())[:6]):
        target = folder / "ab"[number % 2] / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (folder / "a" / "notes.txt").write_text("no scan")
    return folder


@pytest.fixture
def service(models_dir, set_environment) -> tuple[scoring.ModelInUse, ...]:
    """The small custom CNN, in service."""
    set_environment(BRAIN_MODELS_DIR=models_dir)
    return scoring.in_use(["custom_cnn"])


@pytest.fixture
def run(service) -> Callable[..., job.Summary]:
    """``run(source, out, **options)`` in this process, in shards of 2."""

    def scored(source, out, models=service, **options) -> job.Summary:
        return job.run(str(source), str(out), models, local.run, **{"shard": 2} | options)

    return scored


@pytest.fixture
def table() -> Callable[[object], list[dict]]:
    """``table(out)``: all rows as a reader of the data set finds them."""

    def read(out) -> list[dict]:
        return pyarrow.dataset.dataset(str(out), partitioning="hive").to_table().to_pylist()

    return read
