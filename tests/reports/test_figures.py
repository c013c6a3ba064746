"""What the figures show: curves against scikit-learn, counts by hand, titles, axes, n, and what is missing."""

import json

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image
from sklearn.metrics import roc_auc_score, roc_curve

from brain_core.datasets.samples import phantoms, samples
from brain_core.evaluation.stored_results import TEST
from brain_core.models import MODELS
from brain_core.reports.figures import confusion_matrix, gradcam_heatmaps, sample_images, style, training_history
from brain_core.reports.figures import roc_curve as roc_figure
from brain_core.reports.figures.gradcam_heatmaps import Explained, explain
from brain_core.reports.stored import NotAvailable, Stored, read_stored
from brain_core.scored import Scored
from tests.reports.stored_results import LABELS, SCORES, card, figures, history, record, rows, stored
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]
ONE_CLASS = {"predictions": {"test": rows([0.9] * 14, [1] * 14)}}
UNSCORED = {"predictions": {"test": [row | {"probability": None} for row in rows(SCORES["resnet50"])]}}


def texts(figure) -> str:
    """All that is written in it, on one line, however it was wrapped."""
    return " ".join(" ".join(text.get_text().split()) for text in figure.findobj(Text) if text.get_visible())


def lines(axes) -> dict:
    return {line.get_label().split(":")[0]: line for line in axes.lines}


def test_roc_curves_are_those_of_scikit_learn():
    test = roc_figure.draw(stored()).axes[0]
    for name, model in MODELS.items():
        x, y, _ = roc_curve(LABELS, SCORES[name])
        np.testing.assert_array_equal(lines(test)[model.title].get_data(), (x, y))


def test_roc_names_axes_n_auc_and_interval():
    figure = roc_figure.draw(stored(cross_validation=record()))
    written = texts(figure)
    assert "Custom CNN: AUC 0.833 (" in written  # 10 of 12 pairs in order, in either half and across
    assert "ResNet50: AUC 1.000 (1.000 to 1.000)" in written
    assert "Locked test n = 14, 8 with tumour" in written
    assert "Cross-validation mean of 2 x 5 folds, n = 14, 8 with tumour" in written
    assert "ResNet50: AUC 0.875 (0.700 to 1.000)" in written
    for words in ("False-positive rate (1 − specificity)", "True-positive rate (sensitivity)", "chance: AUC 0.5"):
        assert words in written


def test_of_too_few_distinct_scans_no_interval_is_shown():
    few = stored(predictions={"test": rows(SCORES["resnet50"][:7], LABELS[:7])})
    assert "AUC 1.000 (interval not computed: fewer than 10 distinct scans)" in texts(roc_figure.draw(few))
    assert [text.get_text() for text in confusion_matrix.draw(few).axes[0].texts][1::2][0] == "100.0 %"


def test_curves_of_a_cross_validation_are_of_the_first_scored_scan_of_each_group():
    scans = record()["scans"]
    copies = [
        scans[0] | {"label": 0, "probability": {"resnet50": [0.0, None]}},  # lacks a repeat
        *scans,
        scans[4] | {"probability": {"resnet50": [1.0, 1.0]}},  # of a group that is there already
    ]
    drawn, expected = (
        lines(roc_figure.draw(stored(cross_validation=record(scans=each))).axes[1])["ResNet50"].get_data()
        for each in (copies, scans)
    )
    np.testing.assert_array_equal(drawn, expected)


def test_operating_point_lies_on_the_curve():
    """Custom CNN at 0.5: six of eight tumours found, two of six others an alarm."""
    (point,) = [
        line for line in roc_figure.draw(stored()).axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())
    ][:1]
    np.testing.assert_allclose(np.ravel(point.get_data()), (1 / 3, 3 / 4))


def test_mean_curve_has_the_mean_area():
    labels = np.array([0, 1] * 20)
    repeats = np.random.default_rng(0).random((4, 40)) + 0.3 * labels
    x, y = roc_figure.mean_curve(Scored.of(labels, repeats))
    area = np.trapezoid(y, x)
    assert area == pytest.approx(np.mean([roc_auc_score(labels, each) for each in repeats]), abs=0.01)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)


def test_majority_class_is_the_chance_line_alone():
    """And a baseline is thinner than a model."""
    more = record()
    more["rows"]["majority class"] = more["rows"]["metadata only"]
    drawn = lines(roc_figure.draw(stored(cross_validation=more)).axes[1])
    assert set(drawn) == {"ResNet50", "metadata only", "Custom CNN", "chance"}
    assert drawn["metadata only"].get_linewidth() < drawn["ResNet50"].get_linewidth()


