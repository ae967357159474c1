"""A small venue with two cameras and a server in this process that listens on a real port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from twin.accounts.roles import Role
from twin.app import assemble
from twin.panels.panel import running_panels
from twin.panels.video.panel import VIDEO
from twin.runtime import Twin, open_twin, running
from twin.settings import load_settings

TYPES = "camera: {brick: Camera, points: [{name: status, class: Status, unit: '1', range: [0, 1]}]}\n"
CAMERAS = (
    "cam-1: {position: [0, 0, 2.5], yaw_deg: 0, pitch_deg: -20, fov_deg: 90, range_m: 20}\n"
    "cam-2: {position: [5, 5, 2.5], yaw_deg: 90, pitch_deg: -20, fov_deg: 90, range_m: 20}\n"
)
LISTED = "cameras:\n  cam-1: {url: /nowhere.mp4}\n  cam-2: {url: /nowhere.mp4, enabled: false}\n"


@dataclass
class House:
    """A running twin, and who asks it over HTTP."""

    url: str
    twin: Twin
    http: httpx.AsyncClient
    recordings: Path

    async def get(self, path: str, status: Any = 200, key: Any = "", **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        answer = await self.http.get(f"/api/video{path}", params=query, headers=headers)
        assert answer.status_code == status, answer.text
        return answer

    async def key(self, role: Role) -> str:
        """The key of somebody new of a role."""
        name = f"{role.key}1"
        person = await self.twin.accounts.create(name, role, None, "test")
        return await self.twin.accounts.new_key(person, "key", "test")


def write_venue(folder: Path, listed: str = LISTED) -> Path:
    folder.mkdir()
    (folder / "venue.yaml").write_text("id: x\nname: X\ntimezone: Asia/Shanghai\n", "utf-8")
    (folder / "device_types.yaml").write_text(TYPES, "utf-8")
    (folder / "devices.csv").write_text("device,type,guid,tag\ncam-1,camera,,\ncam-2,camera,,\n", "utf-8")
    (folder / "cameras.yaml").write_text(CAMERAS, "utf-8")
    (folder / "video.yaml").write_text(listed, "utf-8")
    return folder


@contextlib.asynccontextmanager
async def serving(
    package: Path, target: Path, *, listed: str = LISTED, **options: Any
) -> AsyncIterator[House]:
    """A server of a package until the block ends; `listed` is the text of video.yaml."""
    venue = write_venue(target / "venue", listed)
    settings = {"package": package, "venue": venue, "data": target / "data", **options}
    twin = open_twin(load_settings(settings))
    app = assemble(twin, (VIDEO,))
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    async with running(twin), running_panels(app, twin, (VIDEO,)):
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with httpx.AsyncClient(base_url=url, timeout=60.0) as http:
                yield House(url, twin, http, target / "data" / "video")
        finally:
            server.should_exit = True
            await task


async def until(met: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something is so, and give it."""
    async with asyncio.timeout(seconds):
        while not (found := met()):
            await asyncio.sleep(0.05)
        return found
