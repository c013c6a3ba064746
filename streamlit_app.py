"""The dashboard's router: `streamlit run streamlit_app.py`. Every screen stands in `pages/`."""

import streamlit as st

from brain_core import logs
from brain_core.access import Action
from brain_core.ui import disclaimer, theme
from brain_core.ui.access import gate

SCREENS = {  # file: title, icon, and what whoever sees it has to be allowed to do
    "1_Detect": ("Detect", "radiology", Action.DETECT),
    "2_Metrics": ("Metrics", "analytics", Action.SEE_METRICS),
    "3_Thresholds": ("Thresholds", "tune", Action.SEE_METRICS),
    "4_Retrain": ("Retrain", "model_training", Action.RETRAIN),
    "5_PACS": ("PACS", "dns", Action.SEARCH_ARCHIVE),
    "6_Review": ("Review", "rate_review", Action.GIVE_FEEDBACK),
    "7_Monitor": ("Monitor", "monitoring", Action.SEE_MONITOR),
}

logs.protect()
st.set_page_config(page_title="BRAIN", page_icon=theme.ICON, layout="wide")
theme.apply()
user = gate.user()
pages, open_to_user = [], []
for file, (title, icon, action) in SCREENS.items():
    may = user is not None and user.may(action)
    pages.append(
        st.Page(
            f"pages/{file}.py",
            title=title,
            icon=f":material/{icon}:",
            default=not pages,
            visibility="visible" if may else "hidden",
        )
    )
    open_to_user += [pages[-1]] if may else []
page = st.navigation(pages, position="sidebar" if open_to_user else "hidden")
if open_to_user and page == pages[0] and page not in open_to_user:
    st.switch_page(open_to_user[0])  # the start is for whoever comes without an address
disclaimer.show()
if open_to_user:
    gate.show_user()
    page.run()  # it asks again
else:
    gate.show()