def test_confusion_counts_are_those_by_hand():
    """Custom CNN: tumours 0.9 0.8 0.6 found, 0.4 missed; of the others 0.7 is an alarm. ResNet50 calls 0.5 a tumour.

    All twice.
    """
    cnn, resnet = confusion_matrix.draw(stored()).axes
    assert [text.get_text() for text in cnn.texts][::2] == ["6", "2", "2", "4"]
    assert [text.get_text() for text in resnet.texts][::2] == ["8", "0", "2", "4"]
    assert [text.get_text().split("\n")[0] for text in cnn.texts][1::2] == ["75.0 %", "25.0 %", "33.3 %", "66.7 %"]
    assert cnn.get_title() == "Custom CNN, threshold 0.500\nn = 14, 8 with tumour"
    assert (cnn.get_xlabel(), cnn.get_ylabel()) == ("Model's label", "Reference standard")


def test_interval_of_a_miss_mirrors_that_of_a_find():
    found = stored().part("custom_cnn", TEST).metrics().recall
    cnn = confusion_matrix.draw(stored()).axes[0]
    low, high = 100 * (1 - found.high), 100 * (1 - found.low)
    assert cnn.texts[3].get_text() == f"25.0 %\n({low:.0f} to {high:.0f} %)"


def test_history_holds_both_phases_one_after_the_other():
    figure = training_history.draw(stored())
    loss, accuracy, auc = figure.axes[:3]
    values = [epoch["val_auc"] for epoch in history(3) + history(2)]
    np.testing.assert_array_equal(lines(auc)["validation"].get_data(), ([1, 2, 3, 4, 5], values))
    assert [text.get_text() for text in loss.texts] == ["phase 1", "phase 2"]
    assert accuracy.get_title() == "Custom CNN: n = 3 training, n = 14 validation"
    assert {axes.get_xlabel() for axes in figure.axes} == {"Epoch"}
    assert auc.get_ylabel() == "ROC-AUC"


def test_long_history_of_one_phase():
    figure = training_history.draw(stored(history={"phase 1": history(170)}))
    assert "phase 2" not in texts(figure)
    assert len(lines(figure.axes[0])["training"].get_xdata()) == 170


@pytest.mark.parametrize(
    ("draw", "changes", "message"),
    [
        (training_history.draw, {"history": None}, "not stored: training history"),
        (training_history.draw, {"history": {}}, "not stored: training history"),
        (training_history.draw, {"history": {"phase 1": [{"loss": 1, "val_loss": 1}]}}, "not stored: auc of the tr"),
        (training_history.draw, {"data": None, "predictions": None}, "Custom CNN: n not stored"),
        (
            confusion_matrix.draw,
            {"predictions": None},
            "not stored: predictions of the locked test (python -m brain_core train DATASET)",
        ),
        (confusion_matrix.draw, ONE_CLASS, "not computed: no such scan"),
        (confusion_matrix.draw, UNSCORED, "not computed: no scan has a prediction"),
        (
            confusion_matrix.draw,
            {"predictions": {"test": [{"label": 2}]}},
            "test predictions is damaged: expected labels",
        ),
        (roc_figure.draw, {"predictions": {"test": []}}, "ResNet50: not stored: predictions of the locked test"),
        (
            roc_figure.draw,
            {"predictions": {"test": 3}},
            "not computed: resnet50 test-resnet50, test predictions is dam",
        ),
        (roc_figure.draw, ONE_CLASS, "not computed: only one class (n = 14)"),
        (roc_figure.draw, UNSCORED, "ResNet50: not computed: no scan has a prediction"),
        (roc_figure.draw, {}, "not stored: cross-validation (python -m brain_core evaluate DATASET"),
        (roc_figure.draw, {"cross_validation": record(scans=[])}, "not stored: cross-validated probabilities"),
        (roc_figure.draw, {"cross_validation": record()}, "Custom CNN: not stored"),
        (roc_figure.draw, {"cross_validation": record(rows={"resnet50": {}})}, "ResNet50: AUC not stored"),
    ],
)
def test_what_is_missing_is_said_in_its_place(draw, changes, message):
    written = texts(draw(stored(**changes)))
    assert message in written
    assert "nan" not in written.lower().split()


def test_a_model_out_of_service_leaves_the_other():
    one = Stored({"resnet50": card("resnet50")}, {"custom_cnn": "custom_cnn_fixed.json is missing"}, {})
    for draw in (training_history.draw, confusion_matrix.draw, roc_figure.draw):
        written = texts(draw(one))
        assert "not stored: custom_cnn_fixed.json is missing" in written
        assert "n = 14" in written


