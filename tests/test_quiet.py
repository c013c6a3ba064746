"""Quiet in threads: nobody's leaving lets another's warnings through, and afterwards the filters are as before."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from pydicom import config, dcmread

from brain_core.quiet import EVERYTHING, quiet
from brain_core.scans.dicom.file import refusing
from tests.scans.dicom_files import dataset, to_bytes

LATEST = 20  # seconds


@pytest.fixture
def shown():
    """All warnings that get through; every one would."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def overlapping(in_b, inside=quiet) -> None:
    """A enters, B enters, A leaves, ``in_b`` is called in B, B leaves."""
    a_in, b_in, a_out = threading.Event(), threading.Event(), threading.Event()
    failed = []

    def a() -> None:
        with inside():
            a_in.set()
            assert b_in.wait(LATEST)
        a_out.set()

    def b() -> None:
        try:
            assert a_in.wait(LATEST)
            with inside():
                b_in.set()
                assert a_out.wait(LATEST)
                in_b()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=each) for each in (a, b)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LATEST)
    assert not failed and not any(thread.is_alive() for thread in threads)


def test_who_leaves_first_does_not_let_the_others_warnings_through(shown):
    before, kept = warnings.filters, list(warnings.filters)
    overlapping(lambda: warnings.warn("Muster^Anna", stacklevel=1))
    assert shown == []
    assert warnings.filters is before and warnings.filters == kept
    warnings.warn("told again", stacklevel=1)
    assert [str(each.message) for each in shown] == ["told again"]


def test_the_filters_are_as_before_after_an_error_too(shown):
    kept = list(warnings.filters)
    with pytest.raises(ValueError), quiet(), quiet():
        raise ValueError
    assert warnings.filters == kept


def test_a_filter_that_is_set_inside_stays(shown):
    """As a library that is imported there sets one."""
    with quiet():
        warnings.filterwarnings("ignore", message="of a library")
        warnings.warn("silent", stacklevel=1)
    warnings.warn("of a library", stacklevel=1)
    assert shown == [] and EVERYTHING not in warnings.filters


def test_others_filters_that_outlast_it_do_not_bring_it_back(shown):
    """``catch_warnings`` entered inside and left outside puts the list back that it found inside."""
    others = warnings.catch_warnings()
    with quiet():
        others.__enter__()
    assert EVERYTHING not in warnings.filters
    others.__exit__(None, None, None)
    assert EVERYTHING not in warnings.filters


def test_others_filters_inside_do_not_end_it_for_the_next(shown):
    with quiet():
        warnings.simplefilter("always")  # in front of all
        with quiet():
            warnings.warn("silent", stacklevel=1)
    assert shown == [] and EVERYTHING not in warnings.filters


def test_the_dicom_libraries_are_never_heard():
    """Once DICOM is read here, even where nobody is inside."""
    script = (
        "import warnings, brain_core.scans.dicom.file\n"
        "for name in ('pydicom.valuerep', 'pydicom', 'pynetdicom.ae', 'highdicom.sr.coding', 'dicomweb_client.web',"
        " 'pydicomx', 'other.pydicom'):\n"
        "    warnings.warn_explicit('Muster of ' + name, UserWarning, 'f.py', 1, module=name)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heard = [line.split("Muster of ")[1] for line in done.stderr.splitlines() if "Muster of " in line]
    assert heard == ["pydicomx", "other.pydicom"]


def test_files_read_by_two_threads_at_once_name_nobody(shown):
    """A damaged UID, of which pydicom warns with its value."""
    ds = dataset(np.full((64, 64), 5, np.uint16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
        ds.add_new(0x0020000D, "UI", "1.2.826.0.007.5.55")
        data = to_bytes(ds)

    def read() -> None:
        assert str(dcmread(io.BytesIO(data)).StudyInstanceUID) == "1.2.826.0.007.5.55"

    assert dcmread(io.BytesIO(data)).StudyInstanceUID and "1.2.826.0.007" in str(shown[-1].message)
    shown.clear()
    overlapping(read, lambda: refusing("1.dcm", "damaged."))
    assert shown == []
