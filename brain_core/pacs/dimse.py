"""The archive over DIMSE: C-ECHO, C-FIND, C-GET or C-MOVE, C-STORE."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from pydicom import Dataset, uid
from pynetdicom import build_context, evt
from pynetdicom.dsutils import encode_file_meta

from brain_core.errors import PacsError
from brain_core.pacs import association as assoc
from brain_core.pacs import status
from brain_core.pacs.archive import Archive, Query, SeriesFound, StoreOutcome, StudyFound, checked_uid
from brain_core.pacs.attributes import SERIES_FIELDS, STUDY_FIELDS, date_range, matches, series_found, study_found, text
from brain_core.pacs.inbox import Inbox
from brain_core.pacs.outgoing import PREAMBLE, as_file, file_meta
from brain_core.pacs.settings import MOVE, Dimse
from brain_core.quiet import quiet

PUBLIC = "1.2.840.10008."  # start of the UIDs of the standard
NO_WILDCARDS = str.maketrans("", "", "*?\\")  # C-FIND would take them for patterns and lists
LIKELY = (  # kinds of images in an MR study, where the archive does not say which it holds
    uid.MRImageStorage,
    uid.EnhancedMRImageStorage,
    uid.EnhancedMRColorImageStorage,
    uid.LegacyConvertedEnhancedMRImageStorage,
    uid.SecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
    uid.ComprehensiveSRStorage,
    uid.EnhancedSRStorage,
    uid.BasicTextSRStorage,
)
RESULTS = (uid.ComprehensiveSRStorage, uid.SecondaryCaptureImageStorage)
_log = logging.getLogger("brain_core")


class DimseArchive(Archive):
    """An archive that speaks DIMSE."""

    def __init__(self, settings: Dimse):
        self._settings = settings

    def echo(self) -> None:
        with assoc.associated(self._settings, [assoc.context(assoc.ECHO)]) as link:
            _expect_success(link.send_c_echo(), "C-ECHO")

    def log_in(self) -> None:
        """Make an association, and end it."""
        with assoc.associated(self._settings, [assoc.context(assoc.ECHO), assoc.context(assoc.FIND)]):
            pass

    def offers_retrieve(self) -> None:
        """Check that the archive offers C-GET or C-MOVE, and for C-MOVE that its port here is free."""
        move = self._settings.retrieve == MOVE
        with assoc.associated(self._settings, [assoc.context(assoc.MOVE if move else assoc.GET)]):
            pass
        if move:
            with self._listening(Inbox(Path(), {}, None)):
                pass

    def offers_store(self) -> None:
        """Check that the archive takes what is stored there: structured reports and secondary captures."""
        with assoc.associated(self._settings, [assoc.context(kind) for kind in RESULTS]) as link:
            accepted = {each.abstract_syntax for each in link.accepted_contexts}
        if refused := [kind.name for kind in RESULTS if kind not in accepted]:
            raise PacsError(f"The archive does not take: {', '.join(refused)}.")

    def find_studies(self, query: Query) -> list[StudyFound]:
        keys = dict.fromkeys(STUDY_FIELDS, "")
        keys |= {"ModalitiesInStudy": query.modality, "StudyDate": date_range(query)}
        if query.patient_id is not None:
            keys["PatientID"] = query.patient_id.strip().translate(NO_WILDCARDS)
        found = filter(None, map(study_found, self._find("STUDY", keys)))
        return list(islice((each for each in found if matches(each, query)), query.limit))

    def find_series(self, study_uid: str) -> list[SeriesFound]:
        keys = dict.fromkeys(SERIES_FIELDS, "") | {"StudyInstanceUID": checked_uid(study_uid, "Study Instance UID")}
        return list(filter(None, map(series_found, self._find("SERIES", keys))))

    def find_instances(self, study_uid: str, series_uid: str) -> dict[str, str]:
        keys = {
            "StudyInstanceUID": checked_uid(study_uid, "Study Instance UID"),
            "SeriesInstanceUID": checked_uid(series_uid, "Series Instance UID"),
            "SOPInstanceUID": "",
            "SOPClassUID": "",
        }
        return {
            checked_uid(text(each, "SOPInstanceUID"), "SOP Instance UID"): text(each, "SOPClassUID")
            for each in self._find("IMAGE", keys)
        }

    def _retrieve(self, study_uid: str, listed: Mapping[str, Mapping[str, str]], inbox: Inbox) -> None:
        retrieve = self._move if self._settings.retrieve == MOVE else self._get
        retrieve(study_uid, listed, inbox)

    def existing(self, datasets: Sequence[Dataset]) -> set[str]:
        found = set()
        for ds in datasets:
            keys = {each: str(ds[each].value) for each in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
            answers = self._find("IMAGE", keys)
            found.update({text(each, "SOPInstanceUID") for each in answers} & {keys["SOPInstanceUID"]})
        return found

    def _store(self, ds: Dataset) -> StoreOutcome:
        whole, sop = as_file(ds), str(ds.SOPInstanceUID)
        syntax = whole.file_meta.TransferSyntaxUID
        context = build_context(ds.SOPClassUID, list(assoc.PLAIN) if syntax in assoc.PLAIN else [syntax])
        with assoc.associated(self._settings, [context]) as link:
            code = _status_of(link.send_c_store(whole), "C-STORE")
        refusal = None if status.is_stored(code) else f"The archive refuses the object: {status.dimse(code)}."
        return StoreOutcome(sop, refusal)

    def _find(self, level: str, keys: Mapping[str, str]) -> list[Dataset]:
        """The answers of a C-FIND, all of them."""
        answers = []
        with assoc.associated(self._settings, [assoc.context(assoc.FIND)]) as link:
            for answer, identifier in link.send_c_find(_query(level, keys), assoc.FIND):
                code = _status_of(answer, "C-FIND")
                if code in status.PENDING and identifier is not None:
                    answers.append(identifier)
                elif code in status.PENDING:
                    _log.warning("One of the archive's answers cannot be read and was passed over.")
                elif code != status.SUCCESS:
                    raise PacsError(f"The archive refuses C-FIND: {status.dimse(code)}.")
        return answers

    def _get(self, study_uid: str, listed: Mapping[str, Mapping[str, str]], inbox: Inbox) -> None:
        kinds = _kinds(listed)
        contexts = [assoc.context(assoc.GET), *assoc.storage_contexts(kinds)]
        handlers = [(evt.EVT_C_STORE, lambda event: _take(event, inbox))]
        with assoc.associated(self._settings, contexts, receives=kinds, handlers=handlers) as link:
            refused = set(kinds) - {each.abstract_syntax for each in link.accepted_contexts}
            for series_uid, instances in listed.items():
                keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
                request = _query("SERIES", keys)
                if left_out := [sop for sop, kind in instances.items() if kind in refused]:
                    _leave_out(left_out, instances, inbox)
                    rest = [sop for sop in instances if sop not in left_out]
                    request = _query("IMAGE", keys | {"SOPInstanceUID": rest}) if rest else None
                if request is not None:
                    _finish(link.send_c_get(request, assoc.GET), "C-GET", inbox)

    def _move(self, study_uid: str, listed: Mapping[str, Mapping[str, str]], inbox: Inbox) -> None:
        with (
            self._listening(inbox),
            assoc.associated(self._settings, [assoc.context(assoc.MOVE)]) as link,
        ):
            for series_uid in listed:
                request = _query("SERIES", {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid})
                _finish(link.send_c_move(request, self._settings.move_aet, assoc.MOVE), "C-MOVE", inbox)

    @contextmanager
    def _listening(self, inbox: Inbox) -> Iterator[None]:
        """Take what the archive sends, for as long as the block lasts."""
        settings, ae = self._settings, assoc.make_ae(self._settings)
        ae.ae_title, ae.require_called_aet = settings.move_aet, True
        handlers = [(evt.EVT_CONN_OPEN, assoc.send_at_once), (evt.EVT_C_STORE, lambda event: _take(event, inbox))]
        try:
            server = ae.start_server((settings.store_address, settings.store_port), block=False, evt_handlers=handlers)
        except OSError as error:
            raise PacsError(
                f"store_port {settings.store_port} cannot be listened on: {error.strerror or 'error'}."
            ) from error
        try:
            yield
        finally:
            server.shutdown()


def _take(event: evt.Event, inbox: Inbox) -> int:
    """Keep an instance that was asked for; returns the status. Runs in a thread of pynetdicom."""
    sop = str(event.request.AffectedSOPInstanceUID)
    if not inbox.lists(sop):
        return status.NOT_AUTHORISED
    try:
        inbox.save(sop, lambda file: file.write(_as_bytes(event)))
    except PacsError:  # the inbox remembers it
        return status.OUT_OF_RESOURCES
    return status.SUCCESS


def _as_bytes(event: evt.Event) -> bytes:
    """The file of an instance, its data set as it was sent."""
    request, syntax = event.request, event.context.transfer_syntax
    meta = file_meta(request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, syntax)
    return PREAMBLE + b"DICM" + encode_file_meta(meta) + event.encoded_dataset(include_meta=False)


def _finish(answers: Iterator[tuple[Dataset, Dataset | None]], what: str, inbox: Inbox) -> None:
    """Let a retrieval run to its end.

    Raises:
        PacsError: it failed. One of which some instances failed ends well here: what is missing, the inbox knows.
    """
    code = status.SUCCESS
    for answer, _ in answers:
        code = _status_of(answer, what)
    if inbox.error is not None:
        raise inbox.error
    if code not in (status.SUCCESS, status.IN_PART):
        raise PacsError(f"The archive refuses {what}: {status.dimse(code)}.")


def _expect_success(answer: Dataset, what: str) -> None:
    if (code := _status_of(answer, what)) != status.SUCCESS:
        raise PacsError(f"The archive refuses {what}: {status.dimse(code)}.")


def _status_of(answer: Dataset, what: str) -> int:
    if "Status" not in answer:
        raise PacsError(f"No answer to {what} in time, or the connection broke off.")
    return int(answer.Status)


def _kinds(listed: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The SOP classes that may come: as the archive says, and the likely ones where it does not."""
    said = [kind for instances in listed.values() for kind in instances.values()]
    return list(dict.fromkeys([*filter(None, said), *(LIKELY if "" in said else ())]))


def _leave_out(sop_uids: Sequence[str], kinds: Mapping[str, str], inbox: Inbox) -> None:
    """Do without what cannot be sent over C-GET and is no image for sure: a maker's private objects.

    Raises:
        PacsError: something else is among them.
    """
    if public := {kinds[each] for each in sop_uids if kinds[each].startswith(PUBLIC)}:
        raise PacsError(f"The archive does not send over C-GET: {', '.join(uid.UID(each).name for each in public)}.")
    inbox.leave_out(sop_uids)
    _log.warning("%d objects of a private kind were left out: the archive does not send them.", len(sop_uids))


def _query(level: str, keys: Mapping[str, str | list[str]]) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.QueryRetrieveLevel = level
    with quiet():
        for keyword, value in keys.items():
            setattr(ds, keyword, value)
    return ds
