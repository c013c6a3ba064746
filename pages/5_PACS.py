"""PACS: the hospital's archive, its studies, and results back into them."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access
from brain_core.ui.pacs import actions, archive_card, search, study_list, style, watcher

access.enter(Action.SEARCH_ARCHIVE)
style.apply()
st.title("PACS", anchor=False)
settings = archive_card.show()
if settings is not None:
    found = search.show(settings)
    selected = study_list.show(found) if found is not None else None
    actions.show(settings, selected)
watcher.show()
