"""How long BRAIN takes to start, in rounds of which each starts everything anew.

    python benchmarks/startup.py [--rounds 5] [--tree FOLDER ...] [--where]

- import: ``import brain_core`` in a new Python, the interpreter's own start taken off;
- health: from the start of ``python -m brain_core serve`` until the server answers;
- visible: until Chromium has drawn the Detect page: title, uploader and the pictures of all samples;
- ready: until both models' answers to a first uploaded phantom are on the page;
- visible_cpu, ready_cpu: seconds of both cores that the server has used by then, without those of the browser.

The browser runs before the server starts, without anything of the page in its cache; the files are in the system's.
With several ``--tree`` (copies of the project, such as one of an older state) they take turns in every round, and the
ratio to the first one follows. ``--where`` tells instead what the time is spent on.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, sleep

from harness import machine_line, table
from memory import ARGUMENTS, CHROMIUM, PROJECT, free_port

TARGETS = {"import": 0.3, "visible": 2.0, "ready": 10.0}  # seconds
PATIENCE = 180  # seconds
STEP = 0.01  # seconds between two looks at the server
DRAWN = """() => [...document.querySelectorAll('h1')].some((title) => title.innerText === 'Detect')
  && document.querySelector('input[type=file]')
  && document.querySelectorAll('[data-testid=stImage] img').length >= %d
  && [...document.querySelectorAll('[data-testid=stImage] img')].every((image) => image.complete)"""
IMPORTS = {  # what each step of a start imports
    "python -m brain_core serve": "from brain_core.cli import main\nmain(['serve', '--port', '0'])",
    "streamlit run": "import streamlit.web.cli, streamlit.web.bootstrap, streamlit.web.server",
    "the Detect page": """
from streamlit.testing.v1 import AppTest
from brain_core.ui import models
models._run = lambda *_: None
AppTest.from_file('streamlit_app.py', default_timeout=60).run()""",
}
SHOWN = 8  # packages a step
LOADED = """
import time
start = time.perf_counter()
def told(what):
    global start
    print(what, round(time.perf_counter() - start, 2), sep="\\t")
    start = time.perf_counter()
from brain_core.inference import Detector
told("import brain_core.inference")
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.scans.phantom import SAMPLES, draw
from brain_core.settings import settings
scan = draw(next(iter(SAMPLES.values())))
for name in MODELS:
    card = read_card(name, settings().models_dir)
    start = time.perf_counter()
    card.check()
    told(f"{name}: checksum")
    detector = Detector(card)
    told(f"{name}: checksum once more, load, compile")
    detector.predict([scan])
    told(f"{name}: first answer")
import sys
start = time.perf_counter()
seen = "tensorflow" in sys.modules
import tensorflow
told("import tensorflow" + (" (already in the first line)" if seen else " (not needed until here)"))
"""


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the server, and of both cores."""

    health: float
    visible: float
    visible_cpu: float
    ready: float
    ready_cpu: float


def imported(tree: Path) -> float:
    """Seconds of ``import brain_core`` in a new process."""
    script = "import time; t = time.perf_counter(); import brain_core; print(time.perf_counter() - t)"
    return float(_python(tree, "-c", script).stdout)


