"""Kills an action one step later each time, until it ends: ``killer.py MODELS_DIR RUNS ACTION``; says how often.

A step is a call that changes the disk; a file that is being written is half there.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from brain_core import registry, versions

registry.ModelCard.load = registry.ModelCard.check
folder, made, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
BY = {"who": "n", "reason": "r"}
STEPS = [(os, "replace"), (os, "rename"), (os, "fsync"), (os, "unlink"), (os, "rmdir"), (os, "mkdir"), (os, "chmod")]
ACTIONS = {
    "promote": lambda at: versions.promote("custom_cnn", "2", models_dir=at, **BY),
    "rollback": lambda at: versions.rollback("custom_cnn", models_dir=at, **BY),
    "add": lambda at: versions.add("custom_cnn", made / "3", models_dir=at),
    "delete": lambda at: versions.delete("custom_cnn", "2", models_dir=at),
}


def half_a_copy(source, target):
    Path(target).write_bytes(Path(source).read_bytes()[:1000])


def die_at(last):
    count = 0

    def counted(call, half):
        def step(*args, **options):
            nonlocal count
            count += 1
            if count == last:
                half(*args)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return step

    for module, name in STEPS:
        setattr(module, name, counted(getattr(module, name), lambda *_: None))
    shutil.copyfile = counted(shutil.copyfile, half_a_copy)
    write = Path.write_text
    Path.write_text = counted(write, lambda path, text: write(path, text[: len(text) // 2]))


for moment in range(1, 100):
    at = shutil.copytree(folder, folder.parent / f"{what}-{moment}")
    child = os.fork()
    if not child:
        die_at(moment)
        ACTIONS[what](at)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status == 0:
        sys.stdout.write(f"{moment - 1}\n")
        sys.exit()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status
sys.exit("it never came to an end")
