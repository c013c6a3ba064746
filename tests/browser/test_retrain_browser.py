"""The Retrain page in a real browser: real runs, a server that is killed, and two visitors at once."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from brain_core import versions
from brain_core.jobs import control
from brain_core.jobs.folder import Folder
from brain_core.scans.phantom import write_dataset
from tests.browser.conftest import is_complaint
from tests.browser.server import SECONDS, free_port, settle, start, wait_for
from tests.helpers import put_in_service
from tests.ui.service import bright_patch_network

NEW = "2026-01-02-new"


class Server:
    """One that can be killed and started again on its port."""

    def __init__(self, folder: Path, service_files: Path):
        self.folder, self.models, self.home, self.port = folder, folder / "models", folder / "home", free_port()
        shutil.copytree(service_files, self.models)
        self.home.mkdir()
        self.data = write_dataset(folder / "sets" / "phantoms", 12, seed=0, size=64)
        network = bright_patch_network("custom_cnn", level=0.6, gain=120, offset=2)
        put_in_service(folder / "run", "custom_cnn", network, version=NEW)
        versions.add("custom_cnn", folder / "run", self.models)
        self.start()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        self.process = start(self.models, self.home, self.port, BRAIN_DATA_ROOTS=self.data.parent)
        wait_for(f"{self.address}/_stcore/health", self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def runs(self) -> list[Folder]:
        return [Folder(path) for path in sorted((self.home / "runs").glob("[!.]*"))]


@pytest.fixture(scope="module")
def server(service_files, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("retrain"), service_files)
    yield server
    server.process.terminate()
    server.process.wait(30)
    for run in server.runs():
        if process := run.process():
            process.kill()
    assert "Traceback" not in (server.home / "log").read_text()


@contextmanager
def visitor(browser, address: str):
    """A visitor's page and what their browser complains of: nothing, at the end."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    try:
        yield page, complaints
    finally:
        context.close()
    assert complaints == []


def fill(page, label: str, value: int) -> None:
    field = page.get_by_role("spinbutton", name=label)
    field.fill(str(value), timeout=SECONDS)
    field.press("Enter")
    settle(page)


def begin(page, head: int, finetune: int) -> None:
    """A run of the custom CNN, from the check of the data to the start."""
    page.get_by_role("button", name="Use these data").click(timeout=SECONDS)
    page.get_by_role("radio", name="Custom CNN").click(timeout=SECONDS)
    for label, value in (("Epochs, phase 1", head), ("Epochs, phase 2", finetune), ("Batch size", 4)):
        fill(page, label, value)
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Custom CNN on phantoms").first.wait_for(timeout=SECONDS)


def cancel(page) -> None:
    page.get_by_role("button", name="Cancel this run").click(timeout=SECONDS)
    page.get_by_text("Cancelled · Custom CNN").wait_for(timeout=SECONDS)
    settle(page)


def decide(page, button: str, name: str, reason: str) -> None:
    form = page.get_by_test_id("stForm").filter(has=page.get_by_role("button", name=button))
    form.get_by_label("Your name").fill(name)
    form.get_by_label(re.compile("^Reason")).fill(reason)
    form.get_by_role("button", name=button).click()


def test_a_run_outlives_the_server_and_the_page_finds_it_again(browser, server):
    with visitor(browser, f"{server.address}/Retrain?step=data&folder={server.data}") as (page, complaints):
        begin(page, head=2, finetune=1)
        page.get_by_text(re.compile(r"Custom CNN, phase 1: epoch \d of 2, batch \d of 4")).wait_for(timeout=SECONDS)
        page.locator(".js-plotly-plot .scatterlayer path.js-line").first.wait_for(timeout=SECONDS, state="attached")
        assert complaints == []
        (run,) = server.runs()
        before = run.state()
        server.kill()
        assert psutil.pid_exists(before.pid), run.log_tail()
        server.start()
        with visitor(browser, f"{server.address}/Retrain") as (other, _):
            other.get_by_text(run.id).first.wait_for(timeout=SECONDS)
            other.get_by_text("Done · Custom CNN").wait_for(timeout=SECONDS)
            other.get_by_role("button", name="Compare and decide").click()
            other.get_by_text(re.compile("^Gate (passed|not passed)")).wait_for(timeout=SECONDS)
            version = run.state().versions["custom_cnn"]
            assert f"version={version}" in other.url or other.get_by_text(version).first.is_visible()
        page.get_by_text("Done · Custom CNN").wait_for(timeout=SECONDS)  # the first page, without a click
        complaints.clear()  # that the server was away
    assert (run.state().pid, run.state().status) == (before.pid, "done")


def test_a_run_is_cancelled_resumed_and_deleted(browser, server, set_environment):
    with visitor(browser, f"{server.address}/Retrain?step=runs") as (page, _):
        page.get_by_text(re.compile("No model has been retrained|Earlier runs")).wait_for(timeout=SECONDS)
        set_environment(BRAIN_HOME=server.home, BRAIN_MODELS_DIR=server.models)
        words = ["train", str(server.data), "--model", "custom_cnn", "--epochs-head", "400"]
        run = control.start(words, models=["custom_cnn"], data="phantoms")  # as the command line starts one
        page.get_by_text(run.id).wait_for(timeout=SECONDS)  # without a click
        cancel(page)
        page.get_by_role("button", name="Resume").click()
        cancel(page)
        page.get_by_role("button", name="Delete this run").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        page.get_by_text("Cancelled · Custom CNN").wait_for(timeout=SECONDS, state="hidden")
    assert not run.path.exists()


def test_what_one_visitor_promotes_and_rolls_back_serves_the_other_at_once(browser, server):
    with visitor(browser, server.address) as (reader, _):
        reader.get_by_text("Custom CNN test-1 ready").wait_for(timeout=SECONDS)
        with visitor(browser, f"{server.address}/Retrain?step=decide&model=custom_cnn&version={NEW}") as (page, _):
            page.get_by_text(f"Put {NEW} in service").click(timeout=SECONDS)
            decide(page, "Promote", "A. <b>Reader</b>", "**better**")
            page.get_by_text(f"Custom CNN {NEW} is in service now.").wait_for(timeout=SECONDS)
            reader.reload()
            reader.get_by_text(f"Custom CNN {NEW} ready").wait_for(timeout=SECONDS)
            settle(page)
            page.get_by_text("Back to test-1, in service before").click()
            decide(page, "Roll back", "B. Reader", "worse")
            page.get_by_text("Custom CNN test-1 is in service again.").wait_for(timeout=SECONDS)
            reader.reload()
            reader.get_by_text("Custom CNN test-1 ready").wait_for(timeout=SECONDS)
    first, second = versions.history("custom_cnn", server.models)
    assert (first.name, first.reason, second.name) == ("A. <b>Reader</b>", "**better**", "B. Reader")
