"""A slice of a head."""

import numpy as np
import pytest

from tests.scans.dicom_files import head_volume


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """A slice through the middle of a head, uint16 (128, 128), 12 bits."""
    return head_volume(3)[1]
