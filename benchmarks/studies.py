"""A study's way: from the files to the probability of every slice, and from an archive to the answer in it.

    python benchmarks/studies.py [--slices 200] [--rounds 3]     # against bare forward passes
    python benchmarks/studies.py --browser [--rounds 3]          # the same series through the page
    python benchmarks/studies.py --archive [--slices 30]         # fetched, assessed, stored back, in a real Orthanc

- series: a zip of synthetic DICOM slices; ours is all that the page does for its chart (headers, sorting, decoding,
  window, preprocessing, input gate, probability and Grad-CAM of both models), bare is both models' compiled forward
  passes over the same inputs, prepared beforehand, in batches of the same size; in turns in one process, so that the
  ratio survives a noisy machine;
- browser: from the file in the uploader to the complete chart on screen, in headless Chromium on this machine, in
  turns with the bare passes in another process; the first study of a server, which imports and warms up, by itself;
- archive: `watch` takes the study out of Orthanc over each protocol, and its report and overlays are in there.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType

from harness import PROJECT, machine_line, measure, peak_memory, reported, seconds
from speed_engines import tensorflow_pass

TARGET_SHARE = 0.8  # of the bare passes' slices a second
TARGET_ARCHIVE = 5.0  # seconds a scan, the brief's bound
MODELS = ("custom_cnn", "resnet50")
READY = " ready"  # what the page says of each model that has loaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--archive", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import_tests()
    print(machine_line())
    if options.archive:
        archive(options.slices or 30)
    elif options.browser:
        browser(options.slices or 200, options.rounds)
    else:
        series(options.slices or 200, options.rounds)


def import_tests() -> None:
    """Find the tests' builders of synthetic DICOM, whatever else that is installed calls itself ``tests``."""
    sys.path.insert(0, str(PROJECT))
    sys.modules["tests"] = tests = ModuleType("tests")
    tests.__path__ = [str(PROJECT / "tests")]


def zip_of_series(n: int) -> bytes:
    """A zip of a synthetic series of ``n`` slices, 256 x 256."""
    from tests.scans.dicom_files import write_series

    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        write_series(Path(folder), n=n, size=256)
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)
    return buffer.getvalue()


def series(n: int, rounds: int) -> None:
    """Slices a second, ours and bare."""
    from brain_core.inference import Detector
    from brain_core.registry import read_card
    from brain_core.scans import collect
    from brain_core.scans.source_file import SourceFile
    from brain_core.study import scoring

    detectors = [Detector(read_card(name)) for name in MODELS]
    data = zip_of_series(n)

    def ours():
        (study,) = collect([SourceFile.of_bytes(data, "series.zip")]).studies
        slices = list(scoring.score_slices(study.series[0], detectors))
        models = [(detector.card, detector.card.operating_point) for detector in detectors]
        return scoring.result(study.series[0], models, slices)

    timing = measure({"bare": bare_passes(data), "ours": ours}, rounds)
    for name, what in (("bare", "bare forward passes of both models"), ("ours", "zip to chart, both models")):
        print(f"{what}: {n / timing.median(name):.1f} slices a second")
    print(f"share of the bare passes, median of {rounds}: {timing.ratio('bare', 'ours'):.2f} (target {TARGET_SHARE})")


def bare_passes(data: bytes) -> Callable[[], None]:
    """Both models' compiled forward passes over a series' slices, prepared here, in batches; called once already."""
    from brain_core.preprocessing import BATCH, prepare_batch
    from brain_core.registry import read_card
    from brain_core.scans import collect
    from brain_core.scans.source_file import SourceFile

    (study,) = collect([SourceFile.of_bytes(data, "series.zip")]).studies
    found, cards = study.series[0], [read_card(name) for name in MODELS]
    scans = [found.scan(index) for index in range(len(found))]
    inputs = [prepare_batch(scans, card.preprocessing) for card in cards]
    passes = [tensorflow_pass(card.load()) for card in cards]

    def bare() -> None:
        for batch, run in zip(inputs, passes, strict=True):
            for start in range(0, len(batch), BATCH):
                run(batch[start : start + BATCH])

    bare()
    return bare


def archive(n: int) -> None:
    """Seconds from a study in the archive to its results beside it, as a running `watch` takes them."""
    from brain_core.inference import Detector
    from brain_core.pacs.archive import open_archive
    from brain_core.pacs.secrets_file import from_table
    from brain_core.pacs.watch import Policy, Watch, keep_polling, watching
    from brain_core.registry import read_card
    from brain_core.scans import pseudonym
    from brain_core.study.assess import assessor
    from tests.pacs import orthanc
    from tests.pacs.conftest import tables
    from tests.scans.dicom_files import series_datasets, to_bytes

    assess = assessor([Detector(read_card(name)) for name in MODELS])
    files = [to_bytes(ds) for ds in series_datasets(n, size=256)]
    with tempfile.TemporaryDirectory() as folder:
        server = orthanc.started(Path(folder) / "orthanc")
        try:
            for way, table in tables(server).items():
                server.clear()
                server.put(*files)
                home, policy = Path(folder) / way, Policy(date(2020, 1, 1), settle=0.0)
                with watching(home) as ledger:
                    watch = Watch(open_archive(from_table(table)), ledger, assess, pseudonym, home, policy)
                    (handled,) = keep_polling(watch, once=True)
                stored = len(server.instances()) - n
                print(
                    f"{way}: {handled.seconds:.1f} s for {n} slices, {stored} objects stored; "
                    f"{handled.seconds / n:.2f} s a scan (target {TARGET_ARCHIVE:.0f})"
                )
        finally:
            server.stop()


def browser(n: int, rounds: int) -> None:
    """Seconds from the upload to the complete chart, in a browser on this machine."""
    from memory import free_port, wait_for

    data = zip_of_series(n)
    bare = bare_passes(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.zip"
        path.write_bytes(data)
        address = f"http://localhost:{(port := free_port())}"
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
        environment = os.environ | {"BRAIN_HOME": folder}
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(f"{address}/_stcore/health")
            print(f"first study of a server, {n} slices from the upload to the chart: {visit(address, path):.1f} s")
            ways = {"bare": lambda: seconds(bare), "page": lambda: visit(address, path)}
            timing = measure(ways, rounds, warm_up=0, timer=reported)
            peak = peak_memory(server.pid)
        finally:
            server.terminate()
            server.wait(20)
    later = timing.median("page")
    print(f"later ones, median of {rounds}: {later:.1f} s, {n / later:.1f} slices a second")
    print(f"share of the bare passes, median of {rounds}: {timing.ratio('bare', 'page'):.2f} (target {TARGET_SHARE})")
    print(f"peak memory of the server: {peak:.0f} MB")


def visit(address: str, path: Path) -> float:
    """Seconds that a new visitor waits."""
    from memory import ARGUMENTS, CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS).new_page(
            reduced_motion="reduce"  # drawn without a graphics card, what moves takes a core from the server
        )
        page.goto(address)
        page.get_by_text(READY).nth(1).wait_for(timeout=120_000)

        def upload() -> None:
            page.locator("input[type=file]").set_input_files(path)
            page.get_by_role("button", name="PDF").wait_for(timeout=300_000)  # with the complete chart above it

        return seconds(upload)


if __name__ == "__main__":
    main()
