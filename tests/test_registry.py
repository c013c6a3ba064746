import hashlib
import json

import pytest

from brain_core import operating_points, versions
from brain_core.errors import ModelError
from brain_core.registry import read_card, read_card_in
from tests.helpers import put_in_service


@pytest.fixture
def service(tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    return tmp_path


def test_card_says_what_the_metadata_say(service):
    put_in_service(service, "custom_cnn")
    card = read_card("custom_cnn")
    assert (card.name, card.version, card.gradcam_layer) == ("custom_cnn", "test-custom_cnn", "conv3")
    assert card.operating_point.source == "best balanced accuracy, validation, n = 9"
    assert card.load().name == "custom_cnn"


def test_unknown_model_is_named(service):
    with pytest.raises(ModelError, match="expected one of custom_cnn, resnet50. Received: 'vgg'"):
        read_card("vgg")


def test_missing_file_is_named_with_the_way_to_mend_it(service):
    put_in_service(service, "resnet50").unlink()
    with pytest.raises(ModelError, match=r"resnet50_transfer\.keras is missing.*train DATASET --model resnet50"):
        read_card("resnet50").load()


def test_missing_metadata_is_named(service):
    with pytest.raises(ModelError, match=r"custom_cnn_fixed\.json is missing"):
        read_card("custom_cnn")


def test_one_changed_byte_is_found_before_anything_is_loaded(service):
    path = put_in_service(service, "custom_cnn")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"custom_cnn_fixed\.keras is damaged: its checksum"):
        read_card("custom_cnn").load()


def test_file_that_is_no_model_but_has_the_right_checksum(service):
    path = put_in_service(service, "custom_cnn")
    path.write_bytes(b"not a model")
    metadata = json.loads(path.with_suffix(".json").read_text())
    metadata["sha256"] = hashlib.sha256(b"not a model").hexdigest()
    path.with_suffix(".json").write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match="cannot be loaded"):
        read_card("custom_cnn").load()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is damaged"),
        ("[]", "missing"),
        ('{"model": "custom_cnn"}', "version, sha256, preprocessing, gradcam_layer, operating_point missing"),
    ],
)
def test_damaged_metadata(service, text, message):
    path = put_in_service(service, "custom_cnn").with_suffix(".json")
    path.write_text(text)
    with pytest.raises(ModelError, match=message):
        read_card("custom_cnn")


def test_preprocessing_of_an_unknown_kind_is_refused(service):
    put_in_service(service, "custom_cnn", preprocessing={"scaling": "magic"})
    with pytest.raises(ModelError, match="Preprocessing: expected one of"):
        read_card("custom_cnn")


def test_a_card_has_the_operating_point_in_use_and_the_models_own(service):
    path = put_in_service(service, "custom_cnn")
    before = path.with_suffix(".json").read_bytes()
    card = read_card("custom_cnn")
    assert card.operating_point == card.own_operating_point
    operating_points.save(card, 0.2, rule="by hand", fitted_on="nothing", reason="screening", name="A. Reader")
    card = read_card("custom_cnn")
    assert (card.operating_point.threshold, card.own_operating_point.threshold) == (0.2, 0.4)
    assert card.operating_point.source.startswith("set by A. Reader on ")
    assert path.with_suffix(".json").read_bytes() == before
    put_in_service(service, "custom_cnn", version="retrained")
    assert read_card("custom_cnn").operating_point == card.own_operating_point


def test_damaged_saved_points_leave_the_model_in_service(service, settings, caplog):
    put_in_service(service, "custom_cnn")
    file = settings.home / "operating_points" / "custom_cnn.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    card = read_card("custom_cnn")
    assert card.operating_point.threshold == 0.4
    assert "operating_points/custom_cnn.json in BRAIN_HOME is damaged" in card.problem
    assert card.problem in caplog.text


def test_the_card_is_of_the_version_in_service(service, tmp_path_factory):
    shipped = put_in_service(service, "custom_cnn")
    run = tmp_path_factory.mktemp("run")
    put_in_service(run, "custom_cnn", version="retrained")
    versions.add("custom_cnn", run)
    assert read_card("custom_cnn").path == shipped
    versions.promote("custom_cnn", "retrained", who="A. Reader", reason="test")
    for models_dir in (None, service):
        card = read_card("custom_cnn", models_dir)
        assert (card.version, card.path.name) == ("retrained", shipped.name)
        assert card.path.parent == service / "versions" / "custom_cnn" / "retrained"
    assert read_card("custom_cnn").load().name == "custom_cnn"
    assert read_card_in(service, "custom_cnn").version == "test-custom_cnn"


def test_advice_for_a_retrained_version_is_to_roll_back(service, tmp_path_factory):
    put_in_service(service, "custom_cnn")
    run = tmp_path_factory.mktemp("run")
    put_in_service(run, "custom_cnn", version="retrained")
    folder = versions.add("custom_cnn", run).folder
    versions.promote("custom_cnn", "retrained", who="A. Reader", reason="test")
    (folder / "custom_cnn_fixed.keras").unlink()
    with pytest.raises(ModelError, match="keras is missing. Go back.*models rollback custom_cnn.$"):
        read_card("custom_cnn").load()
    (folder / "custom_cnn_fixed.json").write_text("{")
    with pytest.raises(ModelError, match=r"json is damaged \(.*models rollback custom_cnn.$"):
        read_card("custom_cnn")
    (service / "versions" / "custom_cnn.json").write_text("{")
    with pytest.raises(ModelError, match="move it away to go back to the shipped version"):
        read_card("custom_cnn")
