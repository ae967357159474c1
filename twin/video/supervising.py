"""The recorder's process as the server sees it: started, told what to do, watched, started again.

It is written for one that records: `twin.panels.video.panel` says when that is.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

import structlog

from telemetry_bridge.clock import Clock, SystemClock
from twin.video.errors import INSTALL
from twin.video.health import CameraHealth, Reason
from twin.video.pipes import has_libav
from twin.video.video_file import CameraSource, VideoFile, resolved

LOG = structlog.get_logger(__name__)

MODULE = "twin.video.recorder_process"
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STEADY_S = 30.0
ENDING_S = 4.0
SILENT_S = 30.0
MOST_LINE_BYTES = 1 << 20


class Supervisor:
    """Keeps the process running while it is asked to, and knows how the cameras are."""

    def __init__(
        self, file: VideoFile, folder: str, clock: Clock, *, simulates: bool, zone: str = "UTC"
    ) -> None:
        """`simulates`: whether simulated cameras are, here; `zone`: the time zone that they show."""
        self._zone = zone
        self._file, self._folder, self._clock, self._simulates = file, folder, clock, simulates
        self._healths: dict[str, CameraHealth] = {}
        self._process: Process | None = None
        self._refused: tuple[Reason, str] | None = None
        self._news: dict[str, dict[str, Any]] = {}
        self.is_low = False
        """Whether the disk has too little room to record."""

    # What it tells

    @property
    def healths(self) -> Mapping[str, CameraHealth]:
        """How each camera of the file is."""
        return self._healths

    @property
    def note(self) -> str | None:
        """What is wrong with recording as a whole, for people; None: nothing."""
        if not has_libav() and self.wanted:
            return f"cameras are not recorded: PyAV is not installed ({INSTALL})"
        if self._refused is not None:
            return f"cameras are not recorded: {self._refused[1]}"
        if self.is_low:
            return (
                f"cameras are not recorded: the disk of {self._folder} has less than "
                f"{self._file.least_free_gb:g} GB left; free it, or set most_gb in video.yaml"
            )
        return None

    @property
    def wanted(self) -> list[CameraSource]:
        """The cameras that this server is to record."""
        return [
            each
            for each in self._file.cameras.values()
            if each.enabled and (not each.simulated or self._simulates)
        ]

    def rest(self, reason: Reason, text: str = "") -> None:
        """Nothing is recorded here, and why."""
        now_ms = self._clock.now_ms()
        self._healths = {
            each.camera: self._still_off(each)
            or self._since(each.camera, CameraHealth("off", now_ms, reason, text))
            for each in self._file.cameras.values()
        }

    def _still_off(self, source: CameraSource) -> CameraHealth | None:
        """How a camera is that is not recorded whatever happens; None: it is."""
        if source.enabled and (not source.simulated or self._simulates):
            return None
        reason: Reason = "switched-off" if not source.enabled else "not-simulated"
        return self._since(source.camera, CameraHealth("off", self._clock.now_ms(), reason))

    def _since(self, camera: str, health: CameraHealth) -> CameraHealth:
        before = self._healths.get(camera)
        if before is None or (before.state, before.reason) != (health.state, health.reason):
            return health
        return before

    def _down(self, reason: Reason, text: str) -> None:
        """Every camera is down for the same reason."""
        now_ms = self._clock.now_ms()
        for each in self.wanted:
            last_ms = known.last_ms if (known := self._healths.get(each.camera)) else None
            down = CameraHealth("down", now_ms, reason, text, last_ms)
            self._healths[each.camera] = self._since(each.camera, down)

    # What it does

    async def run(self) -> None:
        """Record until cancelled; what cannot be recorded is tried again, ever more seldom."""
        self.rest("starting")
        orders = self._orders()
        if not has_libav():
            self.rest("extra-missing", INSTALL)
            return
        if not orders["cameras"]:
            return
        wait_s = FIRST_WAIT_S
        while True:
            begun_s = time.monotonic()
            try:
                await self._attempt(orders)
            except OSError as error:
                LOG.error("the recorder cannot be started", reason=str(error))
                self._down("recorder-stopped", str(error))
            wait_s = FIRST_WAIT_S if time.monotonic() - begun_s > STEADY_S else wait_s
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2.0, LONGEST_WAIT_S)

    def _orders(self) -> dict[str, Any]:
        """What the process is told. Cameras whose secrets are missing are not in it: they are down."""
        found = []
        for each in self.wanted:
            url, missing = (None, []) if each.url is None else resolved(each.url, os.environ)
            if missing:
                text = f"set {', '.join(missing)} where the server runs"
                self._healths[each.camera] = CameraHealth(
                    "down", self._clock.now_ms(), "secret-missing", text
                )
                LOG.error("a camera's secret is not set", camera=each.camera, variables=missing)
                continue
            found.append({**asdict(each), "url": url, "zone": self._zone})
        return {
            "folder": self._folder,
            "segment_s": self._file.segment_s,
            "keep_days": self._file.keep_days,
            "most_gb": self._file.most_gb,
            "least_free_gb": self._file.least_free_gb,
            "cameras": found,
        }

    async def _attempt(self, orders: dict[str, Any]) -> None:
        """Start the process and follow it to its end."""
        async with self._started() as process:
            await self._tell(process, orders | {"clock": self._clock_now()})
            for news in self._news.values():
                await self._tell(process, news)
            self._process = process
            await self._follow(process)
        if self._refused is not None:
            self._down(*self._refused)
            LOG.error("the recorder cannot work", reason=self._refused[1])
        else:
            self._down("recorder-stopped", "the recorder has stopped; it is started again")
            LOG.error("the recorder has stopped; it is started again", code=process.returncode)

    @contextlib.asynccontextmanager
    async def _started(self) -> AsyncIterator[Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE, limit=MOST_LINE_BYTES
        )
        try:
            yield process
        finally:
            self._process = None
            await _ended(process)

    def _clock_now(self) -> tuple[float, float, float] | None:
        if isinstance(self._clock, SystemClock):
            return None
        return self._clock.now_ms(), time.monotonic(), self._clock.speed

    async def _follow(self, process: Process) -> None:
        """Take its reports until it ends, or says nothing for too long."""
        if process.stdout is None:
            return
        while True:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), SILENT_S)
            except (TimeoutError, ValueError):
                LOG.error("the recorder says nothing any more")
                return
            if not line:
                return
            self._take(json.loads(line))

    def _take(self, report: dict[str, Any]) -> None:
        refused = report.get("refused")
        self._refused = None if refused is None else (refused["reason"], refused["text"])
        self.is_low = bool(report.get("low", False))
        for camera, told in report.get("cameras", {}).items():
            self._healths[camera] = CameraHealth(**told)

    async def tell(self, camera: str, news: Mapping[str, Any]) -> None:
        """Tell the process something new of a simulated camera; one that starts later is told too."""
        known = self._news.setdefault(camera, {"camera": camera})
        fresh = {key: value for key, value in news.items() if known.get(key) != value}
        known.update(fresh)
        if fresh and self._process is not None:
            with contextlib.suppress(OSError):
                await self._tell(self._process, {"camera": camera, **fresh})

    async def _tell(self, process: Process, what: dict[str, Any]) -> None:
        if process.stdin is not None:
            process.stdin.write(json.dumps(what).encode() + b"\n")
            await process.stdin.drain()


async def _ended(process: Process) -> None:
    """Let a process end in order, then without."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), ENDING_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
