"""Files of a study on their way to the Detect page: in this browser session's memory, and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from brain_core.scans.source_file import SourceFile

KEY = "pacs_handed_over"


@dataclass(frozen=True, eq=False)
class Handed(SourceFile):
    """One of the files.

    Attributes:
        file_id: as an upload has one; of this file and offer alone.
    """

    file_id: str = ""


def offer(files: Sequence[SourceFile]) -> None:
    """Have these taken by the Detect page in place of those before."""
    token = secrets.token_hex(8)
    st.session_state[KEY] = [
        Handed(each.name, each.size, each.open, each.path, f"{token}-{number}") for number, each in enumerate(files)
    ]


def taken() -> list[SourceFile]:
    """Those that were offered last; the same ones at every run of the page, until they are dropped."""
    return list(st.session_state.get(KEY, ()))


def is_open() -> bool:
    """Whether the Detect page has such files in place of an upload."""
    return bool(st.session_state.get(KEY))


def drop() -> None:
    """Let go of them."""
    st.session_state.pop(KEY, None)
