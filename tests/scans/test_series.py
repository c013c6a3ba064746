from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from brain_core.errors import ScanError, ShortageError
from brain_core.scans import Series, Slice, SourceFile, collect
from brain_core.scans.frame import Frame
from brain_core.scans.window import Lookup, Window, apply

RAMP = np.linspace(0, 1000, 64 * 64, dtype=np.float32).reshape(64, 64)


def series_of(frames: list[Frame | str], spacing=None, **changes) -> Series:
    """A string in place of a frame is the error of a slice that cannot be read."""

    def read(frame):
        if isinstance(frame, str):
            raise ScanError(frame)
        return frame

    slices = tuple(
        Slice(f"{i:064x}", lambda frame=frame: read(frame), 64, 64, spacing=spacing) for i, frame in enumerate(frames)
    )
    return replace(Series("0" * 64, "T1", 1, "DICOM", "MR", "image", "axial", slices), **changes)


def test_all_slices_share_one_window_and_blank_ends_stay_dark():
    noise = np.random.default_rng(0).uniform(0, 8, (64, 64)).astype(np.float32)
    series = series_of([Frame(noise), *[Frame(RAMP)] * 6, Frame(noise)])
    assert series.scan(0).pixels.max() <= 3
    np.testing.assert_array_equal(series.scan(3).pixels, apply(RAMP, series.window()))
    assert series.window().width == pytest.approx(1000, rel=0.05)


def test_the_window_is_that_of_the_slices_percentiles():
    """Of 12 slices of the same ramp: 1 % of 1000 and 99 % of it."""
    window = series_of([Frame(RAMP)] * 30).window()
    assert (window.centre, window.width) == (pytest.approx(500, abs=0.5), pytest.approx(980, abs=0.5))


def test_the_files_own_window_comes_first():
    frames = [Frame(RAMP, windows=(Window(500 + i, 200), Window(100, 50, name="narrow"))) for i in range(3)]
    series = series_of(frames)
    assert series.window() == Window(501, 200)
    for index in range(3):
        np.testing.assert_array_equal(series.scan(index).pixels, apply(RAMP, frames[index].windows[0]))
    chosen = Window(300, 10)
    np.testing.assert_array_equal(series.scan(0, chosen).pixels, apply(RAMP, chosen))


def test_presets_are_distinct_and_each_has_a_name_of_its_own():
    table = Lookup(0, np.linspace(0, 1, 9, dtype=np.float32), "table")
    windows = (Window(500, 200), Window(100, 50, name="brain"), Window(90, 50, name="brain"), table)
    names = [preset.name for preset in series_of([Frame(RAMP, windows=windows)] * 5).presets()]
    assert names == [
        "Centre 500, width 200",
        "brain (centre 100, width 50)",
        "brain (centre 90, width 50)",
        "table",
        "Automatic (1st to 99th percentile)",
    ]


def test_a_window_a_slice_makes_no_endless_list():
    frames = [Frame(RAMP, windows=tuple(Window(i, 9 + j) for j in range(5))) for i in range(30)]
    presets = series_of(frames).presets()
    assert len(presets) == 16 and len({p.name for p in presets}) == 16


def test_padding_is_black_and_does_not_count():
    padding = np.zeros((64, 64), bool)
    padding[:32] = True
    values = np.where(padding, -30_000, RAMP).astype(np.float32)
    series = series_of([Frame(values, padding)] * 3)
    assert not series.scan(1).pixels[:32].any()
    assert series.window().centre > 500


def test_a_blank_slice_is_a_scan():
    scan = series_of([Frame(np.zeros((64, 64), np.float32)), Frame(RAMP)]).scan(0)
    assert scan.pixels.shape == (64, 64) and not scan.pixels.any()
    assert not series_of([Frame(np.full((64, 64), 7, np.float32))]).scan(0).pixels.any()


def test_inverted_slices_are_shown_the_other_way_round():
    plain, inverted = series_of([Frame(RAMP)]).scan(0), series_of([Frame(RAMP, inverted=True)]).scan(0)
    np.testing.assert_array_equal(inverted.pixels, 255 - plain.pixels)


def test_colours_stay():
    colour = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    series = series_of([Frame(colour)])
    np.testing.assert_array_equal(series.scan(0, Window(1, 2)).pixels, colour)
    series.window()


