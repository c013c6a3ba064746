"""The archive over DICOMweb: QIDO-RS, WADO-RS and STOW-RS."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import requests
from dicomweb_client.web import DICOMwebClient
from pydicom import Dataset
from pydicom.errors import InvalidDicomError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from brain_core.errors import PacsError
from brain_core.pacs import status
from brain_core.pacs.archive import Archive, Query, SeriesFound, StoreOutcome, StudyFound, checked_uid
from brain_core.pacs.attributes import (
    SERIES_FIELDS,
    STUDY_FIELDS,
    date_range,
    from_json,
    matches,
    series_found,
    silence,
    study_found,
    text,
)
from brain_core.pacs.inbox import Inbox
from brain_core.pacs.network import in_words, trusted
from brain_core.pacs.outgoing import as_file
from brain_core.pacs.settings import DicomWeb
from brain_core.pacs.whole import is_whole
from brain_core.quiet import quiet

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

PAGE = 500  # series or instances; archives that give fewer at a time are asked on
LEAST_CAP = 100  # answers to one search; an archive that cuts its answers short does so at this number or above
STALE = Retry(1, connect=0, read=1, status=0, other=0, allowed_methods=("GET",))  # a kept connection may be closed
AS_STORED = (("application/dicom", "*"),)  # transfer syntax as in the archive: compressed stays compressed
CONFLICT = 409  # the answer of STOW-RS that says what is wrong with which object
_log = logging.getLogger("brain_core")


class WebArchive(Archive):
    """An archive that speaks DICOMweb."""

    def __init__(self, settings: DicomWeb):
        self._settings = settings
        silence()

    def echo(self) -> None:
        """DICOMweb has no such thing: the smallest of queries takes its place."""
        with self._client() as client:
            client.search_for_studies(limit=1, fields=["StudyInstanceUID"])

    def find_studies(self, query: Query) -> list[StudyFound]:
        filters = {"ModalitiesInStudy": query.modality}
        if days := date_range(query):
            filters["StudyDate"] = days
        if query.patient_id is not None:
            filters["PatientID"] = query.patient_id.strip()
        with self._client() as client:
            search = partial(client.search_for_studies, fields=STUDY_FIELDS, search_filters=filters)
            # No limit: with one, and a modality to match, Orthanc 1.10 skips studies from the second page on.
            found = filter(None, map(study_found, _paged(search, "StudyInstanceUID", None)))
            return list(islice((each for each in found if matches(each, query)), query.limit))

    def find_series(self, study_uid: str) -> list[SeriesFound]:
        uid = checked_uid(study_uid, "Study Instance UID")
        with self._client() as client:
            search = partial(client.search_for_series, uid, fields=SERIES_FIELDS)
            return list(filter(None, map(series_found, _paged(search, "SeriesInstanceUID", PAGE))))

    def find_instances(self, study_uid: str, series_uid: str) -> dict[str, str]:
        study = checked_uid(study_uid, "Study Instance UID")
        series = checked_uid(series_uid, "Series Instance UID")
        with self._client() as client:
            search = partial(client.search_for_instances, study, series, fields=["SOPInstanceUID", "SOPClassUID"])
            return {
                checked_uid(text(each, "SOPInstanceUID"), "SOP Instance UID"): text(each, "SOPClassUID")
                for each in _paged(search, "SOPInstanceUID", PAGE)
            }

    def _retrieve(self, study_uid: str, listed: Mapping[str, Mapping[str, str]], inbox: Inbox) -> None:
        with self._client() as client:
            for uid in listed:
                for ds in client.iter_series(study_uid, uid, media_types=AS_STORED):
                    _save(ds, inbox)

    def existing(self, datasets: Sequence[Dataset]) -> set[str]:
        found = set()
        with self._client() as client:
            for ds in datasets:
                study, sop = str(ds.StudyInstanceUID), str(ds.SOPInstanceUID)
                search = partial(client.search_for_instances, study, search_filters={"SOPInstanceUID": sop})
                if any(text(each, "SOPInstanceUID") == sop for each in _paged(search, "SOPInstanceUID", PAGE)):
                    found.add(sop)
        return found

    def _store(self, ds: Dataset) -> StoreOutcome:
        sop = str(ds.SOPInstanceUID)
        with self._client() as client:
            try:
                answer = client.store_instances([as_file(ds)], study_instance_uid=str(ds.StudyInstanceUID))
            except requests.HTTPError as error:  # a conflict; `_check` takes the others
                answer = _conflict(error.response)
        for failed in answer.get("FailedSOPSequence") or ():
            code = failed.get("FailureReason")
            if isinstance(code, int) and not status.is_stored(code):
                return StoreOutcome(sop, f"The archive refuses the object: {status.dimse(code)}.")
        if answer.get("ReferencedSOPSequence") or self.existing([ds]):
            return StoreOutcome(sop)
        return StoreOutcome(sop, f"The archive refuses the object: {status.http(CONFLICT)}.")

    @contextmanager
    def _client(self) -> Iterator[DICOMwebClient]:
        """A client; what goes wrong in the block is said in words."""
        where, settings = "{}:{}".format(*self._settings.address), self._settings
        with _session(settings) as session, quiet():  # of certificates not to be checked, and of what archives write
            client = DICOMwebClient(
                settings.url,
                session,
                settings.qido_prefix,
                settings.wado_prefix,
                settings.stow_prefix,
                callback=_check,
                timeout=(settings.connect_timeout, settings.timeout),
            )
            client.set_http_retry_params(retry=False)  # whoever asks decides whether to ask again
            try:
                yield client
            except requests.exceptions.JSONDecodeError as error:
                raise PacsError(f"{where}: the answer is no DICOM JSON; is the URL the DICOMweb root?") from error
            except requests.RequestException as error:
                raise PacsError(f"{where}: {_cause(error)}.") from error
            except OSError as error:
                raise PacsError(f"{where}: {in_words(error)}.") from error
            except (InvalidDicomError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
                raise PacsError(f"{where}: the answer does not keep to DICOMweb ({type(error).__name__}).") from error


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _session(settings: DicomWeb) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # else ~/.netrc and REQUESTS_CA_BUNDLE overrule what the settings say
    session.headers["Accept"] = "application/dicom+json"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=STALE))
    session.verify = trusted(settings)
    if settings.client_certificate:
        both = (str(settings.client_certificate), str(settings.client_key))
        session.cert = both if settings.client_key else both[0]
    if settings.proxy:
        session.proxies = {"http": settings.proxy, "https": settings.proxy}
    if settings.token is not None:
        session.auth = _Bearer(settings.token)
    elif settings.username is not None:
        session.auth = (settings.username.encode(), settings.password.encode())  # UTF-8 (RFC 7617)
    return session


def _check(response: Response, *_args, **_options) -> None:
    """Refuse an answer for its status or kind; what it says is not shown, as it may name a patient.

    Raises:
        PacsError: it is an error, or a page for people.
    """
    storing = response.request.method == "POST"
    if response.status_code >= 400 and not (storing and response.status_code == CONFLICT):
        raise PacsError(f"The archive refuses: {status.http(response.status_code)}.")
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml") and not response.is_redirect:
        raise PacsError(
            "The archive answers with a web page in place of DICOM: the URL is not the DICOMweb root, "
            "or it asks for a login."
        )


def _paged(search: Callable[..., list[dict]], key: str, limit: int | None) -> Iterator[Dataset]:
    """All answers, page by page, until one brings nothing new.

    Args:
        limit: answers a page; None for as many as the archive likes to give.
    """
    seen: set[str] = set()
    offset = 0
    while True:
        page = [from_json(each) for each in search(limit=limit, offset=offset or None)]
        new = [ds for ds in page if text(ds, key) not in seen]
        yield from new
        if not new:
            if len(page) >= (limit or LEAST_CAP):
                _log.warning("The archive gives the same answers on every page: there may be more. Narrow the dates.")
            return
        seen.update(text(ds, key) for ds in new)
        offset += len(page)


def _save(ds: Dataset, inbox: Inbox) -> None:
    uid = text(ds, "SOPInstanceUID")
    if inbox.lists(uid) and is_whole(ds):
        inbox.save(uid, partial(as_file(ds).save_as, enforce_file_format=True))


def _conflict(response: Response) -> Dataset:
    """What the archive says of an object that it refuses; empty where it says nothing that can be read."""
    try:
        return from_json(response.json())
    except ValueError:
        return Dataset()


def _cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    words = in_words(error)
    return "the connection broke off" if words == type(error).__name__ else words
