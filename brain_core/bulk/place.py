"""A folder or file, on a disk or behind any URL that fsspec opens."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem

from brain_core.errors import ConfigError
from brain_core.files import remove_hidden, replacing

TEMPORARY = ".writing-"  # hidden from whoever reads the folder as a data set
SEPARATOR = "://"


def joined(folder: str, name: str) -> str:
    """The address of what lies below a folder."""
    return folder + name if folder.endswith(SEPARATOR) else f"{folder.rstrip('/')}/{name}"


@dataclass(frozen=True)
class Place:
    """Where something lies; it may be sent to other machines.

    Attributes:
        address: an absolute path of this file system, or a URL.
    """

    address: str

    @staticmethod
    def of(text: str) -> Place:
        """A path, made absolute, or a URL.

        Raises:
            ConfigError: a password in the URL, which would be written beside the results, or no such kind of URL.
        """
        if SEPARATOR not in text:
            return Place(os.path.abspath(Path(text).expanduser()))
        if urlsplit(text).password:
            raise ConfigError(
                "A URL: expected one without a password, since it is written beside the results; the environment or "
                "the configuration of its storage is the place for it. Received: one with a password."
            )
        place = Place(text if text.endswith(SEPARATOR) else text.rstrip("/"))
        if isinstance(place.system, LocalFileSystem):
            return Place(place._path)
        return place

    @cached_property
    def system(self) -> fsspec.AbstractFileSystem:
        """The file system that it lies on."""
        return self._opened[0]

    @property
    def path(self) -> str:
        """As the file system names it."""
        return self._path

    @property
    def local(self) -> Path | None:
        """As a path of this machine; None for anything else."""
        return Path(self.address) if SEPARATOR not in self.address else None

    @property
    def name(self) -> str:
        return self.address.rsplit("/", 1)[-1]

    def child(self, name: str) -> Place:
        """What lies below it; ``name`` may hold slashes."""
        return Place(joined(self.address, name))

    @property
    def parent(self) -> Place:
        protocol, separator, rest = self.address.rpartition(SEPARATOR)
        return Place(protocol + separator + (rest.rpartition("/")[0] or ("" if separator else "/")))

    def write(self, data: bytes) -> None:
        """Have the file hold ``data``, in one step for whoever reads it.

        On a file system without such a step, as an object store is, a file appears only when it is complete.
        """
        if self.local:
            with replacing(self.local) as temporary:
                temporary.write_bytes(data)
            return
        beside = self.parent.child(f"{TEMPORARY}{uuid.uuid4().hex}")
        self.system.makedirs(self.parent.path, exist_ok=True)
        try:
            self.system.pipe_file(beside.path, data)
            self.system.mv(beside.path, self.path)
        finally:
            if self.system.exists(beside.path):
                self.system.rm_file(beside.path)

    def remove_leftovers(self) -> None:
        """Remove what killed writers left in a folder; only to be called while nobody else writes there."""
        if self.local:
            if self.local.is_dir():
                remove_hidden(self.local)
        elif self.system.isdir(self.path):
            for path in self.system.ls(self.path, detail=False):
                if path.rsplit("/", 1)[-1].startswith(TEMPORARY):
                    self.system.rm_file(path)

    def entries(self) -> tuple[list[str], list[str]]:
        """Names of the folders and of the files in a folder; links to folders are left out, since they may go round.

        Raises:
            OSError: it cannot be listed.
        """
        folders, files = [], []
        for name, kind in self._entries():
            if kind:
                (folders if kind == "directory" else files).append(name)
        return folders, files

    def _entries(self) -> Iterator[tuple[str, str | None]]:
        if self.local:
            with os.scandir(self.local) as found:
                for each in found:
                    folder = each.is_dir(follow_symlinks=False)
                    yield each.name, "directory" if folder else "file" if each.is_file() else None
            return
        for each in self.system.ls(self.path, detail=True):
            name = each["name"].rstrip("/").rsplit("/", 1)[-1]
            if name and each["name"].rstrip("/") != self.path.rstrip("/"):  # object stores list the folder itself
                yield name, each["type"]

    @cached_property
    def _opened(self) -> tuple[fsspec.AbstractFileSystem, str]:
        try:
            return fsspec.core.url_to_fs(self.address, use_listings_cache=False)
        except (ValueError, ImportError) as error:  # an unknown protocol, or its package is not installed
            raise ConfigError(f"{self.address}: expected a path or a URL that can be opened ({error}).") from error

    @property
    def _path(self) -> str:
        return self._opened[1]

    def __getstate__(self) -> dict:
        return {"address": self.address}  # whoever gets it opens a connection of its own
