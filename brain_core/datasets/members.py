"""What an archive lists: names that may become files, and what makes an archive one to refuse."""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from brain_core.errors import DatasetError
from brain_core.scans.zip_checks import ARCHIVES, METHODS, is_encrypted, is_of_the_system, quoted

MAX_DEPTH = 16  # folders; names cost memory by the square of it


@dataclass(frozen=True)
class Member:
    """One member of a zip under a name that stays inside the folder it is unpacked to.

    Attributes:
        info: zipfile's own record.
        parts: of its path, never empty, none of them ``..``.
        is_folder: of its name's end or its mode.
    """

    info: zipfile.ZipInfo
    parts: tuple[str, ...]
    is_folder: bool

    @property
    def shown(self) -> str:
        return quoted("/".join(self.parts))

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.parts[-1]).suffix.lower()

    @property
    def key(self) -> tuple[str, ...]:
        """The same for names that a file system which ignores case, or how an accent is written, holds for one."""
        return tuple(unicodedata.normalize("NFC", part).casefold() for part in self.parts)


def members_of(listed: Iterable[zipfile.ZipInfo]) -> list[Member]:
    """The members of a zip without what operating systems add, in the archive's order.

    Raises:
        DatasetError: a name that leads elsewhere or cannot be a file's, a link or special file, an encrypted member,
            an archive in the archive, two members of one name, a file used as a folder.
    """
    members = [member for info in listed if (member := _member(info)) and not _of_the_system(member)]
    for member in members:
        _check_content(member)
    _check_names(members)
    return members


def _member(info: zipfile.ZipInfo) -> Member | None:
    """None for a name that stands for the folder itself.

    The name is taken as it was written: zipfile cuts it at a NUL.
    """
    name = info.orig_filename
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        raise DatasetError(f"Archive: {quoted(name)}: control characters in the name.")
    path = name.replace("\\", "/")  # some programs of Windows separate so
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or any(re.match("[A-Za-z]:", part) for part in parts):
        raise DatasetError(f"Archive: {quoted(name)}: an absolute path; expected one inside the archive.")
    if ".." in parts:
        raise DatasetError(f"Archive: {quoted(name)}: a path that leads out of the archive ('..').")
    if len(parts) > MAX_DEPTH:
        raise DatasetError(f"Archive: {quoted(name)}: {len(parts)} folders deep; up to {MAX_DEPTH} are read.")
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise DatasetError(f"Archive: {quoted(name)}: a symbolic link; expected files and folders.")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DatasetError(f"Archive: {quoted(name)}: a special file; expected files and folders.")
    return Member(info, parts, path.endswith("/") or stat.S_ISDIR(mode)) if parts else None


def _of_the_system(member: Member) -> bool:
    hidden_folder = member.is_folder and member.parts[-1].startswith(".")
    return not hidden_folder and is_of_the_system(member.parts)


def _check_content(member: Member) -> None:
    if member.is_folder:
        return
    if is_encrypted(member.info):
        raise DatasetError(f"Archive: {member.shown}: encrypted; expected an archive without a password.")
    if member.suffix in ARCHIVES:
        raise DatasetError(f"Archive: {member.shown}: an archive in the archive; expected the pictures themselves.")
    if member.info.compress_type not in METHODS:
        raise DatasetError(
            f"Archive: {member.shown}: packed by method {member.info.compress_type}; deflated and stored members are "
            "read."
        )


def _check_names(members: list[Member]) -> None:
    files: dict[tuple[str, ...], Member] = {}
    folders: set[tuple[str, ...]] = set()
    for member in members:
        key = member.key
        if member.is_folder:
            folders.add(key)
        elif key in files:
            raise DatasetError(f"Archive: two members of one name: {files[key].shown} and {member.shown}.")
        else:
            files[key] = member
        folders.update(key[:end] for end in range(1, len(key)))
    for key, member in files.items():
        if key in folders:
            raise DatasetError(f"Archive: {member.shown}: used as a file and as a folder.")
