"""Two small models in service; see `tests.ui.service`."""

from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]
