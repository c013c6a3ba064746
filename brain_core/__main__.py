"""``python -m brain_core``."""

import sys

from brain_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
