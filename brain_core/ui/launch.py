"""``python -m brain_core.ui.launch run …``: Streamlit's own command, in a process that loads the models by itself.

Whoever comes later than the first moments finds them ready; whoever comes at once finds the page, see `background`.
"""

from __future__ import annotations

import sys
import threading

from streamlit.web import cli

from brain_core.ui import background

ALONE = 8.0  # seconds without a visitor, from the start on


def _load_models() -> None:
    from brain_core.ui import models

    background.do_not_wait()
    models.current()


def main() -> None:
    """Serve until the process is stopped."""
    first = threading.Timer(ALONE, _load_models)
    first.daemon = True
    first.start()
    sys.exit(cli.main(prog_name="streamlit"))


if __name__ == "__main__":
    main()
