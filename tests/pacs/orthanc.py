"""A real Orthanc on this machine: on ports and in a folder of its own, with DICOMweb, an AE title and a user."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

PROGRAM = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AET, CALLER, STORE_AET = "ORTHANC", "BRAIN", "BRAINSTORE"
USER, PASSWORD = "brain", "correct-horse"
STARTS_IN = 30  # seconds, at most
MOST_TRIES = 5  # somebody else may take a free port before Orthanc does


def missing() -> str | None:
    """What is not installed, None if all is there."""
    if not Path(PROGRAM).is_file():
        return "Orthanc is not installed: no PACS to test on (Debian package 'orthanc')."
    if not PLUGIN.is_file():
        return "Orthanc's DICOMweb plugin is not installed: no PACS to test on (Debian package 'orthanc-dicomweb')."
    return None


def free_port() -> int:
    """A TCP port of this machine that nobody uses at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass
class Orthanc:
    """One server; `start` and `stop` may be called in turn: its ports and what it stores stay.

    Attributes:
        store_port: where it sends what it is asked to move to `STORE_AET`.
        certificate, key: PEM files; with them it speaks DIMSE over TLS only.
    """

    folder: Path
    certificate: Path | None = None
    key: Path | None = None
    http_port: int = field(default_factory=free_port)
    dicom_port: int = field(default_factory=free_port)
    store_port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def root(self) -> str:
        return f"http://localhost:{self.http_port}"

    @property
    def url(self) -> str:
        return f"{self.root}/dicom-web"

    def start(self) -> Orthanc:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "orthanc.json"
        config.write_text(json.dumps(self._config()))
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, str(config)],
                env=os.environ | {"TCP_NODELAY": "1"},  # of DCMTK: else each answer takes 40 ms longer
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        latest = time.monotonic() + STARTS_IN
        while time.monotonic() < latest and self.process.poll() is None:
            if self._answers():
                return self
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"Orthanc did not start:\n{(self.folder / 'log.txt').read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()  # what it has confirmed is on the disk
        if self.process:
            self.process.wait()

    def clear(self) -> None:
        """Forget all studies."""
        for patient in self.get("/patients"):
            self.call("DELETE", f"/patients/{patient}")

    def get(self, path: str):
        return self.call("GET", path).json()

    def call(self, method: str, path: str, **options) -> requests.Response:
        answer = requests.request(method, self.root + path, auth=(USER, PASSWORD), timeout=10, **options)
        answer.raise_for_status()
        return answer

    def put(self, *files: bytes) -> None:
        """Store DICOM files."""
        for data in files:
            self.call("POST", "/instances", data=data)

    def instances(self, modality: str | None = None) -> list[str]:
        """SOP instance UIDs of all that is stored, with doubles if there were any."""
        query = {"Modality": modality} if modality else {}
        found = self.call("POST", "/tools/find", json={"Level": "Instance", "Expand": True, "Query": query}).json()
        return [each["MainDicomTags"]["SOPInstanceUID"] for each in found]

    def _answers(self) -> bool:
        try:
            return self.get("/system")["DicomAet"] == AET
        except (requests.RequestException, ValueError):
            return False

    def _config(self) -> dict:
        config = {
            "Name": "test",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "Plugins": [str(PLUGIN)],
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomAet": AET,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomModalities": {
                "brain": {"AET": CALLER, "Host": "127.0.0.1", "Port": 104, "AllowGet": True, "AllowMove": True},
                "store": [STORE_AET, "127.0.0.1", self.store_port],
            },
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "DicomScuTimeout": 5,
            "OverwriteInstances": False,
            "HttpThreadsCount": 8,
            "WebDavEnabled": False,
        }
        if self.certificate:
            config |= {
                "DicomTlsEnabled": True,
                "DicomTlsCertificate": str(self.certificate),
                "DicomTlsPrivateKey": str(self.key),
                "DicomTlsTrustedCertificates": str(self.certificate),
                "DicomTlsRemoteCertificateRequired": False,
            }
        return config


def started(folder: Path, **options) -> Orthanc:
    """A server that answers; on other ports if somebody took its own in between."""
    for attempt in range(MOST_TRIES):
        try:
            return Orthanc(folder / str(attempt), **options).start()
        except RuntimeError:
            if attempt == MOST_TRIES - 1:
                raise
    raise AssertionError
