"""``python -m brain_core``."""

import sys

from brain_core import logs
from brain_core.cli import main, terminal

if __name__ == "__main__":
    logs.protect()
    terminal.guard()
    sys.exit(main())
