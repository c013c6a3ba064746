from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from brain_core import batch
from brain_core.batch import UniqueNames
from brain_core.errors import ScanError
from brain_core.inference import FLAG_DESCRIPTIONS, FLAT_MAP, Detector
from brain_core.operating_points import OperatingPoint
from brain_core.preprocessing import input_box, prepare
from brain_core.registry import read_card
from brain_core.scans import Scan, read_bytes
from brain_core.scans.phantom import Lesion, Phantom, draw


@pytest.fixture(scope="module")
def detectors(models_dir):
    return [Detector(read_card(name, models_dir)) for name in ("custom_cnn", "resnet50")]


@pytest.fixture(scope="module")
def scans():
    return [draw(Phantom(seed=s, lesion=Lesion() if s % 2 else None, size=160 + 8 * s)) for s in range(5)]


def test_prediction_says_where_it_comes_from(detectors, scans):
    prediction = detectors[0].predict(scans[:1])[0]
    assert (prediction.model, prediction.version, prediction.threshold) == ("custom_cnn", "test-custom_cnn", 0.4)
    assert prediction.label == ("tumor" if prediction.probability >= 0.4 else "no tumor")
    assert 0 <= prediction.probability <= 1
    assert prediction.seconds > 0


def test_probability_is_that_of_the_plain_model_on_the_prepared_scan(detectors, scans):
    card = detectors[0].card
    expected = card.load().predict(prepare(scans[0], card.preprocessing)[None], verbose=0)[0, 0]
    assert detectors[0].predict(scans[:1])[0].probability == pytest.approx(expected, abs=1e-6)


def test_batch_and_single_scans_agree(detectors, scans):
    together = detectors[1].predict(scans)
    for scan, prediction in zip(scans, together, strict=True):
        alone = detectors[1].predict([scan])[0]
        assert prediction.probability == pytest.approx(alone.probability, abs=1e-5)
        assert prediction.heatmap == pytest.approx(alone.heatmap, abs=1e-4)


def test_map_lies_in_the_scans_own_pixels(detectors, scans):
    prediction = detectors[0].predict([scans[2]])[0]
    assert prediction.map_on(scans[2]).shape == (scans[2].height, scans[2].width)
    assert prediction.overlay_on(scans[2]).shape == (scans[2].height, scans[2].width, 3)
    assert prediction.box == input_box(scans[2].grey, detectors[0].card.preprocessing)


def test_threshold_in_place_of_the_operating_point(detectors, scans):
    assert detectors[0].predict(scans[:1], threshold=0.0)[0].label == "tumor"
    assert detectors[0].predict(scans[:1], threshold=1.0)[0].label == "no tumor"
    assert detectors[0].predict(scans[:1], threshold=0.3)[0].operating_point.rule == "chosen by the user"


def test_a_prediction_can_be_judged_by_another_operating_point(detectors, scans):
    prediction = detectors[0].predict(scans[:1])[0]
    for threshold, label in [(0, "tumor"), (prediction.probability, "tumor"), (1, "no tumor")]:
        judged = prediction.at(OperatingPoint(threshold, "rule", "data"))
        assert (judged.threshold, judged.label, judged.operating_point.source) == (threshold, label, "rule, data")
        assert (judged.probability, judged.version) == (prediction.probability, prediction.version)
        assert judged.heatmap is prediction.heatmap
        assert detectors[0].predict(scans[:1], threshold=threshold)[0].label == label


def test_flat_heatmap_is_flagged_and_described(detectors, scans):
    both = [detectors[0].predict(scans[:1], target=target)[0] for target in ("tumor", "no tumor")]
    for prediction in both:
        assert (FLAT_MAP in prediction.flags) == (not prediction.heatmap.any())
        assert set(prediction.flags) <= set(FLAG_DESCRIPTIONS)


def test_no_scan_no_prediction(detectors):
    assert detectors[0].predict([]) == []


def test_many_threads_get_the_answers_of_one(detectors, scans):
    expected = [p.probability for p in detectors[0].predict(scans)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: detectors[0].predict([scans[i % 5]])[0].probability, range(40)))
    assert answers == pytest.approx([expected[i % 5] for i in range(40)], abs=1e-5)


def failing():
    raise ScanError("bad.png: the file is empty.")


