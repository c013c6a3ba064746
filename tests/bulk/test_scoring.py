"""What decides a result, and that every machine has the same."""

import json
from dataclasses import replace

import pytest

from brain_core.bulk import scoring
from brain_core.errors import ModelError
from tests.helpers import put_in_service


def test_the_order_of_models_does_not_matter_and_all_that_decides_does(models_dir, set_environment):
    set_environment(BRAIN_MODELS_DIR=models_dir)
    one, two = scoring.in_use(["custom_cnn", "resnet50"])
    own = scoring.fingerprint([one, two])
    assert scoring.fingerprint([two, one]) == own and len(own) == 12
    point = replace(one.operating_point, threshold=0.41)
    others = [
        replace(one, version="2"),
        replace(one, sha256="0" * 64),
        replace(one, gate_sha256="0" * 64),
        replace(one, operating_point=point),
        replace(one, engine=replace(one.engine, name="openvino", precision="bfloat16")),
    ]
    assert len({own, scoring.fingerprint([one]), *(scoring.fingerprint([each, two]) for each in others)}) == 7


def test_the_words_of_an_operating_point_and_an_engine_of_the_same_precision_do_not(service):
    (model,) = service
    point = replace(model.operating_point, rule="another rule")
    other = replace(model, operating_point=point, engine=replace(model.engine, name="openvino"))
    assert scoring.fingerprint([other]) == scoring.fingerprint([model])


def test_the_description_says_what_was_used(service):
    told = json.loads(scoring.description(service))
    assert told["scoring"] == scoring.fingerprint(service)
    assert told["models"][0]["version"] == "test-custom_cnn"
    assert told["models"][0]["operating_point"]["threshold"] == 0.4


def test_a_gate_counts_by_its_file(tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    path = put_in_service(tmp_path, "custom_cnn")
    (before,) = scoring.in_use(["custom_cnn"])
    path.with_suffix(".gate.npz").write_bytes(b"a gate")
    (after,) = scoring.in_use(["custom_cnn"])
    assert before.gate_sha256 is None and len(after.gate_sha256) == 64


def test_a_machine_with_another_version_says_so(service):
    with pytest.raises(
        ModelError, match=r"expected version 7 with .*no input gate\. Received: version test-custom_cnn"
    ):
        replace(service[0], version="7").load()


def test_a_detector_judges_by_the_operating_point_of_the_job(service):
    point = replace(service[0].operating_point, threshold=0.9)
    assert replace(service[0], operating_point=point).load().operating_point().threshold == 0.9
