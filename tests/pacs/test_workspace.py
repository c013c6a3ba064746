"""Folders for fetched studies: private, gone afterwards, and gone later where a process was killed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from brain_core.errors import PacsError
from brain_core.pacs.dimse import _take
from brain_core.pacs.inbox import receiving
from brain_core.pacs.status import NOT_AUTHORISED, SUCCESS
from brain_core.pacs.workspace import fetching_folder, sweep


def test_a_folder_is_private_and_gone_afterwards(tmp_path):
    with fetching_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "x.dcm").write_bytes(b"x")
    assert list((tmp_path / "pacs" / "fetched").iterdir()) == []
    with pytest.raises(ValueError), fetching_folder(tmp_path) as folder:
        raise ValueError
    assert list((tmp_path / "pacs" / "fetched").iterdir()) == []


def test_a_sweep_takes_the_folders_of_the_dead_and_no_others(tmp_path):
    with fetching_folder(tmp_path) as living:
        dead = living.parent / "0123456789abcdef"
        dead.mkdir()
        (dead / "x.dcm").write_bytes(b"x")
        (living / "y.dcm").write_bytes(b"y")
        sweep(tmp_path)
        assert not dead.exists() and (living / "y.dcm").exists()
        with fetching_folder(tmp_path) as other:
            assert other != living and living.exists()
        assert living.exists()


def test_a_home_that_cannot_be_written_is_said_so(tmp_path):
    (tmp_path / "pacs").write_text("a file")
    with pytest.raises(PacsError, match="cannot be made: File exists"), fetching_folder(tmp_path):
        pass


def test_an_inbox_keeps_all_or_nothing(tmp_path):
    steps, listed = [], {"1.2": "", "1.3": ""}
    with receiving(tmp_path, listed, lambda *step: steps.append(step)) as inbox:
        for uid in ("1.3", "1.2", "1.3"):
            inbox.save(uid, lambda file, uid=uid: file.write(uid.encode()))
        assert [path.name for path in inbox.files()] == ["1.2.dcm", "1.3.dcm"]
        assert not inbox.lists("1.4") and inbox.lists("1.2")
    assert steps == [(1, 2), (2, 2), (2, 2)] and (tmp_path / "1.3.dcm").read_bytes() == b"1.3"
    new = tmp_path / "new"
    with pytest.raises(PacsError, match="lists 2 .* gave 1: nothing was kept"), receiving(new, listed, None) as inbox:
        inbox.save("1.2", lambda file: file.write(b"x"))
        inbox.files()
    assert list(new.iterdir()) == []


def test_an_instance_that_cannot_be_written_leaves_no_part(tmp_path):
    def full(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(PacsError, match="No space left on device"), receiving(tmp_path, {"1.2": ""}, None) as inbox:
        inbox.save("1.2", full)
    assert list(tmp_path.iterdir()) == []


class Event:
    """A C-STORE request as pynetdicom hands it over."""

    def __init__(self, sop_uid: str):
        self.request = SimpleNamespace(AffectedSOPInstanceUID=sop_uid, AffectedSOPClassUID=MRImageStorage)
        self.context = SimpleNamespace(transfer_syntax=ExplicitVRLittleEndian)

    def encoded_dataset(self, include_meta: bool = True) -> bytes:
        return b""


def test_what_was_not_asked_for_is_not_let_in(tmp_path):
    with receiving(tmp_path, {"1.2": ""}, None) as inbox:
        assert _take(Event("1.3"), inbox) == NOT_AUTHORISED
        assert _take(Event("../1.2"), inbox) == NOT_AUTHORISED
        assert _take(Event("1.2"), inbox) == SUCCESS
    assert [path.name for path in tmp_path.iterdir()] == ["1.2.dcm"]
