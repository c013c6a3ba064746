"""A process that uses the store, forks one that uses it too, and goes on; fails where that one does."""

import os
import sys

from brain_core.store import engine
from tests.store import writer


def child(parents: object) -> None:
    assert engine.engine() is not parents
    writer.step("child", 0)


writer.step("parent", 0)
found = engine.engine()
process = os.fork()
if not process:
    child(found)
    os._exit(0)
_, status = os.waitpid(process, 0)
writer.step("parent", 1)
engine.engine().dispose()
sys.exit(status != 0)
