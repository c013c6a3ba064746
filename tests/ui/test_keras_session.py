"""Streamlit cleans up after every run of a page; what the models in memory need stays."""

from keras.src.backend.common import global_state
from streamlit.runtime.scriptrunner import script_runner

from brain_core.ui import models

MARK = "a mark of this test"


def test_a_run_of_a_page_does_not_clear_keras_session(in_service):
    assert all(model.wait(120) for model in models.current())
    global_state.set_global_attribute(MARK, "here")
    script_runner._clean_problem_modules()
    assert global_state.get_global_attribute(MARK) == "here"  # Keras' own `clear_session` forgets all of these
