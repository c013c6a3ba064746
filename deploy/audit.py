"""Known holes in the locked packages: pip-audit, which by itself calls packages good that it could not ask about.

    python deploy/audit.py [--require]

Exit status: 0 none is known; 1 some are; 2, with ``--require`` alone, packages were left unaudited because the database
of holes could not be reached. Without it that is said in so many words, and is no failure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
COMMAND = [
    "--requirement",
    str(LOCK),
    "--require-hashes",
    "--disable-pip",
    "--format",
    "json",
    "--progress-spinner",
    "off",
]
SECONDS = 600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--require", action="store_true", help="fail where packages could not be audited")
    options = parser.parse_args()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *COMMAND], capture_output=True, text=True, timeout=SECONDS
        )
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired):  # no answer at all
        packages = []
    status, lines = judged(packages, required=options.require)
    sys.stdout.write("\n".join(lines) + "\n")
    return status


def judged(packages: list[dict], *, required: bool) -> tuple[int, list[str]]:
    """Exit status, and what to say.

    Args:
        packages: ``dependencies`` of pip-audit's JSON; empty where it said nothing.
    """
    skipped = [package for package in packages if "skip_reason" in package]
    holes = [(package, hole) for package in packages for hole in package.get("vulns", ())]
    lines = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {_versions(hole)}" for package, hole in holes
    ]
    audited = len(packages) - len(skipped)
    lines.append(f"pip-audit: {audited} packages audited, {len(holes)} known holes.")
    if skipped or not packages:
        what = f"{len(skipped)} packages were" if packages else "Nothing was"
        lines.append(f"{what} NOT audited: the database of holes was not reached, or does not know them.")
    incomplete = bool(skipped) or not packages
    return (1 if holes else 2 if incomplete and required else 0), lines


def _versions(hole: dict) -> str:
    return ", ".join(hole["fix_versions"]) or "none yet"


if __name__ == "__main__":
    sys.exit(main())
