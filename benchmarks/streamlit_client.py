"""One tab of a browser on the dashboard, without the browser: Streamlit's own WebSocket, messages and upload address.

It speaks what the page in a browser speaks: the XSRF cookie, `/_stcore/stream` with protobuf messages of
`streamlit.proto`, the uploader's PUT requests, and a GET for every picture that the page shows. It draws nothing:
twenty Chromiums would take the two cores that are to be measured.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from urllib3.util import Retry
from websockets.asyncio.client import connect

XSRF_COOKIE = "_streamlit_xsrf"
MOST_MESSAGE = 64 * 2**20  # bytes
PATIENCE = 120.0  # seconds for one step, before it counts as failed
AGAIN = Retry(total=3, allowed_methods=("GET", "PUT"), backoff_factor=0.1)  # as browsers do on a connection gone stale
CARD = re.compile(r'<section aria-label="([^"]+)">(.*?)</section>', re.DOTALL)
PROBABILITY = re.compile(r'(?:<span class="brain-number"[^>]*>|probability )([01]\.\d{3})')


class PageError(Exception):
    """The page shows a failure, or not what was waited for."""


@dataclass
class Page:
    """What the last run of the script drew, by place."""

    elements: dict[tuple[int, ...], object] = field(default_factory=dict)

    def all(self, kind: str) -> list:
        """Elements of one kind, such as ``"html"`` or ``"button"``, in order of their places."""
        found = (self.elements[place] for place in sorted(self.elements))
        return [getattr(element, kind) for element in found if element.WhichOneof("type") == kind]

    def text(self) -> str:
        """All that was written as HTML."""
        return "".join(html.body for html in self.all("html"))

    def button(self, label: str) -> str:
        """The id of a button."""
        return next(button.id for button in self.all("button") if button.label == label)

    def shown(self) -> dict[str, str]:
        """Probability by model's title, as it is written on the page."""
        found = {title: PROBABILITY.search(body) for title, body in CARD.findall(self.text())}
        return {title: match.group(1) for title, match in found.items() if match}

    def pictures(self) -> set[str]:
        """Addresses of the pictures, relative to the server."""
        urls = {picture.url for group in self.all("imgs") for picture in group.imgs}
        return {url for url in urls if url.startswith("/media/")}


class Tab:
    """A session: `connect` (or ``async with``), `open`, then `upload` and `start_over` in turns.

    Args:
        address: of the server, ``http://127.0.0.1:PORT``.
    """

    def __init__(self, address: str):
        self.address = address
        self.page = Page()
        self._session_id = ""

    async def __aenter__(self) -> Tab:
        await self.connect()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def connect(self) -> None:
        """A new session."""
        self.page, self._http, self._fetched = Page(), requests.Session(), set()
        self._http.mount("http", HTTPAdapter(max_retries=AGAIN))
        await self._get("/_stcore/health")  # brings the cookie
        await self._get("/_stcore/host-config")
        token = self._http.cookies[XSRF_COOKIE]
        self._socket = await connect(
            self.address.replace("http", "ws") + "/_stcore/stream",
            origin=self.address,
            subprotocols=["streamlit", token],
            additional_headers={"Cookie": f"{XSRF_COOKIE}={token}"},
            max_size=MOST_MESSAGE,
            compression=None,
        )

    async def close(self) -> None:
        """As when the tab is closed."""
        await self._socket.close()
        self._http.close()

    async def open(self) -> None:
        """The page as it first comes."""
        await self._run()

    async def upload(self, name: str, data: bytes) -> dict[str, str]:
        """Choose a file, and wait for the page with its results.

        Returns:
            Probability by model's title, as shown.

        Raises:
            PageError: the page shows none.
        """
        uploader = self.page.all("file_uploader")[0].id
        message = BackMsg()
        message.file_urls_request.request_id = uuid.uuid4().hex
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self._session_id
        await self._send(message)
        (urls,) = (await self._until("file_urls_response")).file_urls_response.file_urls
        await self._put(urls.upload_url, name, data)
        state = WidgetState(id=uploader)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = urls.file_id, name, len(data)
        info.file_urls.CopyFrom(urls)
        await self._run(state)
        shown = self.page.shown()
        if not shown:
            raise PageError("no probability on the page")
        for url in self.page.pictures() - self._fetched:  # a browser has the others in its cache
            await self._get(url)
            self._fetched.add(url)
        return shown

    async def start_over(self) -> None:
        """Press the button."""
        await self._run(WidgetState(id=self.page.button("Start over"), trigger_value=True))

    async def _run(self, *states: WidgetState) -> None:
        message = BackMsg()
        message.rerun_script.widget_states.widgets.extend(states)
        message.rerun_script.context_info.timezone = "UTC"
        await self._send(message)
        while (finished := await self._until("script_finished")).script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
            if finished.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                raise PageError("the script does not compile")
        if self.page.all("exception"):
            raise PageError("an exception on the page")

    async def _send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    async def _until(self, kind: str) -> ForwardMsg:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = ForwardMsg.FromString(await self._socket.recv())
                self._take(message)
                if message.WhichOneof("type") == kind:
                    return message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._session_id = message.new_session.initialize.session_id
            if not message.metadata.run.fragment_ids:
                self.page = Page()
        elif kind == "delta" and message.delta.HasField("new_element"):
            self.page.elements[tuple(message.metadata.delta_path)] = message.delta.new_element

    async def _get(self, path: str) -> None:
        await self._request("GET", path)

    async def _put(self, path: str, name: str, data: bytes) -> None:
        headers = {"X-Xsrftoken": self._http.cookies[XSRF_COOKIE]}
        await self._request("PUT", path, files={"file": (name, data, "image/png")}, headers=headers)

    async def _request(self, method: str, path: str, **more: object) -> None:
        answer = await asyncio.to_thread(self._http.request, method, self.address + path, timeout=PATIENCE, **more)
        answer.raise_for_status()
