"""The archive in words, without passwords, and whether it can be reached."""

from __future__ import annotations

import os

import streamlit as st

from brain_core.access import Action
from brain_core.errors import ConfigError
from brain_core.pacs import secrets_file
from brain_core.pacs.settings import EXAMPLE, MOVE, Dimse, PacsSettings
from brain_core.ui import access, notice
from brain_core.ui.markup import esc
from brain_core.ui.pacs import progress, work
from brain_core.ui.pacs.work import FAILED, NOT_TRIED, OK, Row, Work

CHECK = "pacs_check"  # session: the last test of the connection
STATES = {True: OK, False: FAILED, None: NOT_TRIED}


def show() -> PacsSettings | None:
    """The settings, or what to put where; returns them where there are any that make sense."""
    path = secrets_file.secrets_path(os.environ)
    try:
        found = secrets_file.read(path)
    except ConfigError as error:
        notice.show("error", str(error), f"Correct it in {path}; the keys are below.", title="The archive's settings. ")
        _keys(expanded=True)
        return None
    if found is None:
        st.subheader("No archive is set up yet", anchor=False)
        st.html(
            '<div class="brain-words">Put a section <code>[pacs]</code> into '
            f"<code>{esc(path)}</code> (another file with <code>BRAIN_SECRETS</code>), readable by whoever runs BRAIN "
            "alone. Then load this page again. Passwords are shown nowhere.</div>"
        )
        st.code(EXAMPLE, language="toml", wrap_lines=True)
        return None
    with st.container(border=True, key="pacs_archive"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.html(_heading(found), width="content")
            test = st.button("Test connection", key="pacs_test", icon=":material/network_check:")
            if test and access.allowed(Action.SEARCH_ARCHIVE):
                st.session_state[CHECK] = _start()
        _outcome()
    return found


def in_words(found: PacsSettings) -> list[str]:
    """How it is spoken to: never a password, token or proxy."""
    encrypted = "encrypted" if found.encrypted else "not encrypted: patient data travel readable"
    checked = [] if found.verify_tls or not found.encrypted else ["the certificate is not checked"]
    if isinstance(found, Dimse):
        way = f"C-MOVE to {found.move_aet}, port {found.store_port}" if found.retrieve == MOVE else "C-GET"
        parts = [f"AE title {found.called_aet}", f"called by {found.calling_aet}", way]
    else:
        login = "with a token" if found.token else "with user and password" if found.username else "without login"
        parts = [found.url, login, *(["through a proxy"] if found.proxy else [])]
    return [*parts, encrypted, *checked]


def _heading(found: PacsSettings) -> str:
    kind, (host, port) = "DIMSE" if isinstance(found, Dimse) else "DICOMweb", found.address
    return (
        f'<div class="brain-name" role="heading" aria-level="2">{esc(host)}:{port} '
        f'<span class="brain-tag">{kind}</span></div>'
        f'<div class="brain-quiet">{esc(" · ".join(in_words(found)))}</div>'
    )


def _keys(expanded: bool = False) -> None:
    with st.expander("All keys of [pacs]", expanded=expanded):
        st.code(EXAMPLE, language="toml", wrap_lines=True)


def _start() -> Work:
    """Begin the test; its steps come as they are done."""
    path = secrets_file.secrets_path(os.environ)

    def act(test: Work) -> bool:
        from brain_core.pacs.check import steps

        rows: tuple[Row, ...] = ()
        for step in steps(lambda: secrets_file.read(path)):
            rows += (Row(step.name, STATES[step.ok], step.detail, step.seconds),)
            test.rows = rows
            test.check()
        return all(row.state != FAILED for row in rows)

    return work.start(act)


def _outcome() -> None:
    test: Work | None = st.session_state.get(CHECK)
    if test is None:
        _keys()
    elif test.stop.is_set():
        notice.show("info", "The test was cancelled.")
        st.session_state.pop(CHECK)
    elif not test.settled.is_set():
        progress.follow(test, "pacs_test_cancel", waits=False)
    else:
        progress.show(test.rows, "Test of the connection")
        if test.error:
            notice.show("error", test.error)
        elif test.result:
            notice.show("info", "The archive can be reached; nothing was written to it.")
        else:
            notice.show("error", "The first step that failed says why; what follows it was not tried.")
