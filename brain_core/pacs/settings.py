"""How to reach the archive; passwords are in no text of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DICOMWEB, DIMSE = "dicomweb", "dimse"
GET, MOVE = "get", "move"
WORDS = ("brain", "head", "neuro", "skull")  # in a study's description or body part

EXAMPLE = """\
# .streamlit/secrets.toml; readable by whoever runs BRAIN alone: chmod 600 .streamlit/secrets.toml
[pacs]
kind = "dicomweb"
url = "https://pacs.example.org/dicom-web"
username = "brain"
password = "..."                      # or, in place of both: token = "..."
# qido_prefix = ""                    # below url, where the services have different roots; likewise wado_prefix
# stow_prefix = ""
# ca_bundle = "/etc/ssl/hospital.pem" # who signs the archive's certificate, where the system does not know it
# verify_tls = true
# client_certificate = "/etc/brain/client.pem"
# client_key = "/etc/brain/client.key"
# proxy = "http://proxy.example.org:3128"
# connect_timeout = 10                # seconds
# timeout = 60                        # seconds of silence
# words = ["brain", "head", "neuro", "skull"]   # of which one is in the description or body part

# Over DIMSE in place of DICOMweb:
# [pacs]
# kind = "dimse"
# host = "pacs.example.org"
# port = 104
# called_aet = "ARCHIVE"
# calling_aet = "BRAIN"               # the archive must know it
# retrieve = "get"                    # or "move", which needs the two lines below
# move_aet = "BRAINSTORE"             # the archive must know it, with this machine and store_port
# store_port = 11112
# store_address = ""                  # on which to listen; all addresses of this machine by default
# tls = false                         # with ca_bundle, verify_tls, client_certificate and client_key as above
"""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How a connection is encrypted.

    Attributes:
        verify_tls: whether the archive's certificate is checked.
        ca_bundle: certificates (PEM) to check it by, None for the system's.
        client_certificate, client_key: to show to the archive (PEM); the key may be in the certificate's file.
    """

    verify_tls: bool = True
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds: until a connection stands, and of silence on one that stands.

    Attributes:
        words: studies are of the brain if one of these is in their description or body part.
    """

    connect_timeout: float = 10.0
    timeout: float = 60.0  # an archive that fetches from tape or cloud lets one wait
    words: tuple[str, ...] = WORDS


@dataclass(frozen=True, kw_only=True)
class DicomWeb(Tls, Timing):
    """An archive that speaks DICOMweb."""

    url: str
    qido_prefix: str | None = None
    wado_prefix: str | None = None
    stow_prefix: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)  # may hold a password

    @property
    def encrypted(self) -> bool:
        return self.url.lower().startswith("https:")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if self.encrypted else 80)


@dataclass(frozen=True, kw_only=True)
class Dimse(Tls, Timing):
    """An archive that speaks DIMSE."""

    host: str
    port: int
    called_aet: str
    calling_aet: str = "BRAIN"
    retrieve: str = GET
    move_aet: str | None = None
    store_port: int | None = None
    store_address: str = ""
    tls: bool = False

    @property
    def encrypted(self) -> bool:
        return self.tls

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port


PacsSettings = DicomWeb | Dimse
