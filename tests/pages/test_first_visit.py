"""Where to begin: three ways where no scan is open, put away at a click, and only to pages that are theirs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from brain_core.access import ALLOWED, Action, Role, User
from brain_core.ui.access import visitor
from brain_core.ui.access.visitor import Visitor
from brain_core.ui.first_visit import WAYS
from tests.pages.steps import PROJECT, open_page, press, upload, words


@pytest.fixture(autouse=True)
def nothing_else(in_service, set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path / "home", BRAIN_DATA_DIR=None)


def links(page: AppTest) -> list[str]:
    return [element.proto.label for element in page.get("page_link")]


def test_three_ways_of_three_steps_lead_to_pages_that_are_there():
    page = open_page()
    assert "New here?" in [heading.value for heading in page.subheader]
    assert [way.title in words(page) for way in WAYS] == [True] * 3
    assert links(page) == [step[1] for way in WAYS for step in way.steps]
    assert all((PROJECT / "pages" / f"{step[0]}.py").is_file() for way in WAYS for step in way.steps)
    assert {step[3] for way in WAYS for step in way.steps} <= set(Action)


def test_they_go_with_the_first_scan_and_when_they_are_put_away(picture):
    page = upload(open_page(), ("head.png", picture(1)))
    assert not links(page)
    page = press(open_page(), "Put this away")
    assert not links(page) and "T1, bright lesion" in [button.label for button in page.button]


def test_nobody_is_led_to_a_page_that_is_not_theirs(monkeypatch):
    monkeypatch.setattr(visitor, "look", lambda: Visitor(User("rita", frozenset({Role.READER}))))
    page = open_page()
    assert "I judge models" not in words(page)
    assert links(page) == [s[1] for way in WAYS for s in way.steps if s[3] in ALLOWED[Role.READER]]
    assert len(links(page)) == 6
