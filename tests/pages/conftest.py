"""Two small models in service (see `tests.ui.service`), and pictures to upload."""

import pytest

from brain_core.scans.phantom import Lesion, Phantom, draw
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]


@pytest.fixture
def picture(encode):
    """``picture(seed)``: a phantom as a PNG file."""
    return lambda seed: encode(draw(Phantom(seed=seed, lesion=Lesion() if seed % 2 else None, size=128)).pixels)
