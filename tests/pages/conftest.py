"""Two small models in service (see `tests.ui.service`), and pictures to upload."""

import pytest
from streamlit.runtime.pages_manager import PagesManager

from brain_core.scans.phantom import Lesion, Phantom, draw
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]


@pytest.fixture
def picture(encode):
    """``picture(seed)``: a phantom as a PNG file."""
    return lambda seed: encode(draw(Phantom(seed=seed, lesion=Lesion() if seed % 2 else None, size=128)).pixels)


@pytest.fixture(autouse=True)
def router_has_run(monkeypatch):
    """AppTest forgets at every run that there is a router (see `brain_core.ui.router`); a server does not."""
    start = PagesManager.__init__

    def start_knowing(self, *arguments, **options):
        start(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", start_knowing)
