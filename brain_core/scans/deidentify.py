"""A DICOM data set without its patient: what is on a list is made anew, all else is gone.

The list is far shorter than what the Basic Application Level Confidentiality Profile (PS3.15 Annex E) lets stay: no
dates, no free text, no names of people, places and devices. What stays is rebuilt from checked values, so that nothing
can hide in an attribute of another kind.
"""

from __future__ import annotations

import re
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID

from brain_core.quiet import quiet
from brain_core.scans import pseudonym
from brain_core.scans.deidentify_list import ALLOWED
from brain_core.scans.dicom.pixels import PALETTE
from brain_core.scans.dicom.values import items, numbers, text, texts, value, values

BURNED_IN = (
    "Text that is burned into the pixels themselves, such as a name in a corner, is not found and not removed: look at "
    "the pictures before you pass them on."
)
METHOD = "BRAIN: allow-list, no text, dates or private data; UIDs remapped"  # at most 64 characters (LO)
STANDARD_ROOT = "1.2.840.10008."  # of UIDs that name a class, a syntax, a coding scheme
CODE = re.compile(r"[A-Z0-9_ .\-]{1,16}")  # code strings (CS)
UID_SHAPE = re.compile(r"[0-9]+(\.[0-9]+)*")
MOST_DEPTH = 8  # sequences within sequences; MR images use four
NUMBERS = {"DS", "IS", "FL", "FD", "US", "SS", "UL", "SL", "AT"}
BINARY = {"OB", "OW", "OF", "OD"}


def deidentify(dataset: Dataset, *, name: str | None = None) -> Dataset:
    """What of a data set may leave, with the patient's pseudonym as name and ID; the argument stays as it is.

    UIDs become others of the form ``2.25.…``, the same for the same on this installation, in references too; those
    that the standard gives stay. Burned-in text cannot be found (`BURNED_IN`).

    Args:
        name: the pseudonym, where the patient's study has one; by default it is made of what the data set says.

    Raises:
        ConfigError: the secret of the pseudonyms is damaged.
    """
    with quiet():  # pydicom warns of odd values, and quotes them
        result = _kept(dataset, 0)
        meta = _meta(dataset, result)
    name = name or pseudonym.of_patient(
        text(dataset, "PatientID"),
        text(dataset, "IssuerOfPatientID"),
        study_uid=text(dataset, "StudyInstanceUID"),
    )
    result.PatientName = result.PatientID = name
    result.PatientIdentityRemoved = "YES"
    result.DeidentificationMethod = METHOD
    result.LongitudinalTemporalInformationModified = "REMOVED"
    result.SpecificCharacterSet = "ISO_IR 192"
    result.file_meta = meta
    return result


def _kept(source: Dataset, depth: int) -> Dataset:
    result = Dataset()
    of_palette = text(source, "PhotometricInterpretation") == PALETTE
    for tag in sorted(source.keys()):
        if tag.is_private or tag not in _ALLOWED_TAGS:
            continue
        if "Palette" in _ALLOWED_TAGS[tag] and not of_palette:
            continue  # a table that nothing refers to can hold anything
        keyword = _ALLOWED_TAGS[tag]
        vr = dictionary_VR(tag)
        if vr == "SQ":
            inner = [_kept(item, depth + 1) for item in items(source, keyword)] if depth < MOST_DEPTH else []
            if any(len(item) for item in inner):
                setattr(result, keyword, inner)
        elif (kept := _checked(source, keyword, vr)) is not None:
            setattr(result, keyword, kept)
            if vr in ("OB or OW", "US or OW", "US or SS", "US or SS or OW") and isinstance(kept, bytes):
                result[tag].VR = _vr_of_bytes(source, keyword)
    implicit, little = source.original_encoding
    if implicit is not None:
        result.set_original_encoding(implicit, little, "utf-8")
    return result


def _checked(source: Dataset, keyword: str, vr: str) -> Any:
    """The attribute's value, rebuilt; None where there is none or it is not of its kind."""
    kinds = set(vr.split(" or "))
    found = value(source, keyword)
    if found is None:
        return None
    if isinstance(found, bytes):
        return bytes(found) if kinds & BINARY else None
    if kinds == {"UI"}:
        return _uids(source, keyword)
    if kinds == {"CS"}:
        codes = texts(source, keyword)
        return list(codes) if all(CODE.fullmatch(code) for code in codes) else None
    if kinds & NUMBERS and (checked := numbers(source, keyword)) is not None:
        whole = not kinds & {"DS", "FL", "FD"}
        if whole and any(x != int(x) for x in checked):
            return None
        plain = [int(x) if whole else _short(x, vr) for x in checked]
        return plain if len(plain) > 1 else plain[0]
    return None


def _short(number: float, vr: str) -> float | str:
    """A decimal string has 16 characters."""
    if vr != "DS" or len(repr(number)) <= 16:
        return number
    return next(f"{number:.{digits}g}" for digits in range(15, 0, -1) if len(f"{number:.{digits}g}") <= 16)


def _uids(source: Dataset, keyword: str) -> list[str] | None:
    found = [str(uid).strip("\0 ") for uid in values(source, keyword)]
    if not all(found):
        return None
    return [_uid(uid) for uid in found]


def _uid(uid: str) -> str:
    known = uid.startswith(STANDARD_ROOT) and UID(uid).name != uid  # one that is in the standard's registry
    return uid if known else pseudonym.remapped_uid(uid)


def _vr_of_bytes(source: Dataset, keyword: str) -> str:
    stated = source[keyword].VR
    return stated if stated in BINARY else "OW"


def _meta(source: Dataset, result: Dataset) -> FileMetaDataset:
    meta, stated = FileMetaDataset(), getattr(source, "file_meta", None)
    if stated is not None and (syntax := text(stated, "TransferSyntaxUID")) and UID(syntax).is_transfer_syntax:
        meta.TransferSyntaxUID = syntax
    for keyword, of in (("MediaStorageSOPClassUID", "SOPClassUID"), ("MediaStorageSOPInstanceUID", "SOPInstanceUID")):
        if of in result:
            setattr(meta, keyword, result[of].value)
    return meta


_ALLOWED_TAGS = {tag_for_keyword(keyword): keyword for keyword in ALLOWED}
