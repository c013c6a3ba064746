"""An archive that is not there, does not let one in or does not keep its word: each in words, in bounded time."""

from __future__ import annotations

import json
import socket
import time
from datetime import date

import numpy as np
import pytest

from brain_core.errors import PacsError
from brain_core.pacs.archive import Query, open_archive
from brain_core.pacs.secrets_file import from_table
from tests.pacs.conftest import tables
from tests.pacs.fake_web import Answer, serving
from tests.pacs.orthanc import free_port
from tests.pacs.studies import files, results, study, study_uid

BOUNDARY = "b0unda7y"


def web(url: str, **changes):
    return open_archive(from_table({"kind": "dicomweb", "url": url} | changes))


def study_json(i: int) -> dict:
    return {"0020000D": {"vr": "UI", "Value": [f"1.2.{i}"]}, "00080061": {"vr": "CS", "Value": ["MR"]}}


def test_a_wrong_password_is_said_so_and_not_shown(connect):
    archive = connect("dicomweb", password="wr0ng")
    with pytest.raises(PacsError, match="HTTP 401: user, password or token are wrong or missing") as caught:
        archive.find_studies(Query())
    assert "wr0ng" not in str(caught.value) + repr(archive._settings)


def test_nobody_listens(connect, way):
    port = free_port()
    changes = {"url": f"http://localhost:{port}/dicom-web"} if way == "dicomweb" else {"port": port}
    start = time.perf_counter()
    with pytest.raises(PacsError, match=f"^localhost:{port}: connection refused, nothing listens there.$"):
        connect(way, **changes).echo()
    assert time.perf_counter() - start < 3


def test_a_host_that_nobody_knows(connect, way):
    changes = (
        {"url": "http://no-such-host.invalid/dicom-web"} if way == "dicomweb" else {"host": "no-such-host.invalid"}
    )
    with pytest.raises(PacsError, match="no-such-host.invalid:.*: .*(not known|resolution)"):
        connect(way, **changes).echo()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"called_aet": "NOBODY"}, "it does not know the called AE title .called_aet 'NOBODY'"),
        ({"calling_aet": "STRANGER"}, "rejects|accepts none|not authorised|refuses"),
    ],
)
def test_an_ae_title_that_the_archive_does_not_know(connect, changes, message):
    with pytest.raises(PacsError, match=message):
        connect("get", **changes).find_studies(Query())


def test_a_move_destination_that_the_archive_does_not_know(orthanc, connect, tmp_path):
    orthanc.put(*files(study("one", 1)))
    with pytest.raises(PacsError, match="The archive refuses C-MOVE: status 0x"):
        connect("move", move_aet="NOBODY").fetch_study(study_uid("one"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_store_port_that_is_taken(orthanc, connect, tmp_path):
    orthanc.put(*files(study("one", 1)))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PacsError, match=f"store_port {port} cannot be listened on: Address already in use"):
            connect("move", store_port=port).fetch_study(study_uid("one"), tmp_path)


def test_dimse_to_a_web_server_and_the_other_way_round(orthanc, connect):
    start = time.perf_counter()
    with pytest.raises(PacsError, match="does not take up the association"):
        connect("get", port=orthanc.http_port, connect_timeout=1).echo()
    with pytest.raises(PacsError, match="broke off|no answer in time"):
        connect("dicomweb", url=f"http://localhost:{orthanc.dicom_port}/dicom-web", timeout=2).echo()
    assert time.perf_counter() - start < 10


def test_a_server_that_is_silent_is_not_waited_for_long(way, connect):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        changes = {"url": f"http://127.0.0.1:{port}/x"} if way == "dicomweb" else {"host": "127.0.0.1", "port": port}
        start = time.perf_counter()
        with pytest.raises(PacsError, match="no answer in time|does not take up the association"):
            connect(way, timeout=0.5, connect_timeout=0.5, **changes).echo()
        assert time.perf_counter() - start < 5


@pytest.mark.parametrize("way", ["dicomweb", "get"])
def test_an_archive_that_stops_midway_leaves_no_part_of_a_study(own_orthanc, way, tmp_path):
    noise = np.random.default_rng(0).integers(0, 4096, (1024, 1024), np.uint16)
    big = study("one", 12)
    for i, ds in enumerate(big):
        ds.Rows = ds.Columns = 1024
        ds.PixelData = np.roll(noise, i).tobytes()
    own_orthanc.put(*files(big))
    archive = open_archive(from_table(tables(own_orthanc)[way] | {"timeout": 5}))
    seen = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        own_orthanc.stop()

    with pytest.raises(PacsError, match="broke off|in time|refuses|12 instances of the study and gave"):
        archive.fetch_study(study_uid("one"), tmp_path / "in", stop)
    assert 1 <= len(seen) < 12
    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(status=403), "HTTP 403: this user may not do that"),
        (Answer(status=404), "HTTP 404: there is nothing at this address"),
        (Answer(status=413), "HTTP 413: the answer or the object is too large"),
        (Answer(status=500, body=b"Phantom^Anna"), "HTTP 500: it failed inside"),
        (Answer(status=503), "HTTP 503: it is not ready"),
        (Answer(status=418), "HTTP 418: it refuses the request"),
        (Answer(b"<html>Log in, please</html>", kind="text/html; charset=utf-8"), "a web page in place of DICOM"),
        (Answer(b"hello", kind="text/plain"), "the answer is no DICOM JSON"),
        (Answer(b"[1, 2]"), "does not keep to DICOMweb"),
        (Answer(b'[{"0020000D": {"vr": "UI", "Va', length=500), "the connection broke off"),
    ],
    ids=lambda value: str(value.status) + value.kind[:9] if isinstance(value, Answer) else "",
)
def test_an_answer_of_the_wrong_kind(answer, message):
    with serving(lambda path, query: answer) as (url, _), pytest.raises(PacsError, match=message) as caught:
        web(url).find_studies(Query(patient_id="PH-0001"))
    assert "Anna" not in str(caught.value) and "PH-0001" not in str(caught.value)


