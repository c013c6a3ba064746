"""The connection to a Ray cluster, or a cluster of this machine alone for as long as a job runs."""

from __future__ import annotations

import os
import re
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType

from brain_core.errors import ConfigError

ANSWERS_IN = 5  # seconds that a cluster may take to be spoken to
HOST_AND_PORT = re.compile(r"(?P<host>[^/\s]+):(?P<port>\d+)")
QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}  # nothing about a hospital's machines goes to anybody


@contextmanager
def connected(address: str | None) -> Iterator[ModuleType]:
    """Ray, connected; ends what it has begun, a connection or a cluster.

    What Ray prints goes to standard error meanwhile, since standard output is for results.

    Args:
        address: ``host:port`` of a head; None for the one that ``RAY_ADDRESS`` names, else a cluster of this machine.

    Raises:
        ConfigError: Ray is not installed, or does not answer there.
    """
    address = address or os.environ.get("RAY_ADDRESS") or None
    check_reached(address)
    ray = _imported(address)
    own = {} if address else {"include_dashboard": False}
    with redirect_stdout(sys.stderr):
        try:
            ray.init(address=address, log_to_driver=False, logging_level="WARNING", **own)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise ConfigError(_unreached(address, str(error))) from error
        try:
            yield ray
        finally:
            ray.shutdown()


def check_reached(address: str | None) -> None:
    """Refuse what does not answer; Ray itself tries for a minute before it says no.

    Raises:
        ConfigError: nobody listens there.
    """
    found = HOST_AND_PORT.fullmatch(address or "")
    if not found:
        return
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), ANSWERS_IN).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(_unreached(address, str(error))) from error


def _unreached(address: str | None, reason: str) -> str:
    return (
        f"--address: expected a Ray cluster that answers at {address or 'this machine'}, with a node of it on this "
        "machine (ray start --address=HOST:PORT) and, where it asks for a token, RAY_AUTH_MODE=token and the token in "
        f"the environment. Received: {reason}."
    )


def _imported(address: str | None) -> ModuleType:
    os.environ |= QUIET
    if not address and "RAY_AUTH_MODE" not in os.environ:  # else Ray leaves a token in the user's home
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigError(
            "--engine ray: expected Ray to be installed; it comes with an extra: "
            f"pip install 'brain-dashboard[cluster]'. Received: {error}."
        ) from error
    return ray
