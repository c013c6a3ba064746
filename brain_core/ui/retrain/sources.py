"""Where the training data come from: a folder on the server, an upload, Kaggle, or scans confirmed in service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from brain_core.access import Action
from brain_core.datasets import sources
from brain_core.datasets.kaggle import NAVONEEL, download_folder
from brain_core.errors import BrainError, ConfigError
from brain_core.jobs import task
from brain_core.settings import settings
from brain_core.ui import access, address, notice
from brain_core.ui.retrain import confirmed, unpacking

POLL = 1.0  # seconds
UPLOAD_MEGABYTES = 500  # Streamlit holds an upload in memory until it is unpacked; larger sets go by a folder
LINES = 3  # of a download's log


@dataclass(frozen=True)
class Source:
    """A kind of source; ``show`` returns the data set's folder once there is one."""

    title: str
    show: Callable[[], Path | None]


def show() -> Path | None:
    """The choice; returns the data set's folder once there is one."""
    names = list(SOURCES)
    name = st.segmented_control(
        "Where the scans come from",
        names,
        default=address.choice("source", names, names[0]),
        format_func=lambda name: SOURCES[name].title,
        key="retrain_source",
        required=True,
    )
    address.keep("source", name, names[0])
    return SOURCES[name].show()


def _folder() -> Path | None:
    known = [str(path) for path in sources.data_sets()]
    given = st.query_params.get("folder")
    if given and given not in known:
        known.append(given)
    chosen = st.selectbox(
        "Folder with one sub-folder a class",
        known,
        index=known.index(given) if given in known else None,
        format_func=_shown,
        accept_new_options=True,
        placeholder="Choose a data set, or type a path",
        key="retrain_folder",
        help="yes/no, tumor/no_tumor, or glioma, meningioma, pituitary and notumor. Only folders below "
        f"{', '.join(map(str, sources.allowed_roots()))} may be read; BRAIN_DATA_ROOTS adds to them.",
    )
    address.keep("folder", chosen, None)
    if not chosen:
        if not known:
            st.caption("No data set lies below the folders that may be read: upload one, or fetch it from Kaggle.")
        return None
    try:
        return sources.allowed(chosen)
    except BrainError as error:
        notice.show("error", str(error))
        return None


def _shown(path: str) -> str:
    """Short, where it lies below a folder of the program's own."""
    for root in sources.allowed_roots():
        if Path(path).is_relative_to(root) and Path(path) != root:
            return f"{Path(path).relative_to(root)} · {root.name}"
    return path


def _upload() -> Path | None:
    upload = st.file_uploader(
        "A zip of class folders",
        type="zip",
        key="retrain_upload",
        max_upload_size=UPLOAD_MEGABYTES,
        help="One folder a class, as in yes/ and no/. Unpacked on this server, below BRAIN_HOME, and kept there.",
    )
    if upload is None:
        return None
    return unpacking.show(upload)


def _kaggle() -> Path | None:
    source = st.text_input("Kaggle data set, owner/name", NAVONEEL, key="retrain_kaggle", persist_state="session")
    source = source.strip()
    try:
        folder, name = download_folder(source), f"download {source}"
    except BrainError as error:
        notice.show("error", str(error))
        return None
    found = task.look(name)
    if found.is_going_on:
        st.fragment(_follow, run_every=POLL)(name)
        return None
    if found.error:
        notice.show("error", found.error, title="Nothing was downloaded. ")
    there = folder.is_dir()
    if st.button("Download again" if there else "Download", icon=":material/download:", key="retrain_kaggle_download"):
        try:
            access.check(Action.RETRAIN)
            task.start(name, ["dataset", "download", source])
        except BrainError as error:
            notice.show("error", str(error))
        else:
            st.rerun()
    if not there:
        st.caption("With the Kaggle credentials of whoever runs this server; it goes on when you close the page.")
    return folder if there else None


def _follow(name: str) -> None:
    found = task.look(name)
    if not found.is_going_on:
        st.rerun()
    st.markdown("**Downloading …**")
    st.code("\n".join(found.lines[-LINES:]) or "Asking Kaggle …", language=None, wrap_lines=True)
    if st.button("Cancel", key="retrain_kaggle_cancel") and access.allowed(Action.RETRAIN):
        task.stop(name)
        task.forget(name)
        st.rerun()


SOURCES = {
    "folder": Source("Folder on this server", _folder),
    "zip": Source("Zip upload", _upload),
    "kaggle": Source("Kaggle", _kaggle),
    "confirmed": Source("Confirmed scans", confirmed.show),
}


def allowed_file(path: str) -> Path:
    """A file on the server that a visitor named, resolved, where data sets may lie.

    Raises:
        ConfigError: it is not there, or lies elsewhere.
    """
    if not path:
        raise ConfigError("Weights file: expected a path. Received: none.")
    try:
        found = Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, no such user, a NUL
        raise ConfigError(f"Weights file: expected a path. Received: {path!r} ({error}).") from error
    sources.allowed(found.parent)
    if not found.is_file():
        raise ConfigError(f"Weights file: no such file: {path}.")
    return found


def default_masks() -> Path | None:
    """Outlined tumours at hand, to compare where models look."""
    data = settings().data_dir
    return data / "localisation" if data and (data / "localisation" / "masks").is_dir() else None
