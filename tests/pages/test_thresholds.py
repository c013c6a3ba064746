"""The Thresholds page: what a threshold means, named points, saving one and going back, links, and what is lacking."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from brain_core import operating_points
from brain_core.registry import read_card
from tests.pages.steps import open_file, press, words
from tests.ui.service import store_predictions

# Internal testing of the custom CNN: 4 tumours, 4 others. At 0.5 one tumour is missed and one other scan alarms.
TUMOURS, OTHERS = (0.9, 0.8, 0.6, 0.3), (0.7, 0.2, 0.1, 0.05)
CNN = "custom_cnn"


@pytest.fixture
def measured(in_service, set_environment, tmp_path):
    """Both models in service, the first with stored predictions; its fitted threshold is (0.6 + 0.4) / 2."""
    set_environment(BRAIN_HOME=tmp_path / "home")
    store_predictions(in_service, CNN, validation=((0.9, 0.6), (0.4, 0.1)), test=(TUMOURS, OTHERS))
    return in_service


open_thresholds = partial(open_file, "3_Thresholds")


def figures(page: AppTest):
    """The table of the first model."""
    return page.dataframe[0].value["internal testing, n = 8"]


def test_counts_and_rates_of_internal_testing(measured):
    page = open_thresholds(t_custom_cnn="0.5")
    found = figures(page)
    assert found["True alarms, false alarms"] == "3, 1"
    assert found["Misses, rightly cleared"] == "1, 3"
    assert found["Sensitivity"].startswith("0.750 (") and found["Specificity"].startswith("0.750 (")
    assert found["Likelihood ratio of a positive result"].startswith("3.00 (")


def test_patients_follow_the_prevalence(measured):
    page = open_thresholds(t_custom_cnn="0.5")
    # 7 of 1,000 are ill, as the default has it: 0.75 * 7 found, 0.25 * 993 false alarms, 5.25 / 253.5 right.
    assert figures(page)["Alarms in 1,000 patients"].startswith("253.5 (")
    assert figures(page)["Misses in 1,000 patients"].startswith("1.75 (")
    assert figures(page)["PPV"].startswith("0.021 (")
    assert "Of 1,000 patients, 7.0 of whom have a tumour, the model would alarm on 254" in words(page)
    page.number_input(key="thresholds_prevalence").set_value(20.0).run()
    assert figures(page)["PPV"].startswith("0.429 (")  # 150 / (150 + 200)
    assert page.query_params["prevalence"] == "20"


def test_the_slider_moves_everything_and_the_address(measured):
    page = open_thresholds()
    page.slider(key="thresholds_custom_cnn_slider").set_value(0.25).run()
    assert figures(page)["True alarms, false alarms"] == "4, 1"
    assert page.number_input(key="thresholds_custom_cnn_field").value == 0.25
    assert page.query_params["t_custom_cnn"] == "0.25"


def test_the_field_moves_the_slider(measured):
    page = open_thresholds()
    page.number_input(key="thresholds_custom_cnn_field").set_value(1.0).run()
    assert page.slider(key="thresholds_custom_cnn_slider").value == 1
    assert figures(page)["True alarms, false alarms"] == "0, 0"
    assert figures(page)["Likelihood ratio of a positive result"].startswith("not computed: ")
    assert figures(page)["PPV"] == "not computed: no patient would be positive"


def test_a_named_point_is_fitted_on_validation_and_one_click_away(measured):
    page = press(open_thresholds(t_custom_cnn="0.9"), "Sensitivity at least 0.95")
    # On validation both tumours must be found: the highest such threshold lies between 0.6 and 0.4.
    assert page.slider(key="thresholds_custom_cnn_slider").value == 0.5


def test_lowest_cost_follows_the_ratio(measured):
    page = open_thresholds()
    table = next(d.value for d in page.dataframe if "Rule" in d.value)
    assert list(table["Rule"])[-1] == "lowest cost, a miss = 10 false alarms, prevalence 0.70%"
    page.number_input(key="thresholds_cost").set_value(1.0).run()
    table = next(d.value for d in page.dataframe if "Rule" in d.value)
    assert list(table["Rule"])[-1].startswith("lowest cost, a miss = 1 false alarms")


def save(page: AppTest, name: str, reason: str) -> AppTest:
    page.text_input(key="thresholds_custom_cnn_name").set_value(name)
    page.text_input(key="thresholds_custom_cnn_reason").set_value(reason)
    return press(page, "Save this operating point")


def test_a_saved_point_is_in_use_and_one_click_takes_it_back(measured):
    page = save(open_thresholds(t_custom_cnn="0.25"), "A. Reader", "screening")
    point = read_card(CNN).operating_point
    assert (point.threshold, point.rule, point.fitted_on) == (0.25, "chosen by hand", "not fitted on data")
    assert "0.250: set by A. Reader on" in " ".join(t.value for t in page.text)
    press(page, "Back one step")
    assert read_card(CNN).operating_point.threshold == 0.4
    assert [entry.action for entry in operating_points.read(read_card(CNN)).history] == ["set", "revert"]


@pytest.mark.parametrize("other", ["reverts", "saves"])
def test_back_one_step_is_refused_when_another_reader_was_faster(measured, other):
    page = save(open_thresholds(t_custom_cnn="0.25"), "A. Reader", "screening")
    if other == "reverts":
        operating_points.revert(read_card(CNN), name="B. Reader")
    else:
        operating_points.save(
            read_card(CNN), 0.7, rule="by hand", fitted_on="nothing", reason="audit", name="B. Reader"
        )
    before = operating_points.read(read_card(CNN))
    press(page, "Back one step")
    assert "Nothing was changed. The operating point of Custom CNN test-1 has changed meanwhile" in words(page)
    assert operating_points.read(read_card(CNN)) == before
    assert f"{before.in_use.threshold:.3f}: {before.in_use.source}" in [text.value for text in page.text]
    page.run()
    assert "Nothing was changed" not in words(page)


def test_a_named_point_is_saved_with_its_rule(measured):
    save(press(open_thresholds(), "Best balanced accuracy"), "A. Reader", "screening")
    point = read_card(CNN).operating_point
    assert (point.threshold, point.rule, point.fitted_on) == (0.5, "best balanced accuracy", "validation, n = 4")


def test_without_a_name_nothing_is_saved(measured):
    page = save(open_thresholds(), " ", "screening")
    assert "Nothing was saved. Name: expected a text." in words(page)
    assert operating_points.read(read_card(CNN)).history == ()


def test_a_model_without_predictions_says_so(measured):
    page = open_thresholds()
    assert any("No predictions are stored" in caption.value for caption in page.caption)
    assert all(slider.key != "thresholds_resnet50_slider" for slider in page.slider)


def test_without_any_prediction_the_page_says_what_to_do(in_service):
    page = open_thresholds()
    assert "No predictions are stored, so there is nothing to measure." in words(page)


def test_the_briefs_statement_has_an_interval_or_a_reason(measured):
    page = open_thresholds()
    assert "Against 0.5, the threshold of best balanced accuracy on validation (0.500) changes" in words(page)
