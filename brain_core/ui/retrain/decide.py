"""Step 4: a version against the one in service, the gate, and which one serves from now on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core import versions
from brain_core.access import Action
from brain_core.audit import actions
from brain_core.cli.models import gate_of
from brain_core.errors import BrainError, ConfigError, ModelError, ResultsError
from brain_core.evaluation import challenge_record
from brain_core.in_service import LONGEST
from brain_core.models import MODELS
from brain_core.ui import access, address, notice
from brain_core.ui.retrain import comparing, comparison_view
from brain_core.versions import Version

MODEL = "retrain_decide_model"
SHOWN = (
    "retrain_shown"  # session: version in service and challenger as they stood on the page when a button was pressed
)


def show() -> None:
    """Model, versions, comparison, and the ways forward and back."""
    names = list(MODELS)
    name = st.segmented_control(
        "Model", names, default=None if MODEL in st.session_state else address.choice("model", names, names[-1]),
        format_func=lambda n: MODELS[n].title, key=MODEL, required=True,
    )  # fmt: skip
    address.keep("model", name, names[-1])
    try:
        found, changes = versions.listed(name), versions.history(name)
    except ModelError as error:
        notice.show("error", str(error), title=f"{MODELS[name].title} is out of service. ")
        return
    if done := st.session_state.pop("retrain_done", None):
        notice.show("info", done)
    champion = next((each for each in found if each.in_service), None)
    _table(found)
    challengers = [each for each in found if not each.in_service and not each.shipped]
    if champion is None:
        notice.show("error", "The version in service is not there. Go back to the one before.")
    elif challengers:
        _challenger(challengers, champion)
    else:
        st.caption("No other version yet: a run that ends well adds one.")
    if changes:
        _rollback(name, found, champion)
    _history(changes)


def _table(found: list[Version]) -> None:
    rows = []
    for each in found:
        rows.append(
            {
                "Version": each.version,
                "Is": ", ".join(_is(each)) or "retrained",
                "Trained, UTC": (each.created or "")[:16].replace("T", " "),
                **_figures(each),
                "Problem": each.problem or "",
            }
        )
    frame = pd.DataFrame(rows)
    if not frame["Problem"].any():
        frame = frame.drop(columns="Problem")
    st.dataframe(frame, hide_index=True, width="stretch", key="retrain_versions")
    st.caption("ROC-AUC on each version's own test part: not on the same scans. The comparison below is.")


def _is(version: Version) -> list[str]:
    marks = {"in service": version.in_service, "before it": version.predecessor, "shipped": version.shipped}
    return [words for words, so in marks.items() if so]


def _figures(version: Version) -> dict:
    try:
        metadata = version.card().metadata
        auc = metadata["metrics"]["test"]["roc_auc"]
        return {
            "Data": f"{metadata['data']['name']}, n = {metadata['data']['n']}",
            "ROC-AUC, own test": f"{auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})",
        }
    except (ModelError, KeyError, TypeError, ValueError):
        return {"Data": "not stored", "ROC-AUC, own test": "not stored"}


def _challenger(challengers: list[Version], champion: Version) -> None:
    ids = [each.version for each in challengers]
    st.subheader("Challenger against champion", anchor=False)
    given = ids.index(address.choice("version", ids, ids[0]))
    chosen = st.selectbox("Challenger", ids, index=given, key=f"retrain_challenger_{champion.name}")
    address.keep("version", chosen, ids[0])
    version = challengers[ids.index(chosen)]
    if version.problem:
        notice.show("error", version.problem, title="It cannot be used. ")
        _delete(version)
        return
    passed, gate = gate_of(version, champion)
    try:
        record = challenge_record.read(version.folder)
    except ResultsError as error:
        record, passed = None, False
        notice.show("error", str(error))
    is_current = record is not None and record.champion.version == champion.version
    if is_current:
        comparison_view.show(record)
    comparing.show(version, champion, is_current=is_current)
    told = gate if gate.startswith("Gate") else f"Gate not passed: {gate}"
    notice.show("info" if passed else "warning", told)
    _promote(version, champion, passed, gate)
    _delete(version)


def _promote(version: Version, champion: Version, passed: bool, gate: str) -> None:
    with st.expander(f"Put {version.version} in service", expanded=passed), st.form("retrain_promote", border=False):
        name = access.name_field("retrain_promote_name", LONGEST["name"])
        reason = st.text_input(
            "Reason" if passed else "Reason, which is needed since the gate is not passed",
            max_chars=LONGEST["reason"],
            key=f"retrain_promote_reason_{version.version}",
            placeholder="Passed the gate" if passed else "",
        )
        st.caption("Every session goes by it at once; one click leads back. Saved operating points are of a version.")
        shown = (champion.version, version.version)
        if not st.form_submit_button(
            "Promote", type="primary", key="retrain_promote_submit", on_click=_remember, args=shown
        ):
            return
        reason = reason.strip() or ("passed the gate" if passed else "")
        try:
            seen = _seen(version.version)
            _check(name, reason)
            about = {"model": version.name, "version": version.version, "before": champion.version, "gate": passed}
            with st.spinner("Checking the version …"), access.acting(Action.PROMOTE, actions.PROMOTE, **about):
                change = versions.promote(
                    version.name, version.version, who=name.strip(), reason=reason, gate=gate, seen=seen
                )
        except BrainError as error:
            notice.show("error", str(error), title="Nothing was changed. ")
        else:
            _done(f"{version.title} {change.version} is in service now.")


def _rollback(name: str, found: list[Version], champion: Version | None) -> None:
    before = next((each for each in found if each.predecessor), None)
    if before is None:
        return
    with st.expander(f"Back to {before.version}, in service before"), st.form("retrain_rollback", border=False):
        who = access.name_field("retrain_rollback_name", LONGEST["name"])
        reason = st.text_input("Reason", max_chars=LONGEST["reason"], key="retrain_rollback_reason")
        shown = (champion.version if champion else versions.UNKNOWN, before.version)
        if not st.form_submit_button("Roll back", key="retrain_rollback_submit", on_click=_remember, args=shown):
            return
        try:
            seen = _seen(before.version)
            _check(who, reason)
            about = {"model": name, "version": before.version, "from": shown[0]}
            back = access.acting(Action.ROLL_BACK, actions.ROLLBACK, anyway=True, **about)
            with st.spinner("Checking the version …"), back:
                change = versions.rollback(name, who=who.strip(), reason=reason.strip(), seen=seen)
        except BrainError as error:
            notice.show("error", str(error), title="Nothing was changed. ")
        else:
            _done(f"{MODELS[name].title} {change.version} is in service again.")


def _remember(*shown: str) -> None:
    """What the visitor had before them: the page reads it all anew before it does what the button says."""
    st.session_state[SHOWN] = shown


def _seen(now: str) -> str | None:
    """The version that was in service on the visitor's page; None where its name cannot be read.

    Args:
        now: what the button would put in service.

    Raises:
        ModelError: the button said something else.
    """
    champion, wanted = st.session_state[SHOWN]
    if wanted != now:
        raise ModelError(
            f"The versions have changed meanwhile: {wanted} stood on the page, now it is {now}. Try again."
        )
    return champion if champion != versions.UNKNOWN else None


def _check(name: str, reason: str) -> None:
    if not name.strip() or not reason.strip():
        raise ConfigError("Your name is needed." if not name.strip() else "A reason is needed.")


def _done(words: str) -> None:
    st.session_state["retrain_done"] = words
    st.rerun()


def _delete(version: Version) -> None:
    if version.predecessor or version.in_service or version.shipped:
        return
    if st.button("Delete this version", key=f"retrain_delete_version_{version.version}", icon=":material/delete:"):
        _confirm_delete(version)


@st.dialog("Delete this version?")
def _confirm_delete(version: Version) -> None:
    st.markdown(f"{version.title} {version.version} goes for good; the history keeps its name.")
    if st.button("Delete", type="primary", key="retrain_delete_version_confirmed"):
        about = {"what": "version", "model": version.name, "version": version.version}
        try:
            with access.acting(Action.DELETE, actions.DELETE, **about):
                versions.delete(version.name, version.version)
        except BrainError as error:
            notice.show("error", str(error), title="Not deleted. ")
        else:
            _done(f"{version.title} {version.version} is deleted.")


def _history(changes: list) -> None:
    with st.expander(f"History: {len(changes)} change{'s' * (len(changes) != 1)}"):
        if not changes:
            st.caption("The shipped version has been in service from the start.")
            return
        rows = [
            {
                "When, UTC": change.at[:16].replace("T", " "),
                "What": change.action,
                "From": change.from_version or "unknown",
                "To": change.version,
                "Who": change.name,
                "Why": change.reason,
                "Gate": change.gate,
            }
            for change in reversed(changes)
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="retrain_history")
