"""From a trained model to its card: cross-validation, localisation and the numbers of both in a document."""

import json

import cv2
import pytest

from brain_core import settings as settings_module
from brain_core.cli import main
from brain_core.models import Architecture
from brain_core.registry import CROSS_VALIDATION, LOCALISATION, read_results
from brain_core.scans.phantom import Lesion, Phantom, draw, lesion_mask
from tests.helpers import put_in_service
from tests.jobs.tiny_brain import BUILD

TUMOR = Lesion((0.70, 0.36), 0.20, 0.40)


@pytest.fixture(scope="module")
def outlined(tmp_path_factory):
    """Three phantoms with the masks of their lesions."""
    folder = tmp_path_factory.mktemp("outlined")
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for seed in range(3):
        phantom = Phantom(seed=seed, lesion=TUMOR)
        cv2.imwrite(str(folder / "images" / f"{seed}.png"), draw(phantom).grey)
        cv2.imwrite(str(folder / "masks" / f"{seed}.png"), lesion_mask(phantom).astype("uint8") * 255)
    return folder


@pytest.fixture(scope="module")
def cards(phantom_dataset, outlined, tmp_path_factory):
    """What the four commands leave, run one after the other: the folder of service, the record and both cards."""
    service, docs = tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAIN_MODELS_DIR", str(service))
        patch.setenv("BRAIN_HOME", str(service / "var"))
        patch.setattr(Architecture, "build", BUILD)
        settings_module.settings.cache_clear()
        short = ["--epochs-head", "0", "--epochs-finetune", "1", "--lr-finetune", "0.001", "--model", "custom_cnn"]
        assert main(["train", str(phantom_dataset), *short, "--run-dir", str(service)]) == 0
        card = json.loads((service / "custom_cnn_fixed.json").read_text())
        put_in_service(service, "resnet50", **{k: v for k, v in card.items() if k not in ("model", "sha256")})
        evaluate = ["evaluate", str(phantom_dataset), "--model", "custom_cnn", "--protocol", "cv", "--repeats", "1"]
        assert main([*evaluate, "--store"]) == 0
        assert main(["localise", str(outlined), "--model", "custom_cnn", "--store"]) == 0
        assert main(["models", "cards", "--output", str(docs)]) == 0
        stored = read_results(CROSS_VALIDATION), read_results(LOCALISATION)
    settings_module.settings.cache_clear()
    written = {path.stem.removeprefix("model_card_"): path.read_text() for path in docs.iterdir()}
    return card, *stored, written


def test_the_record_is_of_the_settings_in_service(cards):
    card, record, _, _ = cards
    assert record["setups"]["custom_cnn"]["training"] == card["training"]
    assert record["setups"]["custom_cnn"]["preprocessing"] == card["preprocessing"]
    assert record["data"]["n"] == 24


def test_the_card_holds_the_stored_figures(cards):
    card, record, found, written = cards
    text = written["custom_cnn"]
    assert card["version"] in text
    assert card["sha256"] in text
    auc = record["rows"]["custom_cnn"]["at"]["balanced_accuracy"]["roc_auc"]
    assert f"| ROC-AUC | {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}) |" in text
    pointing = found["rows"][0]["pointing"]
    assert f"| custom_cnn | {pointing['value']:.3f} ({pointing['low']:.3f} to {pointing['high']:.3f})" in text
    test = card["metrics"]["test"]
    assert f"n = {test['n']} ({test['groups']} groups, {test['positives']} with a tumour)" in text
    for name in ("metadata only", "32x32 thumbnail", "majority class"):
        assert name in text
    for section in ("Intended use", "Training data", "Calibration", "Subgroups", "Failure cases", "Where it looks"):
        assert f"## {section}" in text


def test_a_card_without_stored_results_names_the_commands(cards):
    text = cards[3]["resnet50"]
    assert "evaluate DATASET --protocol cv --store" in text
    assert "localise FOLDER --store" in text
    assert "Subgroups" not in text


def test_localisation_measures_baselines_beside_the_model(cards):
    found = cards[2]
    assert [row["source"] for row in found["rows"]] == ["custom_cnn", "centre of the head", "random map"]
    assert found["n"] == 3
    assert [(row["source"], row["n"] + row["left_out"]) for row in found["erased"]] == [("custom_cnn", 3)]
    assert "With the tumour erased (the healthy side of the head" in cards[3]["custom_cnn"]


def test_folder_without_masks_is_refused(models_dir, set_environment, tmp_path, capsys):
    set_environment(BRAIN_MODELS_DIR=models_dir)
    assert main(["localise", str(tmp_path)]) == 1
    assert "expected the folders images and masks" in capsys.readouterr().err