def test_groups_are_optional_in_old_records():
    old = [{key: value for key, value in row.items() if key != "group"} for row in rows(SCORES["resnet50"])]
    part = stored(predictions={"test": old}).part("resnet50", TEST)
    assert part.metrics().groups == 14
    assert stored().part("resnet50", TEST).metrics().groups == 13


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "expected JSON"),
        ("[1]", "expected a table. Received: [1]"),
        (json.dumps(record(scans=[1])), "expected a table. Received: 1"),
        (json.dumps(record(protocol=[5])), "expected figures. Received: 'list'"),
        (json.dumps(record(rows=["resnet50"])), "expected figures. Received: 'list'"),
        (json.dumps(record(rows={"resnet50": {"at": {"default": {"n": 7}}}})), "a stored record of figures"),
        (
            json.dumps(record(rows={"resnet50": {"at": {"default": figures(([0.5] * 14,)) | {"f1": 1}}}})),
            "not subscript",
        ),
        (
            json.dumps(record(rows={"resnet50": {"at": {"default": figures(([0.5] * 14,)) | {"groups": "x"}}}})),
            "numbers",
        ),
        (json.dumps(record(rows={"resnet50": {"optimised_against_default": {"f1": {"value": "x"}}}})), "format code"),
    ],
)
def test_a_damaged_record_is_named_with_the_way_to_mend_it(in_service, text, expected):
    (in_service / "results").mkdir()
    (in_service / "results" / "cross_validation.json").write_text(text)
    found = read_stored()
    with pytest.raises(
        NotAvailable, match="^not computed: stored cross-validation is damaged: expected .*--store$"
    ) as e:
        found.cross_validated()
    assert expected in str(e.value)
    assert set(found.cards) == set(MODELS)


def test_samples_show_phantoms_as_such():
    written = texts(sample_images.draw(phantoms()))
    assert "Synthetic phantoms, of no patient; reference standard as drawn (n = 6)" in written
    assert "A ▲ Tumour" in written
    assert "T2, small lesion, 256 × 256 pixels" in written
    assert written.count("● No tumour") == 2


def test_samples_show_real_scans_with_their_reference(phantom_dataset):
    found = samples(phantom_dataset)
    written = texts(sample_images.draw(found))
    assert f"Scans of the data set {phantom_dataset.name!r}; reference standard from its folders (n = 6)" in written
    assert (written.count("▲ Tumour"), written.count("● No tumour")) == (3, 3)
    assert "lesion" not in written


def test_fewer_samples_than_a_row():
    figure = sample_images.draw(phantoms()[:2])
    assert len(figure.axes) == 2
    assert "(n = 2)" in texts(figure)


def test_overlays_stand_below_their_scans(in_service):
    shown = phantoms()
    explained = explain(read_stored(), shown)
    figure = gradcam_heatmaps.draw(shown, explained)
    grid = np.array(figure.axes[:18]).reshape(3, 6)
    for column, sample in enumerate(sample_images.in_order(shown)):
        prediction = explained.predictions["resnet50"][shown.index(sample)]
        np.testing.assert_array_equal(grid[0, column].images[0].get_array(), sample.scan.rgb)
        np.testing.assert_array_equal(grid[2, column].images[0].get_array(), prediction.overlay_on(sample.scan))
        assert f"{prediction.probability:.2f}" in grid[2, column].get_title()
    assert "ResNet50 threshold 0.400" in texts(figure)
    assert "share of the map's highest value" in texts(figure)
    assert gradcam_heatmaps.FOOTNOTE not in texts(figure)


def test_training_scans_are_marked(in_service):
    shown = phantoms()[:2]
    found = explain(read_stored(), shown)
    seen = {"custom_cnn": frozenset([shown[0].scan.sha256[:16]]), "resnet50": frozenset()}
    written = texts(gradcam_heatmaps.draw(shown, Explained(found.predictions, found.missing, seen)))
    assert written.count("†") == 2  # one overlay, and the note
    assert gradcam_heatmaps.FOOTNOTE in written


def test_damaged_and_missing_models_are_said_across_their_rows(in_service):
    (in_service / MODELS["resnet50"].file_name).write_bytes(b"damaged")
    (in_service / MODELS["custom_cnn"].file_name).with_suffix(".json").unlink()
    written = texts(gradcam_heatmaps.draw(phantoms(), explain(read_stored(), phantoms())))
    assert "ResNet50: not computed: resnet50_transfer.keras is damaged" in written
    assert "Custom CNN: not stored: custom_cnn_fixed.json is missing" in written


def test_png_is_of_print_size_the_same_each_time_and_untouched_by_the_users_style(tmp_path):
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9}):
        style.save(roc_figure.draw(stored()), tmp_path / "a.png")
    style.save(roc_figure.draw(stored()), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (2130, 1500)  # 180 mm at 300 dpi
        assert picture.info.keys() == {"dpi"}
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_pyplot_holds_no_figure():
    import matplotlib.pyplot as plt

    roc_figure.draw(stored())
    assert plt.get_fignums() == []
