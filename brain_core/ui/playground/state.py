"""What this session does to the scan: the values of the page's inputs, and the patches that are covered."""

from __future__ import annotations

import streamlit as st

from brain_core.teaching import changes as made
from brain_core.teaching.changes import Changes, Place
from brain_core.teaching.planted import Blob

# Name of an input -> its value when nothing is done. Shares are in percent, as on the screen.
START = {
    "lesion": False,
    "x": 64,
    "y": 40,
    "radius": 9,
    "contrast": 45,
    "softness": 25,
    "patch": 16,
    "mirrored": False,
    "rotation": 0,
    "brightness": 0,
    "gamma": 1.0,
    "quality": 0,
}
LESION, COVER = "Plant a lesion", "Cover a patch"
COVERED, CLICKS = "playground_covered", "playground_clicks"
MOST_COVERED = 64
TURN = 90  # degrees, of the button
HARD = 5  # JPEG quality of the button


def key(name: str) -> str:
    """Of an input of `START`."""
    return f"playground_{name}"


def begin() -> None:
    """Nothing is done to the scan at first, nor after a visit to another page, which forgets the inputs."""
    if key("lesion") not in st.session_state:
        reset()
    st.session_state.setdefault(CLICKS, 0)


def reset() -> None:
    """Undo everything."""
    put(**START)
    st.session_state[COVERED] = ()


def put(**values: bool | int | float) -> None:
    """Set inputs by name."""
    for name, value in values.items():
        st.session_state[key(name)] = value


def get(name: str):
    """The value of an input."""
    return st.session_state[key(name)]


def blob() -> Blob:
    """The lesion that the inputs describe, whether it is planted or not."""
    return Blob(*(get(name) / 100 for name in ("x", "y", "radius", "contrast", "softness")))


def changes() -> Changes:
    """All that is to be done now."""
    return Changes(
        blob=blob() if get("lesion") else None,
        covered=st.session_state[COVERED],
        patch=get("patch") / 100,
        mirrored=get("mirrored"),
        rotation=float(get("rotation")),
        brightness=get("brightness") / 100,
        gamma=get("gamma"),
        jpeg_quality=get("quality") or None,
    )


def clicked(shown: Place, height: int, width: int) -> None:
    """A click into the picture: the lesion goes there, or a patch is covered or comes back.

    Args:
        shown: where, in the picture as it is shown.
        height, width: of the scan as read.
    """
    st.session_state[CLICKS] += 1
    place = made.place_in_scan(changes(), shown, height, width)
    if st.session_state[key("click")] == LESION:
        put(lesion=True, x=round(100 * place[0]), y=round(100 * place[1]))
    else:
        _toggle(place, height, width)


def cover_lesion() -> None:
    """A patch over the whole of the lesion, with its soft edge."""
    reach = 2 * get("radius") * (1 + get("softness") / 100)
    put(patch=int(min(60, max(get("patch"), reach + 2))))
    _add((get("x") / 100, get("y") / 100))


def uncover() -> None:
    """No patch is covered any more."""
    st.session_state[COVERED] = ()


def turn() -> None:
    """A quarter turn more, within -180..180 degrees."""
    put(rotation=(get("rotation") + TURN + 180) % 360 - 180)


def _toggle(place: Place, height: int, width: int) -> None:
    half = get("patch") / 200 * min(height, width)

    def hit(at: Place) -> bool:
        return max(abs(at[0] - place[0]) * width, abs(at[1] - place[1]) * height) < half

    covered = st.session_state[COVERED]
    kept = tuple(at for at in covered if not hit(at))
    if len(kept) < len(covered):
        st.session_state[COVERED] = kept
    else:
        _add(place)


def _add(place: Place) -> None:
    if place not in (covered := st.session_state[COVERED]):
        st.session_state[COVERED] = (*covered, place)[-MOST_COVERED:]
