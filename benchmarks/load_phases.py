"""What sessions do in a while on the load benchmark's server: one after the other, or all at once."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import load_checks
import psutil
from load_checks import Answer, Picture
from load_server import Server, cpu_seconds
from streamlit_client import PageError, Tab

MOST_LOADING = 300  # seconds until both models are ready
FAILURES = (PageError, OSError, TimeoutError)  # of one answer; the session goes on in a new tab


@dataclass
class Phase:
    """What some sessions did in a while."""

    sessions: int
    seconds: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    in_time: int = 0
    server_cores: float = 0.0
    client_cores: float = 0.0
    peak_megabytes: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.in_time / self.seconds

    def summary(self) -> dict[str, object]:
        taken = sorted(answer.seconds for answer in self.answers)
        return {
            "sessions": self.sessions,
            "seconds": round(self.seconds, 1),
            "answers": len(self.answers),
            "failures": len(self.failures),
            "answers_per_second": round(self.rate, 3),
            "latency_median_s": round(statistics.median(taken), 3),
            "latency_p95_s": round(taken[int(0.95 * (len(taken) - 1))], 3),
            "server_cores": round(self.server_cores, 2),
            "client_cores": round(self.client_cores, 2),
            "peak_megabytes": round(self.peak_megabytes),
        }


async def until_ready(address: str) -> None:
    """Both models are loaded."""
    async with asyncio.timeout(MOST_LOADING), Tab(address) as tab:
        await tab.open()
        while tab.page.text().count(" ready") < load_checks.MODELS:
            await asyncio.sleep(1)
            await tab.open()


async def drive(
    server: Server, pictures: Sequence[Picture], sessions: int, seconds: float, *, at_least: int = 0
) -> Phase:
    """``sessions`` tabs at once for ``seconds``, and for ``at_least`` so many answers of each.

    The clock starts when every tab is open. An answer that comes after the end is kept, but not counted in the rate.
    """
    phase = Phase(sessions)
    tabs = [Tab(server.address) for _ in range(sessions)]
    await asyncio.gather(*(_opened(tab) for tab in tabs))
    start, cpu, own = time.perf_counter(), server.seconds(), cpu_seconds(psutil.Process())
    watching = asyncio.create_task(_watch_memory(server, phase))
    step = max(1, len(pictures) // sessions)
    ends = start + seconds
    await asyncio.gather(*(_go_on(tab, pictures, i * step, ends, at_least, phase) for i, tab in enumerate(tabs)))
    elapsed = time.perf_counter() - start
    watching.cancel()
    phase.seconds = max(seconds, elapsed if at_least else 0.0)
    phase.in_time = sum(answer.ended <= start + phase.seconds for answer in phase.answers)
    phase.server_cores = (server.seconds() - cpu) / elapsed
    phase.client_cores = (cpu_seconds(psutil.Process()) - own) / elapsed
    return phase


async def _opened(tab: Tab) -> None:
    await tab.connect()
    await tab.open()


async def _go_on(tab: Tab, pictures: Sequence[Picture], first: int, ends: float, at_least: int, phase: Phase) -> None:
    """One session: a tab answers no picture twice, since it remembers what it has scored; a new one comes then."""
    done = 0
    try:
        while time.perf_counter() < ends or done < at_least:
            if done and done % len(pictures) == 0:
                await tab.close()
                await _opened(tab)
            index = (first + done) % len(pictures)
            done += 1
            try:
                phase.answers.append(await _answer(tab, index, pictures[index]))
                await tab.start_over()
            except FAILURES as error:
                phase.failures.append((index, f"{pictures[index].name}: {type(error).__name__}: {error}"))
                await tab.close()
                await _opened(tab)
    finally:
        await tab.close()


async def _answer(tab: Tab, index: int, picture: Picture) -> Answer:
    start = time.perf_counter()
    shown = await tab.upload(picture.name, picture.data)
    ended = time.perf_counter()
    if len(shown) != load_checks.MODELS:
        raise PageError(f"expected both models on the page. Received: {sorted(shown)}")
    return Answer(index, shown, ended - start, ended)


async def _watch_memory(server: Server, phase: Phase) -> None:
    while True:
        phase.peak_megabytes = max(phase.peak_megabytes, server.megabytes())
        await asyncio.sleep(0.5)


async def megabytes_at_rest(server: Server, rest: float) -> float:
    """With every tab closed for so long, and one opened and closed since: that is when Streamlit forgets the others."""
    await asyncio.sleep(rest)
    for _ in range(2):
        async with Tab(server.address) as tab:
            await tab.open()
    await asyncio.sleep(5)
    return server.megabytes()