def started(tree: Path, browser, scan: Path, samples: int, home: Path) -> Start:
    """One start of the server, until the first scan has its answers; what an earlier one left in ``home`` is there."""
    page = browser.new_context().new_page()
    page.goto("about:blank")
    port = free_port()
    command = [sys.executable, "-m", "brain_core", "serve", "--port", str(port)]
    begin = perf_counter()
    server = subprocess.Popen(
        command,
        cwd=tree,
        env=_environment(BRAIN_HOME=str(home)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _marks(server.pid, page, f"http://localhost:{port}", scan, samples, begin)
    finally:
        page.context.close()
        server.terminate()
        server.wait(PATIENCE)


def _marks(pid: int, page, address: str, scan: Path, samples: int, begin: float) -> Start:
    _wait_for(f"{address}/_stcore/health")
    health = perf_counter() - begin
    page.goto(address, wait_until="commit")
    page.wait_for_function(DRAWN % samples, timeout=1000 * PATIENCE)
    visible, visible_cpu = perf_counter() - begin, cpu_seconds(pid)
    page.locator("input[type=file]").set_input_files(str(scan))
    for title in ("Custom CNN", "ResNet50"):
        page.get_by_role("region", name=title).wait_for(timeout=1000 * PATIENCE)
    return Start(health, visible, visible_cpu, perf_counter() - begin, cpu_seconds(pid))


def cpu_seconds(pid: int) -> float:
    """Of user and system, of all threads of a process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for(address: str) -> None:
    """`memory.wait_for` looks five times a second only."""
    end = perf_counter() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if perf_counter() > end:
                raise
            sleep(STEP)


def in_turns(trees: list[Path], rounds: int) -> dict[Path, list[dict[str, float]]]:
    """Seconds by name of each tree, one dictionary a round; a round before the first is not counted."""
    from playwright.sync_api import sync_playwright

    from brain_core.scans.phantom import SAMPLES, write_dataset

    found: dict[Path, list[dict[str, float]]] = {tree: [] for tree in trees}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        scan = sorted(write_dataset(folder, 1, seed=0).rglob("*.png"))[0]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for number in range(-1, rounds):
            for tree in trees[number % len(trees) :] + trees[: number % len(trees)]:
                home = Path(folder) / f"home-{trees.index(tree)}"  # one for all rounds: a second start is the usual one
                row = {"import": imported(tree), **asdict(started(tree, browser, scan, len(SAMPLES), home))}
                if number >= 0:
                    found[tree].append(row)
        browser.close()
    return found


def show(found: dict[Path, list[dict[str, float]]]) -> None:
    """Medians with the targets, and the median ratio within the rounds to the first tree."""
    first = next(iter(found.values()))
    rows = []
    for tree, rounds in found.items():
        for name in rounds[0]:
            seconds = [row[name] for row in rounds]
            ratio = statistics.median(row[name] / other[name] for row, other in zip(rounds, first, strict=True))
            row = {"what": name, "tree": str(tree), "seconds": statistics.median(seconds)}
            row |= {"least": min(seconds), "most": max(seconds), "ratio": ratio, "target": TARGETS.get(name, "")}
            rows.append(row)
    print(table(rows))


def where(tree: Path) -> None:
    """What the time goes to: imports by package, then models. Tracing imports makes them somewhat slower."""
    for step, code in IMPORTS.items():
        spent = _by_package(_python(tree, "-X", "importtime", "-c", code).stderr)
        print(f"\n{step}: imports take {sum(spent.values()):.2f} s")
        print(table([{"package": name, "seconds": seconds} for name, seconds in spent.most_common(SHOWN)]))
    lines = [line.split("\t") for line in _python(tree, "-c", LOADED).stdout.splitlines() if "\t" in line]
    print("\nthe models, without a server:")
    print(table([{"step": what, "seconds": float(seconds)} for what, seconds in lines]))


def _by_package(trace: str) -> Counter[str]:
    """Seconds of Python's trace of imports, each module's own."""
    spent: Counter[str] = Counter()
    for line in trace.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            spent[rest.rpartition("|")[2].strip().partition(".")[0]] += int(own) / 1e6
    return spent


def _python(tree: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], cwd=tree, env=_environment(), capture_output=True, text=True)


def _environment(**more: str) -> dict[str, str]:
    """Without this machine's own settings of BRAIN but the engine; the tree before whatever is installed."""
    own = [name for name in os.environ if name.startswith("BRAIN_") and not name.startswith("BRAIN_ENGINE")]
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "2", **more}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tree", type=Path, action="append", help="the project's folder, this one by default")
    parser.add_argument("--where", action="store_true", help="what the time is spent on")
    options = parser.parse_args()
    trees = [tree.resolve() for tree in options.tree or [PROJECT]]
    print(machine_line())
    if options.where:
        where(trees[0])
    else:
        show(in_turns(trees, options.rounds))


if __name__ == "__main__":
    main()