def test_a_scan_that_cannot_be_read_never_stops_the_others(detectors, scans):
    sources = [("a", lambda: scans[0]), ("bad", failing), *((str(i), lambda i=i: scans[i]) for i in range(1, 5))]
    rows = list(batch.score(sources, detectors, batch=2))
    assert [row.source for row in rows] == ["a", "bad", "1", "2", "3", "4"]
    assert rows[1].error == "bad.png: the file is empty."
    assert rows[1].predictions == ()
    for row in rows[2:]:
        expected = detectors[1].predict([row.scan])[0].probability
        assert [p.model for p in row.predictions] == ["custom_cnn", "resnet50"]
        assert row.predictions[1].probability == pytest.approx(expected, abs=1e-5)
    assert rows[1].suspicion > max(row.suspicion for row in rows if not row.error)


def test_reading_runs_ahead_by_no_more_than_two_batches_and_ends_with_the_caller(detectors, scans):
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield str(len(taken)), lambda: scans[0]

    rows = batch.score(endless(), detectors[:1], batch=2)
    assert [next(rows).source for _ in range(3)] == ["1", "2", "3"]
    assert len(taken) == 2 * (2 + batch.AHEAD)  # the batch that was given, the one being given, and those ahead
    rows.close()
    assert len(taken) == 2 * (2 + batch.AHEAD)


def test_a_failure_that_is_no_fault_of_a_scan_reaches_the_caller(detectors, scans):
    def exhausted():
        raise MemoryError("no memory")

    rows = batch.score([("a", lambda: scans[0]), ("b", exhausted), ("c", lambda: scans[0])], detectors[:1], batch=1)
    assert next(rows).source == "a"
    with pytest.raises(MemoryError, match="no memory"):
        next(rows)


def test_records_have_the_stable_shape(detectors, scans):
    rows = list(batch.score([("x/a.png", lambda: scans[0]), ("bad", failing)], detectors))
    record = batch.to_records(rows[0], {"resnet50": "out/a.png"})[1]
    assert list(record) == [
        "path", "model", "version", "probability", "threshold", "label", "heatmap", "flags", "seconds",
    ]  # fmt: skip
    assert (record["path"], record["model"], record["heatmap"]) == ("x/a.png", "resnet50", "out/a.png")
    assert batch.to_records(rows[1]) == [{"path": "bad", "error": "bad.png: the file is empty."}]


def test_models_disagree_when_their_labels_differ(detectors, scans):
    low, high = detectors[0].predict(scans[:1], threshold=0.0)[0], detectors[1].predict(scans[:1], threshold=1.0)[0]
    assert batch.Scored("a", scans[0], (low, high)).models_disagree
    assert not batch.Scored("a", scans[0], (low, low)).models_disagree


def test_heatmap_files_are_pngs_in_the_scans_own_size(detectors, scans):
    row = next(iter(batch.score([("a", lambda: scans[3])], detectors)))
    files = batch.heatmap_files(row, "a.png")
    assert set(files) == {f"a.png.{m}.{kind}" for m in ("custom_cnn", "resnet50") for kind in ("png", "map.png")}
    bare = read_bytes(files["a.png.custom_cnn.map.png"], "m.png")
    assert bare.pixels.shape == (scans[3].height, scans[3].width)
    expected = np.round(row.predictions[0].map_on(scans[3]) * 255)
    assert (bare.pixels == expected).all()


def test_outputs_of_one_name_never_overwrite_each_other():
    names = UniqueNames()
    assert [names.of(n) for n in ("a.png", "a.png", "A.PNG", "a-2.png", "b.png")] == [
        "a.png", "a-2.png", "A-3.PNG", "a-2-2.png", "b.png",
    ]  # fmt: skip


def test_names_too_long_for_a_file_system_are_cut_and_stay_apart():
    names = UniqueNames()
    fits = "a" * 196 + ".png"
    assert names.of(fits) == fits
    assert names.of("a" * 240 + ".png") == "a" * 194 + "-2.png"
    assert names.of("a" * 241 + ".png") == "a" * 194 + "-3.png"
    assert names.of("é" * 120 + ".png") == "é" * 98 + ".png"
    assert names.of("c." + "d" * 240) == "c." + "d" * 198
    assert names.of("e" * 230 + ".slice-0002") == "e" * 189 + ".slice-0002"


def test_zip_holds_every_scored_scan_once(detectors, scans):
    import io
    import zipfile

    sources = [("p/s.png", lambda: scans[0]), ("q/s.png", lambda: scans[0]), ("bad", failing)]
    archive = zipfile.ZipFile(io.BytesIO(batch.zip_of_overlays(batch.score(sources, detectors))))
    names = archive.namelist()
    assert len(names) == len(set(names)) == 8
    assert archive.testzip() is None


def test_scan_pixels_cannot_be_changed():
    scan = Scan(np.zeros((20, 20), np.uint8), "a", "PNG", "0")
    with pytest.raises(ValueError, match="read-only"):
        scan.pixels[0, 0] = 1
