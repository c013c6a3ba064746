"""An uploaded zip, unpacked in the background: with progress, and Cancel."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from brain_core import logs
from brain_core.access import Action
from brain_core.datasets import sources
from brain_core.errors import BrainError, Cancelled
from brain_core.ui import access, notice

log = logging.getLogger(__name__)
POLL = 0.5  # seconds
KEY = "retrain_unpacking"  # session: the upload's id and what becomes of it


@dataclass(eq=False)
class Unpacking:
    """What the thread that unpacks and the page share."""

    done: int = 0
    total: int = 0
    folder: Path | None = None
    error: str | None = None
    cancelled: bool = False
    settled: threading.Event = field(default_factory=threading.Event)


def show(upload) -> Path | None:
    """Begins it once an upload; returns the folder when it is done."""
    known, found = st.session_state.get(KEY, (None, None))
    if known != upload.file_id:
        if not access.allowed(Action.RETRAIN):
            return None
        found = _begin(upload)
    if not found.settled.is_set():
        st.fragment(_follow, run_every=POLL)(found)
        return None
    if found.cancelled:
        notice.show("info", "Unpacking was cancelled; nothing was kept.")
    elif found.error:
        notice.show("error", found.error, title="Nothing was unpacked. ")
    if (
        found.folder is None
        and st.button("Unpack again", key="retrain_unpack_again")
        and access.allowed(Action.RETRAIN)
    ):
        _begin(upload)
        st.rerun()
    return found.folder


def _begin(upload) -> Unpacking:
    found = Unpacking()
    st.session_state[KEY] = upload.file_id, found
    threading.Thread(target=_run, args=(upload, upload.name, found), name="unpack", daemon=True).start()
    found.settled.wait(POLL)  # a small one is done at once
    return found


def _follow(found: Unpacking) -> None:
    if found.settled.is_set():
        st.rerun()
    st.progress(found.done / found.total if found.total else 0.0, f"{found.done} of {found.total} pictures unpacked …")
    if st.button("Cancel", key="retrain_unpack_cancel") and access.allowed(Action.RETRAIN):
        found.cancelled = True


def _run(archive, name: str, found: Unpacking) -> None:
    def progress(done: int, total: int) -> None:
        found.done, found.total = done, total
        if found.cancelled:
            raise Cancelled("Stopped on request.")

    try:
        found.folder = sources.unpack_upload(archive, name, progress)
        found.cancelled = False  # it was done before it could be stopped
    except Cancelled:
        pass
    except BrainError as error:
        found.error = str(error)
    except Exception as error:  # whatever a damaged archive makes the unpacker raise, the page goes on
        log.error("Unpacking an upload failed: %s at %s", type(error).__name__, logs.places(error))
        found.error = f"The archive cannot be unpacked ({type(error).__name__}); it may be damaged."
    finally:
        found.settled.set()
