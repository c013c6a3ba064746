"""A watch that kills itself at a moment: ``python killed_watch.py SECRETS MOMENT``, with BRAIN_HOME set."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from brain_core.pacs.archive import open_archive
from brain_core.pacs.ledger import SCORED, STORED, Ledger
from brain_core.pacs.secrets_file import read
from brain_core.pacs.watch import Policy, Watch, watching
from brain_core.scans import pseudonym
from brain_core.settings import settings
from tests.pacs.studies import FIRST_DAY, FakeAssess

MOMENTS = ("fetching", "fetched", "scored", "noted as scored", "1 stored", "3 stored", "4 stored")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingArchive:
    """Passes on to an archive, up to its moment."""

    def __init__(self, archive, moment: str):
        self._archive, self._moment, self._stored = archive, moment, 0

    def __getattr__(self, name: str):
        return getattr(self._archive, name)

    def fetch_study(self, uid: str, folder: Path, progress=None, **options):
        dying = (lambda done, total: die()) if self._moment == "fetching" else None
        return self._archive.fetch_study(uid, folder, dying, **options)

    def existing(self, datasets):
        if self._moment == "noted as scored":
            die()
        return self._archive.existing(datasets)

    def store(self, datasets):
        outcomes = self._archive.store(datasets)
        self._stored += 1
        if self._moment == f"{self._stored} stored" != "4 stored":
            die()
        return outcomes


class DyingBeforeScored(Ledger):
    dies_before = SCORED

    def put(self, record, own_series=()):
        if record.state == self.dies_before:
            die()
        super().put(record, own_series)


class DyingBeforeStored(DyingBeforeScored):
    dies_before = STORED


def main(secrets: str, moment: str) -> None:
    assess = FakeAssess()
    if moment == "fetched":
        assess.change = lambda files, assessed: die()
    archive = DyingArchive(open_archive(read(Path(secrets))), moment)
    with watching(settings().home) as ledger:
        ledger.__class__ = {"scored": DyingBeforeScored, "4 stored": DyingBeforeStored}.get(moment, Ledger)
        watch = Watch(archive, ledger, assess, pseudonym, settings().home, Policy(FIRST_DAY, settle=0))
        for _ in range(3):
            list(watch.poll())
    sys.exit("it did not die")


if __name__ == "__main__":
    main(*sys.argv[1:])
