import gc
import json
import os
import subprocess
import sys
import time

from brain_core.ui import models


def settled() -> list[models.Loading]:
    found = models.current()
    assert all(model.wait(120) for model in found)
    return found


def test_every_session_shares_one_detector_a_model(in_service):
    first, second = settled(), settled()
    assert [model.detector for model in first] == [model.detector for model in second]
    assert models.ready(first) == first


def relabel(path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_file_that_changes_is_checked_and_loaded_anew(in_service):
    before = settled()
    relabel(in_service / "resnet50_transfer.json", version="test-3")
    after = settled()
    assert after[0].detector is before[0].detector
    assert after[1].card.version == "test-3" and after[1].detector is not before[1].detector


def test_what_a_model_brings_is_left_out_of_the_search_for_garbage(in_service):
    """Python searches now and then, for a third of a second."""
    gc.unfreeze()
    relabel(in_service / "custom_cnn_fixed.json", version="test-5")
    settled()
    until = time.monotonic() + 60
    while not gc.get_freeze_count() and time.monotonic() < until:
        time.sleep(0.05)  # it happens after the model has settled
    assert gc.get_freeze_count() > 100_000


def test_a_library_is_left_out_of_it_before_the_model_loads(in_service):
    """Pages that follow the loading end every half second: a search or clearing each time would hold it up."""
    script = """
import gc, sys, threading
from brain_core import inference
from brain_core.registry import read_card
from brain_core.ui import models

def loads(card):
    keras = sys.modules["keras"]
    print("tensorflow" in sys.modules, keras.backend.clear_session is models._nothing, gc.get_freeze_count() > 100_000)
    raise RuntimeError

inference.Detector = loads
models._run(read_card("custom_cnn"), models._Progress(), threading.Lock())
"""
    environment = os.environ | {"BRAIN_MODELS_DIR": str(in_service)}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "True", "True"]


def test_what_tensorflow_raises_becomes_a_message(in_service, monkeypatch):
    import brain_core.inference

    def fails(card):
        raise RuntimeError("no room")

    monkeypatch.setattr(brain_core.inference, "Detector", fails)
    relabel(in_service / "custom_cnn_fixed.json", version="test-4")
    assert settled()[0].error == "custom_cnn_fixed.keras cannot be used (RuntimeError: no room)."


def test_the_search_for_garbage_rests_while_a_model_loads_and_goes_on_after():
    assert gc.isenabled()
    with models._no_search_for_garbage():
        assert not gc.isenabled()
        with models._no_search_for_garbage():
            assert not gc.isenabled()
        assert not gc.isenabled()  # whoever turned it off turns it on
    assert gc.isenabled()
