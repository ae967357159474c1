"""What simulated cameras are told: their scenes, drawn once for a model and a pose, and who is in them."""

import asyncio
import hashlib
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from telemetry_bridge.points import Registry
from twin.runtime import Twin
from twin.venue import CameraPose
from twin.video.pipes import has_libav
from twin.video.supervising import Supervisor

LOG = structlog.get_logger(__name__)

MODULE = "twin.video.scene_process"
FOLDER = ".scenes"
DRAWN_AS = 2
"""Scenes that another version drew are drawn anew."""
PEOPLE_CLASS = "Occupancy_Count_Sensor"
AFTER_S, EVERY_S = 5.0, 3.0


@dataclass(frozen=True, slots=True)
class Place:
    """A scene's file, and the points that count people in the space that it shows."""

    file: Path
    counters: tuple[int, ...]


class Scenes:
    """Draws what is not drawn yet, then says every few seconds how many people are where."""

    def __init__(self, twin: Twin, supervisor: Supervisor, folder: Path) -> None:
        self._twin, self._supervisor, self._folder = twin, supervisor, folder / FOLDER

    async def run(self) -> None:
        """Go on until cancelled; begins a little after the server, which has more urgent things to do."""
        cameras = self._cameras()
        if not cameras or not has_libav():
            return
        await asyncio.sleep(AFTER_S)
        places = await self._places(cameras)
        for camera, place in places.items():
            await self._supervisor.tell(camera, {"scene": str(place.file)})
        while True:
            for camera, place in places.items():
                await self._supervisor.tell(camera, {"people": self._people(place)})
            await asyncio.sleep(EVERY_S)

    def _cameras(self) -> dict[str, CameraPose]:
        """The simulated cameras that have a pose."""
        poses = self._twin.venue.cameras
        wanted = [each.camera for each in self._supervisor.wanted if each.simulated]
        for each in wanted:
            if each not in poses:
                LOG.warning("a simulated camera has no pose in cameras.yaml: it shows nothing", camera=each)
        return {each: poses[each] for each in wanted if each in poses}

    def _people(self, place: Place) -> int:
        values = self._twin.bridge.live.value[list(place.counters)]
        return int(np.nansum(values)) if len(values) else 0

    async def _places(self, cameras: Mapping[str, CameraPose]) -> dict[str, Place]:
        files = {each: self._folder / f"{self._key(each, pose)}.npz" for each, pose in cameras.items()}
        missing = {each: cameras[each] for each, file in files.items() if not _told(file).is_file()}
        if missing:
            await self._draw(missing, files)
        found = {}
        for camera, file in files.items():
            if file.is_file() and _told(file).is_file():
                found[camera] = Place(file, self._counters(_told(file).read_text("utf-8")))
        return found

    def _key(self, camera: str, pose: CameraPose) -> str:
        text = f"{DRAWN_AS}/{self._twin.package.manifest.revision}/{camera}/{pose.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    async def _draw(self, cameras: Mapping[str, CameraPose], files: Mapping[str, Path]) -> None:
        """Let the process draw scenes; what it cannot draw is logged, and tried again at the next start."""
        LOG.info("drawing what simulated cameras see", cameras=len(cameras))
        asked = {
            "package": str(self._twin.package.folder),
            "cameras": {
                each: {"pose": pose.model_dump(), "file": str(files[each])} for each, pose in cameras.items()
            },
            "hidden": self._camera_elements(),
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE)
        try:
            answer, _ = await process.communicate(json.dumps(asked).encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        for line in answer.splitlines():
            told = json.loads(line)
            _told(files[told["camera"]]).write_text(told["space"] or "", "utf-8")
        if process.returncode:
            LOG.error("what simulated cameras see could not be drawn", code=process.returncode)

    def _camera_elements(self) -> list[int]:
        """The elements of the cameras themselves, which stand in their own way."""
        element_of = self._twin.bound.element_of
        return [element_of[each].element_index for each in self._twin.venue.cameras if each in element_of]

    def _counters(self, space: str) -> tuple[int, ...]:
        found = self._twin.places.points_in_space(space) if space else None
        return () if found is None else people_points(self._twin.registry, found.tolist())


def people_points(registry: Registry, points: list[int]) -> tuple[int, ...]:
    """Those of some points that count people."""
    return tuple(each for each in points if registry.points[each].point_class == PEOPLE_CLASS)


def _told(file: Path) -> Path:
    """Where the space of a scene is noted."""
    return file.with_suffix(".space")
