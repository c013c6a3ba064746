import gc
import json
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
    """Streamlit searches after every run of a page."""
    gc.unfreeze()
    relabel(in_service / "custom_cnn_fixed.json", version="test-5")
    settled()
    until = time.monotonic() + 60
    while not gc.get_freeze_count() and time.monotonic() < until:
        time.sleep(0.05)  # it happens after the model has settled
    assert gc.get_freeze_count() > 100_000


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