def test_pixels_become_squares():
    series = series_of([Frame(RAMP)], spacing=(2.0, 1.0))
    scan = series.scan(0)
    assert scan.pixels.shape == (128, 64) and scan.spacing == (1.0, 1.0)
    assert scan.notes == ("Pixels of 1 x 2 mm were resampled to squares of 1 mm.",)
    assert scan.pixels.mean() == pytest.approx(series_of([Frame(RAMP)]).scan(0).pixels.mean(), abs=1)


@pytest.mark.parametrize("spacing", [(1.0, 1.005), (0.001, 1.0), None])
def test_other_pixels_stay(spacing):
    scan = series_of([Frame(RAMP)], spacing=spacing).scan(0)
    assert scan.pixels.shape == (64, 64) and scan.spacing == spacing and scan.notes == ()


@pytest.mark.parametrize(
    ("shape", "spacing", "match"),
    [
        ((15, 64), None, "slice 1 of 1: 64 x 15 pixels; a scan needs at least 16 x 16"),
        ((20, 101), None, "a strip this long"),
        ((64, 160), (1.0, 4.0), "640 x 64 pixels; a strip this long"),
    ],
)
def test_sizes_that_are_not_read(shape, spacing, match):
    with pytest.raises(ScanError, match=match):
        series_of([Frame(np.ones(shape, np.float32))], spacing=spacing).scan(0)


def test_too_many_pixels_after_resampling(set_environment):
    series = series_of([Frame(RAMP)], spacing=(4.0, 1.0))
    set_environment(BRAIN_MAX_MEGAPIXELS=1)
    series.scan(0)
    with pytest.raises(ScanError, match="1 megapixels are read"):
        series_of([Frame(np.ones((600, 600), np.float32))], spacing=(4.0, 1.0)).scan(0)


def test_slices_that_cannot_be_read_do_not_stop_the_others():
    series = series_of(["is damaged.", Frame(RAMP), "is damaged."])
    assert series.scan(1).pixels.max() == 255
    with pytest.raises(ScanError, match="is damaged"):
        series.scan(0)
    assert len(series_of(["is damaged."] * 3).presets()) == 1


def test_no_window_is_made_of_the_slices_that_the_memory_sufficed_for():
    """It would stay, and be another one than that of all slices."""
    short = [True]

    def read():
        if short:
            raise ShortageError("not enough memory to read it.")
        return Frame(4 * RAMP)

    series = series_of([Frame(RAMP)] * 3)
    series = replace(series, slices=(*series.slices[:2], replace(series.slices[2], read=read)))
    with pytest.raises(ShortageError):
        series.scan(0)
    short.clear()
    assert series.window() == series_of([Frame(RAMP), Frame(RAMP), Frame(4 * RAMP)]).window()


def test_notes_of_the_slice_are_on_the_scan():
    assert series_of([Frame(RAMP, notes=("Something.",))]).scan(0).notes == ("Something.",)


def test_the_sample_is_read_once_by_twelve_slices_whatever_threads_ask():
    reads, started = [], Event()

    def read(index):
        reads.append(index)
        started.wait(5)
        return Frame(RAMP)

    series = series_of([Frame(RAMP)] * 100)
    series = replace(series, slices=tuple(replace(s, read=lambda i=i: read(i)) for i, s in enumerate(series.slices)))
    with ThreadPoolExecutor(4) as pool:
        windows = [pool.submit(series.window) for _ in range(4)]
        started.set()
        assert len({window.result() for window in windows}) == 1
    assert len(reads) <= 13 and {0, 99} <= {*reads}


def test_titles():
    assert series_of([Frame(RAMP)]).title == "1: T1"
    assert series_of([Frame(RAMP)], number=None, description="").title == "Series without a description"


def test_results_of_a_slice_are_kept_by_its_series_too():
    """Without a window of its own its picture depends on the other slices."""
    from dataclasses import replace

    from tests.scans.dicom_files import series_datasets, to_bytes

    files = [
        SourceFile.of_bytes(to_bytes(ds), f"{i}") for i, ds in enumerate(series_datasets(5, size=64, WindowCenter=None))
    ]
    ((whole,), (part,)) = (collect(some).studies[0].series for some in (files, files[:3]))
    assert whole.slices[0].key == part.slices[0].key
    assert whole.key_at(0) != part.key_at(0)
    assert replace(part, description="renamed").key_at(0) == part.key_at(0)
