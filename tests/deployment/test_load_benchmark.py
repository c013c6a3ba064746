"""The load benchmark: what it reads off the page, and what it calls wrong, lost and doubled."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from brain_core import audit
from brain_core.operating_points import OperatingPoint
from brain_core.store import keys, predictions
from brain_core.store.records import Kind, PredictionRow, Source, new_id, now
from brain_core.ui import model_card
from tests.deployment.reading import PROJECT

BENCHMARKS = PROJECT / "benchmarks"
FIXED = OperatingPoint(0.5, "default", "not fitted")


def load(name: str) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.fixture
def client() -> Iterator[ModuleType]:
    yield from load("streamlit_client")


@pytest.fixture
def checks() -> Iterator[ModuleType]:
    yield from load("load_checks")


def page(client, *bodies: str):
    from streamlit.proto.Element_pb2 import Element

    found = client.Page()
    for place, body in enumerate(bodies):
        found.elements[0, place] = Element()
        found.elements[0, place].html.body = body
    return found


def test_it_reads_what_the_page_writes(client):
    answer = model_card.framed("ResNet50", "v1", model_card.answer(0.7316, "tumor", FIXED))
    other = model_card.framed("Custom CNN", "v2", model_card.answer(0.0004, "no tumor", FIXED))
    assert page(client, "<div>0.999</div>", answer, other).shown() == {"ResNet50": "0.732", "Custom CNN": "0.000"}
    assert page(client, "<div>Scoring…</div>").shown() == {}


def test_an_answer_unlike_the_single_sessions_is_wrong(checks):
    reference = checks.references([checks.Answer(3, {"A": "0.100", "B": "0.200"}, 1.0, 0.0)])
    same, other = ({"A": "0.100", "B": value} for value in ("0.200", "0.201"))
    answers = [checks.Answer(3, shown, 1.0, 0.0) for shown in (same, other, {"A": "0.100"})]
    assert checks.wrong(answers, reference) == 2


def row(picture, model: str, probability: float) -> PredictionRow:
    key = keys.scan_key(picture.sha256)
    label = "tumor" if probability >= 0.5 else "no tumor"
    common = (key, key, Kind.SLICE, Source.UPLOAD, model, "v1", 64 * "0")
    return PredictionRow(new_id(), now(), "local", *common, probability, 0.5, label, (), 0.1)


@pytest.fixture
def pictures(checks, settings) -> list:
    return [checks.Picture(f"{digit}.png", b"", 64 * digit) for digit in "ab"]


def shown(checks, picture: int, a: float, b: float):
    return checks.Answer(picture, {"A": f"{a:.3f}", "B": f"{b:.3f}"}, 1.0, 0.0)


def test_rows_that_are_those_shown_are_good(checks, pictures):
    started = now()
    first, second = pictures
    stored = [row(first, "a", 0.1), row(first, "b", 0.9), row(second, "a", 0.3), row(second, "b", 0.4)]
    predictions.add([*stored, row(first, "a", 0.1), row(first, "b", 0.9)], event=audit.Event("prediction", "local", {}))
    answers = [shown(checks, 0, 0.1, 0.9), shown(checks, 1, 0.3, 0.4), shown(checks, 0, 0.1, 0.9)]
    found = checks.rows(started, pictures, answers)
    assert found.good and (found.found, found.expected, found.audit_entries, found.chain) == (6, 6, 1, "holds")


def test_rows_that_are_not_are_told_apart(checks, pictures):
    started = now()
    first, second = pictures
    predictions.add([row(first, "a", 0.1), row(first, "b", 0.9), row(first, "b", 0.9001), row(second, "b", 0.2)])
    found = checks.rows(started, pictures, [shown(checks, 0, 0.1, 0.9), shown(checks, 1, 0.3, 0.2)])
    assert (found.lost, found.doubled, found.wrong, found.unlike_shown) == (1, 1, 1, 1)
    assert not found.good


def test_an_empty_store_has_lost_them_all(checks, pictures):
    found = checks.rows(now(), pictures, [shown(checks, 0, 0.1, 0.9)])
    assert (found.found, found.expected, found.lost) == (0, 2, 2) and not found.good
