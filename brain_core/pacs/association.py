"""DIMSE associations: proposed, made or refused in words, and ended."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydicom import uid
from pynetdicom import AE, _config, build_context, build_role, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from brain_core.errors import PacsError
from brain_core.pacs.attributes import silence
from brain_core.pacs.network import in_words, open_port, shake_hands, tls_context
from brain_core.pacs.settings import Dimse
from brain_core.quiet import quiet

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.presentation import PresentationContext

FIND, GET = StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelGet
MOVE, ECHO = StudyRootQueryRetrieveInformationModelMove, Verification
PLAIN = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)
COMPRESSED = (  # each proposed by itself: of several in one context the archive picks one for all instances
    uid.JPEGLosslessSV1,
    uid.JPEG2000Lossless,
    uid.JPEGLSLossless,
    uid.RLELossless,
    uid.JPEGBaseline8Bit,
    uid.JPEG2000,
    uid.JPEGLSNearLossless,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
)
MOST_CONTEXTS = 128  # of one association (PS3.8)


def make_ae(settings: Dimse) -> AE:
    """This program as a DIMSE partner, with its time limits."""
    _config.UNRESTRICTED_STORAGE_SERVICE = True  # private objects too: what is taken is decided by UID, not by class
    silence()
    ae = AE(settings.calling_aet)
    ae.connection_timeout = settings.connect_timeout
    ae.acse_timeout = settings.connect_timeout
    ae.dimse_timeout = ae.network_timeout = settings.timeout
    return ae


@contextmanager
def associated(
    settings: Dimse,
    contexts: Iterable[PresentationContext],
    *,
    receives: Sequence[str] = (),
    handlers: Sequence[tuple[object, Callable]] = (),
) -> Iterator[Association]:
    """An association with the archive.

    Args:
        receives: SOP classes that the archive may send over it (C-GET).

    Raises:
        PacsError: it cannot be made, or the archive does not offer what the block asks for.
    """
    host, port = settings.address
    ae, tls = make_ae(settings), (tls_context(settings), host) if settings.tls else None
    with quiet():  # of titles and UIDs that archives write and that do not keep to the standard
        try:
            association = ae.associate(
                host,
                port,
                contexts=list(contexts),
                ae_title=settings.called_aet,
                ext_neg=[build_role(kind, scp_role=True) for kind in receives],
                evt_handlers=[(evt.EVT_CONN_OPEN, send_at_once), *handlers],
                tls_args=tls,
            )
        except (OSError, UnicodeError) as error:
            raise PacsError(f"{host}:{port}: {in_words(error)}.") from error
        try:
            if not association.is_established:
                raise PacsError(_refusal(settings, association))
            yield association
            if association.is_established:
                association.release()
        except (ValueError, RuntimeError) as error:  # pynetdicom's: no context was accepted, or nothing stands any more
            what = "does not offer this service" if association.is_established else "broke the association off"
            raise PacsError(f"{host}:{port}: the archive {what}.") from error
        finally:
            if association.is_alive():
                association.abort()


def send_at_once(event: evt.Event) -> None:
    """Have the system wait for no more to send: else every message of DIMSE, which are small, takes 40 ms longer."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def storage_contexts(kinds: Iterable[str]) -> list[PresentationContext]:
    """For the storage classes: uncompressed first, then as many compressed forms as there is room for."""
    kinds = list(dict.fromkeys(kinds))[: MOST_CONTEXTS - 1]
    room = MOST_CONTEXTS - 1 - len(kinds)
    packed = [build_context(kind, [syntax]) for syntax in COMPRESSED for kind in kinds]
    return [build_context(kind, list(PLAIN)) for kind in kinds] + packed[:room]


def context(kind: str) -> PresentationContext:
    """For a service that sends data sets: uncompressed."""
    return build_context(kind, list(PLAIN))


def _refusal(settings: Dimse, association: Association) -> str:
    host, port = settings.address
    answer = association.acceptor.primitive
    if association.is_rejected and answer is not None:
        names = {"called_aet": settings.called_aet, "calling_aet": settings.calling_aet}
        key = {(1, 7): "called_aet", (1, 3): "calling_aet"}.get((answer.result_source, answer.diagnostic))
        hint = f" (called_aet {names['called_aet']!r}, calling_aet {names['calling_aet']!r})" if key is None else ""
        hint = hint or f" ({key} {names[key]!r})"
        return f"{host}:{port}: the archive rejects the association: {_reason(answer)}{hint}."
    (shake_hands if settings.tls else open_port)(settings)  # raises if the way there is closed, and says why
    if association.acceptor.primitive is not None and not association.accepted_contexts:
        return f"{host}:{port}: the archive accepts none of the services that were asked for."
    return (
        f"{host}:{port}: the archive does not take up the association or aborts it"
        f"{'' if settings.tls else '; it may expect TLS'}."
    )


def _reason(answer: object) -> str:
    source, diagnostic = getattr(answer, "result_source", 0), getattr(answer, "diagnostic", 0)
    known = {
        (1, 1): "no reason given",
        (1, 2): "application context not supported",
        (1, 3): "it does not know the calling AE title",
        (1, 7): "it does not know the called AE title",
        (2, 1): "no reason given",
        (2, 2): "protocol version not supported",
        (3, 1): "too busy at the moment",
        (3, 2): "too many associations at the moment",
    }
    return known.get((source, diagnostic), f"source {source}, reason {diagnostic}")
