"""The dashboard's router: `streamlit run streamlit_app.py`. Every screen stands in `pages/`."""

import streamlit as st

from brain_core.ui import disclaimer, theme

PAGES = [
    st.Page("pages/1_Detect.py", title="Detect", icon=":material/radiology:", default=True),
    st.Page("pages/2_Metrics.py", title="Metrics", icon=":material/analytics:"),
    st.Page("pages/3_Thresholds.py", title="Thresholds", icon=":material/tune:"),
    st.Page("pages/4_Retrain.py", title="Retrain", icon=":material/model_training:"),
    st.Page("pages/5_PACS.py", title="PACS", icon=":material/dns:"),
]

st.set_page_config(page_title="BRAIN", page_icon=theme.ICON, layout="wide")
theme.apply()
page = st.navigation(PAGES)
disclaimer.show()
page.run()
