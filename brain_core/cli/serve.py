"""``serve``: the dashboard, on an address where nobody gets in who should not."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from brain_core.access import binding, provider
from brain_core.errors import ConfigError
from brain_core.settings import PROJECT, settings

PORT = 8501
HIGHEST_PORT = 65535
SECRETS = Path(".streamlit") / "secrets.toml"


def add(commands) -> None:
    parser = commands.add_parser("serve", help="the dashboard in the browser")
    parser.add_argument("--address", default=binding.LOCALHOST, help="to listen on; default: %(default)s")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="visitors come through a proxy on this machine: have them sign in on localhost too",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Turns this process into the server; returns only where it may not start.

    Raises:
        ConfigError: nobody would have to sign in on an address that others reach, or could although they have to.
    """
    if not 1 <= options.port <= HIGHEST_PORT:
        raise ConfigError(f"--port: expected a port, 1 to {HIGHEST_PORT}. Received: {options.port}.")
    check(options.address, behind_proxy=options.behind_proxy, secrets=secrets_files(os.environ))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command(options.address, options.port, os.environ))


def check(address: str, *, behind_proxy: bool, secrets: list[Path]) -> None:
    """Raises ConfigError where `run` does. The page looks again at every visit."""
    section = auth_section(secrets)
    if section is not None and (wrong := provider.problem(section)):
        raise ConfigError(wrong)
    known = {"signs_in": section is not None, "open_access": settings().access.open_access}
    if refused := binding.refusal(address, **known):
        raise ConfigError(f"--address: {refused}")
    if behind_proxy and not any(known.values()):
        raise ConfigError(f"--behind-proxy: nobody would have to sign in. {binding.WAYS}")


def command(address: str, port: int, environment: Mapping[str, str]) -> list[str]:
    """Streamlit's command line; what protects the page is said, so that no setting elsewhere turns it off."""
    words = [sys.executable, "-m", "brain_core.ui.launch", "run", str(PROJECT / "streamlit_app.py")]
    words += ["--server.address", address, "--server.port", str(port)]
    words += ["--server.enableXsrfProtection", "true", "--server.enableCORS", "true"]
    words += ["--server.maxUploadSize", str(settings().max_total_megabytes)]
    if environment.get("BRAIN_SECRETS"):
        for path in secrets_files(environment):
            words += ["--secrets.files", str(path)]
    return words


def secrets_files(environment: Mapping[str, str]) -> list[Path]:
    """Where ``[auth]`` may be, the last one counts: where Streamlit looks by itself, and the file of ``BRAIN_SECRETS``.

    Raises:
        ConfigError: the latter has a name that Streamlit does not take.
    """
    found = [folder / SECRETS for folder in (Path.home(), Path.cwd(), PROJECT)]
    if named := environment.get("BRAIN_SECRETS"):
        found.append(Path(named).expanduser().resolve())
        if found[-1].suffix != ".toml":
            raise ConfigError(f"BRAIN_SECRETS: expected a name that ends in .toml. Received: {found[-1].name}.")
    return found


def auth_section(paths: list[Path]) -> object | None:
    """``[auth]``; None where no file has one.

    Raises:
        ConfigError: a file cannot be read, so that nobody knows.
    """
    section = None
    for path in paths:
        try:
            section = tomllib.loads(path.read_text(encoding="utf-8")).get(provider.SECTION, section)
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path.name} cannot be read ({type(error).__name__}).") from error
        except tomllib.TOMLDecodeError as error:  # its message shows a character, no value
            raise ConfigError(f"{path.name} is not valid TOML: {error}.") from error
    return section