def test_no_content_is_an_empty_answer():
    with serving(lambda path, query: Answer(b"", 204)) as (url, _):
        assert web(url).find_studies(Query()) == []


def test_an_archive_that_gives_few_at_a_time_is_asked_on():
    def answer(_path, query):
        start = int(query.get("offset", ["0"])[0])
        return Answer(json.dumps([study_json(i) for i in range(start, min(start + 3, 7))]).encode())

    with serving(answer) as (url, seen):
        assert [each.uid for each in web(url).find_studies(Query())] == [f"1.2.{i}" for i in range(7)]
    assert len(seen) == 4


@pytest.mark.parametrize(("answers", "told"), [(99, False), (100, True)])
def test_an_archive_that_knows_no_pages_is_not_asked_for_ever(answers, told, caplog):
    """A hundred answers again and again may be a limit of the archive; fewer are all that it has."""
    listed = json.dumps([study_json(i) for i in range(answers)]).encode()
    with serving(lambda path, query: Answer(listed)) as (url, seen):
        assert len(web(url).find_studies(Query())) == answers
    assert len(seen) == 2 and ("there may be more" in caplog.text) == told


def test_answers_that_do_not_match_or_are_no_studies_are_passed_over():
    stray = study_json(1) | {"00080061": {"vr": "CS", "Value": ["CT"]}}
    odd = [stray, {"0020000D": {"vr": "UI", "Value": ["../../x"]}}, {}, study_json(2)]
    odd[3] |= {"00080020": {"vr": "DA", "Value": ["someday"]}, "00201208": {"vr": "IS", "Value": ["many"]}}
    odd[3] |= {"00081030": {"vr": "LO", "Value": ["brain\x1b[31m\n<b>"]}}
    early = study_json(3) | {"00080020": {"vr": "DA", "Value": ["20251231"]}}
    other = study_json(4) | {"00100020": {"vr": "LO", "Value": ["PH-2"]}}
    with serving(lambda path, query: Answer(json.dumps([*odd, early, other]).encode())) as (url, _):
        (found,) = web(url).find_studies(Query(since=date(2026, 1, 1), patient_id="PH-1"))
    assert (found.uid, found.study_date, found.instances) == ("1.2.2", None, None)
    assert found.description == "brain [31m <b>"  # nothing that a terminal obeys


def test_a_token_is_sent_and_stays_with_the_archive():
    with (
        serving(lambda path, query: Answer()) as (other, elsewhere),
        serving(
            lambda path, query: Answer(b"", 307, headers={"Location": other.replace("127.0.0.1", "localhost")})
        ) as (
            url,
            seen,
        ),
    ):
        archive = web(url, token="s3cret")
        archive.echo()
    assert seen[0][2]["Authorization"] == "Bearer s3cret"
    assert "Authorization" not in elsewhere[0][2]
    assert "s3cret" not in repr(archive._settings)


@pytest.mark.parametrize("cut", [0, 100, 3000])
@pytest.mark.parametrize("said", ["length", "nothing"])
def test_an_answer_cut_short_is_never_a_whole_study(tmp_path, cut, said):
    sent = study("one", 2)
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    whole = b"".join(head + data + b"\r\n" for data in files(sent)) + f"--{BOUNDARY}--\r\n".encode()
    body = whole[: len(whole) - cut] if cut else whole
    listed = [{"00080018": {"vr": "UI", "Value": [each.SOPInstanceUID]}} for each in sent]

    def answer(path, query):
        if path.endswith("/instances"):
            return Answer(json.dumps([] if "offset" in query else listed).encode())
        length = len(whole) if said == "length" else None
        return Answer(body, kind=f'multipart/related; type="application/dicom"; boundary={BOUNDARY}', length=length)

    with serving(answer) as (url, _):
        archive = web(url)
        if not cut:
            assert len(archive.fetch_study(study_uid("one"), tmp_path, series=["1.2"])) == 2
            return
        with pytest.raises(PacsError, match="the connection broke off|lists 2 instances of the study and gave 1"):
            archive.fetch_study(study_uid("one"), tmp_path, series=["1.2"])
    assert list(tmp_path.iterdir()) == []


def test_a_conflict_names_what_the_archive_says():
    item = {"00081155": {"vr": "UI", "Value": ["1.2"]}, "00081197": {"vr": "US", "Value": [0x0122]}}
    body = json.dumps({"00081198": {"vr": "SQ", "Value": [item]}}).encode()
    told = results(study("one", 1)[0])[0]
    with serving(lambda path, query: Answer(body, 409)) as (url, _):
        (outcome,) = web(url).store([told])
    assert outcome.error == "The archive refuses the object: status 0x0122: SOP class not supported."


@pytest.mark.parametrize("body", [b"", b"no JSON"])
def test_a_conflict_without_a_word_is_stored_only_if_it_is_there(body):
    def answer(path, query):
        return Answer(b"[]") if path.endswith("/instances") else Answer(body, 409)

    with serving(answer) as (url, _):
        (outcome,) = web(url).store([results(study("one", 1)[0])[0]])
    assert "HTTP 409: it refuses the object as it is" in outcome.error


def test_prefixes_of_the_services_are_used():
    with serving(lambda path, query: Answer()) as (url, seen):
        web(url, qido_prefix="/qido/").find_studies(Query())
    assert seen[0][1] == "/dicom-web/qido/studies"
