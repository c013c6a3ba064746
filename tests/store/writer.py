"""Writes steps as a page would: four predictions and their event in one transaction; says each that is recorded.

``writer.py NAME THREADS STEPS [STATEMENT]``: with STATEMENT the process kills itself in its last step, before it
sends that statement (from 1 on), with ``commit`` before it commits, with ``done`` after.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import event

from brain_core.audit import Event, actions
from brain_core.store import engine, predictions
from tests.store.sample_rows import prediction

ROWS = 4


def step(name: str, number: int) -> None:
    made = [prediction(f"{name} {number}", id=f"{name}-{number}-{row}", model=f"model {row}") for row in range(ROWS)]
    predictions.add(made, event=Event(actions.PREDICTION, name, {"step": f"{name}-{number}", "rows": ROWS}))


def die(*_) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(moment: str) -> None:
    found = engine.engine()
    if moment == "commit":
        event.listen(found, "commit", die)
    elif moment != "done":
        sent = iter(range(1, 1000))
        event.listen(found, "before_cursor_execute", lambda *_: next(sent) == int(moment) and die())


def main(name: str, threads: str, steps: str, moment: str = "") -> None:
    def work(thread: int) -> None:
        for number in range(int(steps)):
            if moment and number == int(steps) - 1:
                die_at(moment)
            step(f"{name}.{thread}", number)
            if moment == "done" and number == int(steps) - 1:
                die()
            os.write(1, f"{name}.{thread}-{number}\n".encode())  # in one piece, whatever other threads write

    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(work, range(int(threads))))


if __name__ == "__main__":
    main(*sys.argv[1:])
    engine.engine().dispose()
