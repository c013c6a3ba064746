"""The inputs: buttons that do something instructive at once, and every property by itself."""

from __future__ import annotations

import streamlit as st

from brain_core.ui.playground import state

PLACE = "Centre of the lesion, from the {} edge of the scan as read, before it is mirrored or turned, to its {} edge."
CONTRAST = (
    "Against the tissue around it, of the full grey range. Before the models see the picture, its grey values are "
    "stretched: a large bright lesion makes all else darker."
)
QUALITIES = (0, 95, 85, 75, 50, 30, 20, 10, 5, 2)  # of JPEG; 0 is none


def presets() -> None:
    """A row of buttons, and the way back."""
    planted = state.get("lesion")
    buttons = {
        "Plant a lesion": ("add_circle", state.put, {"lesion": True}, planted),
        "Cover it again": ("visibility_off", state.cover_lesion, {}, not planted),
        "Mirror": ("flip", state.put, {"mirrored": not state.get("mirrored")}, False),
        f"Turn by {state.TURN}°": ("rotate_left", state.turn, {}, False),
        "Compress hard": ("compress", state.put, {"quality": state.HARD}, state.get("quality") == state.HARD),
        "Start again": ("restart_alt", state.reset, {}, False),
    }
    with st.container(horizontal=True, gap="small"):
        for number, (label, (icon, act, values, disabled)) in enumerate(buttons.items()):
            st.button(
                label,
                key=f"playground_do_{number}",
                icon=f":material/{icon}:",
                on_click=act,
                kwargs=values,
                disabled=disabled,
            )


def lesion_and_covers() -> None:
    """Place and looks of the lesion, and the patches."""
    st.toggle("Lesion planted", key=state.key("lesion"))
    left, right = st.columns(2, gap="medium")
    with left:
        _percent("x", "Left to right", 0, 100, PLACE.format("left", "right"))
        _percent("radius", "Radius", 1, 30, "Of the picture's shorter side.")
        _percent("softness", "Soft edge", 0, 200, "Over which the lesion fades outwards, of its radius.")
    with right:
        _percent("y", "Top to bottom", 0, 100, PLACE.format("top", "bottom"))
        _percent("contrast", "Contrast", -100, 100, CONTRAST)
        _percent("patch", "Covered patch, side", 4, 60, "Of the picture's shorter side; of all covered patches.")
    covered = st.session_state[state.COVERED]
    if covered:
        st.button(
            f"Uncover all ({len(covered)})",
            key="playground_uncover",
            icon=":material/visibility:",
            on_click=state.uncover,
        )


def of_the_picture() -> None:
    """What is done to the picture as a whole."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.slider(
            "Turn",
            -180,
            180,
            key=state.key("rotation"),
            format="%d°",
            help="Degrees counter-clockwise; nothing is cut off.",
        )
        _percent(
            "brightness",
            "Brightness",
            -50,
            50,
            "Added to every pixel, of the full grey range. The models' preprocessing stretches grey values anew, so "
            "that only what is lost in black or white can matter.",
        )
    with right:
        st.slider(
            "Gamma",
            0.3,
            3.0,
            step=0.1,
            key=state.key("gamma"),
            help="Exponent on the grey values: below 1 lifts dark tissue, above 1 darkens it. Preprocessing does not "
            "undo it.",
        )
        st.select_slider(
            "JPEG quality",
            QUALITIES,
            key=state.key("quality"),
            format_func=lambda quality: str(quality) if quality else "not compressed",
            help="As if the picture had been saved as a JPEG file on its way; below about 30 its blocks can be seen.",
        )
    st.toggle("Mirrored, left for right", key=state.key("mirrored"))


def _percent(name: str, label: str, low: int, high: int, help: str) -> None:
    st.slider(label, low, high, key=state.key(name), format="%d %%", help=help)
