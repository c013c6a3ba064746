"""The way to the archive in its steps: name, port, TLS; each failure in words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from brain_core.errors import ConfigError, PacsError
from brain_core.pacs.settings import PacsSettings, Tls


def resolve(host: str) -> list[str]:
    """The addresses of a host.

    Raises:
        PacsError: nobody knows the name.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PacsError(f"{host}: the host name cannot be resolved ({in_words(error)}).") from error
    return list(dict.fromkeys(each[4][0] for each in found))


def open_port(settings: PacsSettings) -> None:
    """Connect, and let go.

    Raises:
        PacsError: nobody listens, or not in time.
    """
    host, port = settings.address
    try:
        socket.create_connection((host, port), settings.connect_timeout).close()
    except (OSError, UnicodeError) as error:
        raise PacsError(f"{host}:{port}: {in_words(error)}.") from error


def shake_hands(settings: PacsSettings) -> str:
    """Set up TLS, and let go; returns the version.

    Raises:
        PacsError: the port is closed, or the certificate or the protocol does not fit.
    """
    host, port = settings.address
    context = tls_context(settings)
    try:
        with (
            socket.create_connection((host, port), settings.connect_timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            return encrypted.version() or "TLS"
    except (OSError, ValueError) as error:
        raise PacsError(f"{host}:{port}: {in_words(error)}.") from error


def tls_context(settings: Tls) -> ssl.SSLContext:
    """As the settings ask for.

    Raises:
        ConfigError: a certificate or key is damaged.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_bundle)
        if settings.client_certificate:
            context.load_cert_chain(settings.client_certificate, settings.client_key, password=lambda: b"")
    except OSError as error:  # ssl.SSLError among them
        raise ConfigError(f"[pacs] ca_bundle, client_certificate or client_key: {in_words(error)}.") from error
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def trusted(settings: Tls) -> str | bool:
    """Where the certificates are that vouch for the archive, as requests takes it; False for no check."""
    system = ssl.get_default_verify_paths()
    return settings.verify_tls and str(settings.ca_bundle or system.cafile or system.capath)


def in_words(error: BaseException) -> str:
    """What the system says of a failure: without addresses, which may name a patient.

    The innermost error that says something decides; libraries wrap it several times.
    """
    found = list(_chain(error))
    for kind, words in _WORDS:
        for each in found:
            if isinstance(each, kind):
                return words(each)
    return type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        waiting += [one for one in inner if isinstance(one, BaseException)]


def _tls(error: ssl.SSLError) -> str:
    reason = (error.reason or "").replace("_", " ").lower()
    return f"TLS failed ({reason})" if reason else "TLS failed"


_WORDS = (  # the first that fits
    (ssl.SSLCertVerificationError, lambda e: f"the archive's certificate is not trusted ({e.verify_message})"),
    (ssl.SSLError, _tls),
    (socket.gaierror, lambda e: e.strerror or "name not known"),
    (ConnectionRefusedError, lambda e: "connection refused, nothing listens there"),
    (TimeoutError, lambda e: "no answer in time"),
    (ConnectionError, lambda e: "the connection broke off"),
    (OSError, lambda e: e.strerror or type(e).__name__),
)
