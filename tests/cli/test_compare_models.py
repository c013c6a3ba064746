"""``models compare`` as a user types it, with a small version beside small models in service."""

import argparse
import json

import cv2
import pytest

from brain_core import versions
from brain_core.cli.compare_models import add_compare
from brain_core.datasets.index import load_dataset
from brain_core.errors import ConfigError, ModelError
from brain_core.evaluation.challenge_record import FILE_NAME, Comparison, read
from brain_core.scans.phantom import Lesion, Phantom, draw, lesion_mask
from tests.helpers import put_in_service
from tests.ui.service import bright_patch_network, in_service, service_files

__all__ = ["in_service", "service_files"]
NEW = "2026-01-02-new"


@pytest.fixture
def version(in_service, phantom_dataset, tmp_path):
    """A version whose test part are 16 scans, 8 of a class, and two that are elsewhere."""
    dataset = load_dataset(phantom_dataset)
    keys = [dataset.scans[i].sha256[:16] for i in (*range(8), *range(12, 20))] + ["x", "y"]
    rows = [{"sha256": key, "label": 1, "probability": 0.5, "group": i} for i, key in enumerate(keys)]
    network = bright_patch_network("custom_cnn", level=0.6, gain=120, offset=2)
    predictions = {"validation": [], "test": rows}
    put_in_service(tmp_path / "run", "custom_cnn", network, version=NEW, predictions=predictions)
    return versions.add("custom_cnn", tmp_path / "run")


def run(*arguments):
    parser = argparse.ArgumentParser()
    add_compare(parser.add_subparsers(required=True))
    options = parser.parse_args(["compare", *map(str, arguments)])
    return options.run(options)


def test_what_is_printed_is_what_lies_beside_the_version(version, phantom_dataset, set_environment, in_service, capsys):
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_GATE_MARGIN="0.5")
    assert run(NEW, phantom_dataset, "--format", "json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert Comparison.from_json(printed) == read(version.folder)
    assert (printed["challenger"]["version"], printed["champion"]["version"]) == (NEW, "test-1")
    assert (printed["n"], printed["tumours"], printed["left_out"]["absent"]) == (16, 8, 2)
    assert printed["gate"]["margin"] == 0.5


def test_the_table_holds_both_figures_what_is_left_out_and_the_gate(version, phantom_dataset, capsys):
    assert run(NEW, phantom_dataset, "--model", "custom_cnn") == 0
    text = capsys.readouterr().out
    found = read(version.folder)
    lines = text.splitlines()
    assert lines[:2] == [f"challenger custom_cnn {NEW}", "champion   custom_cnn test-1"]
    assert lines[2] == f"16 scans of {phantom_dataset.name}, 16 distinct, 8 with a tumour"
    assert "left out: 0 scans in 0 groups, as a model has seen them or a copy" in lines
    assert "  champion learned from it: 0 scans in 0 groups" in lines
    assert "not in the data set: 2 scans of the challenger's test part" in lines
    assert found.tests.sentence in lines
    assert any(line.startswith("Of all scans; the tests above and the gate below count one") for line in lines)
    (auc,) = [line for line in lines if line.startswith("ROC-AUC  ")]
    one, two = (card.metrics.roc_auc for card in (found.models.challenger, found.models.champion))
    assert f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" in auc
    assert auc.index(f"{two.value:.3f} ({two.low:.3f} to ") > auc.index(f"{one.value:.3f} (")
    assert sum(line.endswith("%") and "mirrored" in line for line in lines) == 2
    assert all(f"note: {note}" in lines for note in found.notes)
    assert lines[-1] == found.gate.text
    assert lines[-3].split() == ["passed" if found.gate.checks[0].passed else "NOT passed", "ROC-AUC"]


def test_outlined_tumours_say_where_the_heatmaps_point(version, phantom_dataset, tmp_path, capsys):
    for folder in ("images", "masks"):
        (tmp_path / "outlined" / folder).mkdir(parents=True)
    phantom = Phantom(seed=5, size=128, lesion=Lesion((0.68, 0.45), 0.2, 0.6))
    cv2.imwrite(str(tmp_path / "outlined/images/a.png"), draw(phantom).grey)
    cv2.imwrite(str(tmp_path / "outlined/masks/a.png"), lesion_mask(phantom) * 255)
    assert run(NEW, phantom_dataset, "--masks", tmp_path / "outlined") == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("heatmaps on 1 scans with outlined tumours")
    assert lines[start + 1].startswith("  challenger pointing game ")
    assert lines[start + 3].startswith("  champion   pointing game ")


def test_nothing_to_compare_is_printed_and_is_no_pass(version, tmp_path, phantom_dataset, capsys):
    other = tmp_path / "other"
    for name in ("yes", "no"):
        (other / name).mkdir(parents=True)
        path = sorted((phantom_dataset / name).iterdir())[-1]
        (other / name / path.name).write_bytes(path.read_bytes())
    assert run(NEW, other) == 0
    text = capsys.readouterr().out
    assert "0 scans of other, 0 distinct, 0 with a tumour" in text
    assert "Gate not passed (margin 0.02, n = 0). Nothing is compared: no scan" in text


def test_the_version_in_service_is_not_compared_with_itself(in_service, phantom_dataset):
    with pytest.raises(ConfigError, match="test-1 is in service: expected a version to compare with it"):
        run("test-1", phantom_dataset)
    assert not (in_service / FILE_NAME).exists()


def test_a_version_that_is_not_there_is_refused_with_what_is(version, phantom_dataset):
    with pytest.raises(ModelError, match=f"expected one of test-1, {NEW}. Received: 'other'"):
        run("other", phantom_dataset)


def test_the_shipped_version_is_compared_but_its_folder_stays_as_it_is(version, in_service, phantom_dataset, capsys):
    versions.promote("custom_cnn", NEW, who="Dr A", reason="test")
    before = sorted(path.name for path in in_service.iterdir())
    assert run("test-1", phantom_dataset) == 0
    assert capsys.readouterr().out.startswith(f"challenger custom_cnn test-1\nchampion   custom_cnn {NEW}\n")
    assert sorted(path.name for path in in_service.iterdir()) == before
