"""Files that nobody may open, also where tests run as an administrator."""

from __future__ import annotations

from pathlib import Path


def close(monkeypatch, name: str) -> None:
    """Have every file of this name refuse to be opened until the test ends."""
    opened = Path.open

    def refuse(path: Path, *arguments, **options):
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
