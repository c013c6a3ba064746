"""What a visitor does on the Retrain page, and the data, runs and versions that tests of it begin with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from brain_core import versions
from brain_core.datasets.index import load_dataset
from brain_core.evaluation import challenge_record
from brain_core.evaluation.challenge_parts import Contender, LeftOut, Scorecard, Scorecards, Source
from brain_core.evaluation.challenge_record import Comparison
from brain_core.evaluation.gate import Gate
from brain_core.jobs import index
from brain_core.jobs.folder import Folder
from brain_core.jobs.record import State
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.ui.retrain import checking, chosen, remaining
from brain_core.ui.retrain.chosen import Chosen
from tests.helpers import put_in_service, tiny_network
from tests.pages.steps import PROJECT, assert_no_failure, words

CNN = "custom_cnn"
KNOWN_TRAIN, KNOWN_TEST = range(0, 3), range(20, 22)  # positions of the scans that `know` makes known
NOBODY = 2**22 + 1  # above the largest number of a process


def open_retrain(**parameters: object) -> AppTest:
    """The page by itself, at an address."""
    return again(_page(**parameters))


def _page(**parameters: object) -> AppTest:
    page = AppTest.from_file(PROJECT / "pages" / "4_Retrain.py", default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = str(value)
    return page


def open_data(folder: Path, *, inherit: bool = True) -> AppTest:
    """Step 1 once the folder has been looked at."""
    assert checking.of(folder, inherit=inherit).settled.wait(60)
    return open_retrain(step="data", folder=folder)


def open_settings(folder: Path, *, inherit: bool = True) -> AppTest:
    """Step 2 with all of these data, as step 1 hands them on."""
    found = checking.of(folder, inherit=inherit)
    assert found.settled.wait(60)
    left = remaining.without(found, ())
    page = _page(step="settings")
    page.session_state[chosen.KEY] = Chosen(folder, left.scans, left.distinct, left.sizes, inherit, ())
    return again(page)


def again(page: AppTest) -> AppTest:
    """Run it; whatever happens, nothing fails and nothing is said in Streamlit's own words."""
    page.run()
    assert_no_failure(page)
    assert not page.warning and not page.error
    return page


def buttons(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return again(page)


def choose(page: AppTest, key: str, option) -> AppTest:
    """One of a row of choices."""
    page.segmented_control(key=key).set_value(option)
    return again(page)


def said(page: AppTest) -> str:
    """All that stands on the page as text of ours, without tags."""
    return " ".join([words(page), *(each.value for each in (*page.caption, *page.markdown, *page.text))])


def know(models_dir: Path, data: Path) -> None:
    """The custom CNN in service has learned from `KNOWN_TRAIN` and has `KNOWN_TEST` under lock."""
    keys = [scan.key for scan in load_dataset(data).scans]
    path = (models_dir / MODELS[CNN].file_name).with_suffix(".json")
    rows = [{"sha256": keys[i], "label": 1, "probability": 0.5, "group": i} for i in KNOWN_TEST]
    known = {
        "data": {"train_sha256": [keys[i] for i in KNOWN_TRAIN]},
        "predictions": {"validation": [], "test": rows},
    }
    path.write_text(json.dumps(json.loads(path.read_text()) | known))


def with_conflict(phantoms: Path, folder: Path, copies: int = 1) -> Path:
    """A copy of a data set in which the first pictures of yes/ lie in no/ as well, under hostile names."""
    shutil.copytree(phantoms, folder)
    for number, path in enumerate(sorted((folder / "yes").iterdir())[:copies]):
        shutil.copyfile(path, folder / "no" / f"zz**{number}** <b>.png")
    return folder


def make_run(number: int, status: str, *, words: tuple[str, ...] = (), log: str = "", **state) -> Folder:
    """A run's folder as its process left it, which is gone; later numbers are later runs."""
    path = index.runs_dir() / f"20260101-00000{number}-000-0000"
    words = ("train", "/data", "--model", CNN, *words)
    folder = index.create(path, words, cwd="/", models=[CNN], data="phantoms", who="A. Reader")
    made = State(status, pid=NOBODY, process_started=1.0, started="2026-01-01T00:00:00+00:00")
    folder.write_state(replace(made, **state))
    folder.log.write_text(log)
    return folder


def add_version(version: str, place: Path, **changes) -> versions.Version:
    """A retrained custom CNN of a few hundred weights among the versions."""
    put_in_service(place / version, CNN, tiny_network(CNN, seed=len(version)), version=version, **changes)
    return versions.add(CNN, place / version)


def write_gate(version: versions.Version, *, passed: bool, text: str, champion: str) -> None:
    """A stored comparison that says little more than the gate's decision."""
    nothing = Scorecard(None, version.card().operating_point.threshold, "default")
    found = Comparison(
        challenger=Contender(CNN, version.version, version.sha256),
        champion=Contender(CNN, champion, read_card(CNN).sha256),
        data=Source("phantoms", "0"),
        n=0, groups=0, tumours=0,
        left_out=LeftOut(0, 0, 0, {}),
        models=Scorecards(nothing, nothing),
        tests=None, robustness=None, baselines=(), pointing=None,
        gate=Gate(passed, 0.02, text, ()),
        notes=(), predictions=(), created="2026-01-02T00:00:00+00:00",
    )  # fmt: skip
    challenge_record.write(found, version.folder)


def metrics(page) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


@pytest.fixture
def service(in_service, phantom_dataset, tmp_path, set_environment):
    """Both models in service; data sets may lie in the test's folder and where the phantoms are."""
    roots = f"{tmp_path}:{phantom_dataset.parent}"
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_HOME=tmp_path / "home", BRAIN_DATA_ROOTS=roots)
    return in_service
