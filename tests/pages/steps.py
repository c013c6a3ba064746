"""What a visitor does and sees, for tests of the screens."""

from __future__ import annotations

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from brain_core.ui import models

PROJECT = Path(__file__).resolve().parents[2]


def open_page() -> AppTest:
    """The dashboard once every model has settled."""
    wait_for_models()
    return AppTest.from_file(PROJECT / "streamlit_app.py", default_timeout=60).run()


def open_file(name: str, **parameters: str) -> AppTest:
    """A page by itself, by its file's name in pages/ and with parameters of its address."""
    page = AppTest.from_file(PROJECT / "pages" / f"{name}.py", default_timeout=60)
    for parameter, value in parameters.items():
        page.query_params[parameter] = value
    page.run()
    assert_no_failure(page)
    return page


def wait_for_models() -> None:
    """Until every one has settled."""
    for model in models.current():
        assert model.wait(120)


def press(page: AppTest, label: str) -> AppTest:
    """The first button of that label."""
    next(button for button in page.button if button.label == label).click()
    page.run()
    assert_no_failure(page)
    return page


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader[0].set_value([(name, data, "image/png") for name, data in files])
    return page.run()


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def words(page: AppTest) -> str:
    """What stands in our own elements, without the tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(page)))


def assert_no_failure(page: AppTest) -> None:
    assert not page.exception
