import pytest
from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from brain_core.ui import address

    st.write(str(address.number("p", 0.7, 0.0, 1.0)))
    st.write(address.choice("split", ["validation", "test"], "test"))
    st.write(",".join(address.choices("model", ["a", "b"], ["a"])))
    address.keep("kept", st.session_state.get("kept", 1.5), 1.5)


def run(**parameters) -> AppTest:
    app = AppTest.from_function(page)
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()


def shown(app: AppTest) -> list[str]:
    assert not app.exception
    return [element.value for element in app.markdown]


def test_what_the_address_says_counts():
    assert shown(run(p="0.25", split="validation", model=["b", "a"])) == ["0.25", "validation", "b,a"]


@pytest.mark.parametrize("wrong", ["", "much", "nan", "inf", "-1", "2"])
def test_a_number_that_makes_no_sense_is_the_default(wrong):
    assert shown(run(p=wrong))[0] == "0.7"


def test_what_is_unknown_is_the_default():
    assert shown(run(split="<b>", model=["c"]))[1:] == ["test", "a"]


def test_the_address_keeps_what_differs_from_the_default():
    app = run()
    assert "kept" not in app.query_params
    app.session_state["kept"] = 0.1 + 0.2
    assert app.run().query_params["kept"] == "0.3"
    app.session_state["kept"] = 1.5
    assert "kept" not in app.run().query_params
