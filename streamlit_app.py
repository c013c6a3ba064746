"""The dashboard's router: `streamlit run streamlit_app.py`. Every screen stands in `pages/`."""

import streamlit as st

from brain_core import logs
from brain_core.access import Action
from brain_core.ui import disclaimer, theme
from brain_core.ui.access import gate

SCREENS = {  # section: file: title, icon, and what whoever sees it has to be allowed to do
    "Scans": {
        "1_Detect": ("Detect", "radiology", Action.DETECT),
        "5_PACS": ("PACS", "dns", Action.SEARCH_ARCHIVE),
        "6_Review": ("Review", "rate_review", Action.GIVE_FEEDBACK),
    },
    "Models": {
        "2_Metrics": ("Metrics", "analytics", Action.SEE_METRICS),
        "3_Thresholds": ("Thresholds", "tune", Action.SEE_METRICS),
        "4_Retrain": ("Retrain", "model_training", Action.RETRAIN),
        "7_Monitor": ("Monitor", "monitoring", Action.SEE_MONITOR),
    },
    "Teaching": {
        "8_Explain": ("Explain", "layers", Action.LEARN),
        "9_Playground": ("Playground", "science", Action.LEARN),
        "10_When_it_fails": ("When it fails", "report", Action.LEARN),
        "11_Quiz": ("Quiz", "quiz", Action.LEARN),
    },
}

logs.protect()
st.set_page_config(page_title="BRAIN", page_icon=theme.ICON, layout="wide")
theme.apply()
user = gate.user()
sections, open_to_user = {}, []
for section, screens in SCREENS.items():
    sections[section] = []
    for file, (title, icon, action) in screens.items():
        may = user is not None and user.may(action)
        page = st.Page(
            f"pages/{file}.py",
            title=title,
            icon=f":material/{icon}:",
            default=file == "1_Detect",
            visibility="visible" if may else "hidden",
        )
        sections[section].append(page)
        open_to_user += [page] if may else []
start = sections["Scans"][0]
page = st.navigation(sections, position="sidebar" if open_to_user else "hidden", expanded=True)
if open_to_user and page == start and page not in open_to_user:
    st.switch_page(open_to_user[0])  # the start is for whoever comes without an address
disclaimer.show()
if open_to_user:
    gate.show_user()
    page.run()  # it asks again
else:
    gate.show()
