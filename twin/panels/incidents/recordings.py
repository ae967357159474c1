"""The cameras that saw an incident: their recordings for its archive, a picture of each for its report."""

import asyncio
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from telemetry_bridge.points import Label
from twin.alarms.model import Alarm
from twin.alarms.projection import AlarmFilter
from twin.errors import RequestError
from twin.http.sightings import cameras_seeing
from twin.incidents.gathering import Meant
from twin.incidents.model import Incident
from twin.panels.video.folder import open_library
from twin.runtime import Twin
from twin.video.keeping import Kept
from twin.video.library import Library
from twin.video.names import Segment, folder_of
from twin.video.recordings import Recordings
from twin.video.stills import Stills
from twin.video.taking import taken

LOG = structlog.get_logger(__name__)

MOST_CAMERAS, MOST_PICTURES = 6, 4
MOST_ELEMENTS = 8
MOST_ALARMS = 200
WIDTH = 960


@dataclass(frozen=True, slots=True)
class CameraStill:
    """What a camera showed: `time_ms` is when the picture was taken."""

    name: Label
    time_ms: float
    jpeg: bytes


async def cameras_of(twin: Twin, incident: Incident, meant: Meant) -> list[str]:
    """The recorded cameras that it is about, then those that see its elements, the best ones first."""
    recorded = set(await asyncio.to_thread(open_library(twin).cameras))
    if not recorded:
        return []
    wanted = AlarmFilter(open_only=False, from_ms=incident.from_ms, to_ms=incident.to_ms)
    alarms = await twin.alarms.find(wanted, MOST_ALARMS)
    elements = _elements(twin, incident, [each for each in alarms if _concerns(each, meant)])
    seeing = await asyncio.to_thread(_seeing, twin, elements[:MOST_ELEMENTS])
    ordered = dict.fromkeys([*sorted(meant.devices), *seeing])
    return [each for each in ordered if each in recorded][:MOST_CAMERAS]


def _concerns(alarm: Alarm, meant: Meant) -> bool:
    is_meant = alarm.id in meant.alarms or alarm.device in meant.devices or alarm.space in meant.places
    return meant.is_whole or is_meant or alarm.element in meant.places


def _elements(twin: Twin, incident: Incident, alarms: Iterable[Alarm]) -> list[str]:
    """The elements that it is about, each once; those that the model has no more are left out."""
    named = [incident.scope.element, *(each.element for each in alarms)]
    return [each for each in dict.fromkeys(named) if each is not None and twin.has_element(each)]


def _seeing(twin: Twin, elements: Sequence[str]) -> list[str]:
    """The cameras that see elements: the best one of each first."""
    found = [[each.device for each in cameras_seeing(twin, guid)] for guid in elements]
    longest = max(map(len, found), default=0)
    return [each[place] for place in range(longest) for each in found if place < len(each)]


def hold_recordings(
    library: Library, cameras: Sequence[str], incident: Incident, hold: Path
) -> dict[str, Path]:
    """The segments that go into an archive, by the part's name; under `hold`, where nothing deletes them.

    Raises OSError.
    """
    found = {
        camera: [
            _kept(library, camera, segment)
            for segment in library.segments(camera, incident.from_ms, incident.to_ms)
        ]
        for camera in cameras
    }
    held: dict[str, Path] = {}
    for each in taken(found, incident.at_ms):
        name = f"video/{folder_of(each.camera)}/{each.segment.day}/{each.segment.name}"
        target = hold / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _linked(library.path_of(each.camera, each.segment), target):
            held[name] = target
    return held


def _kept(library: Library, camera: str, segment: Segment) -> Kept:
    try:
        size = library.path_of(camera, segment).stat().st_size
    except OSError:
        size = 0
    return Kept(camera, segment, size)


def _linked(source: Path, target: Path) -> bool:
    """Give a file a second name, or copy it where that cannot be; False: it has been deleted."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        return False
    except OSError:
        shutil.copyfile(source, target)
    return True


async def stills_of(twin: Twin, incident: Incident, meant: Meant) -> list[CameraStill]:
    """What cameras showed at the key moment; one that recorded nothing then is left out."""
    cameras = await cameras_of(twin, incident, meant)
    if not cameras:
        return []
    recordings, stills = Recordings(open_library(twin)), Stills()
    found: list[CameraStill] = []
    try:
        for camera in cameras:
            if len(found) == MOST_PICTURES:
                break
            still = await _still(twin, recordings, stills, camera, incident.at_ms)
            found += [] if still is None else [still]
    finally:
        await stills.close()
    return found


async def _still(
    twin: Twin, recordings: Recordings, stills: Stills, camera: str, at_ms: float
) -> CameraStill | None:
    try:
        picture = await asyncio.to_thread(recordings.picture, camera, float(at_ms), WIDTH, key=False)
        jpeg = await stills.picture(picture.wanted)
    except (RequestError, OSError) as error:
        LOG.info("a report goes without a camera's picture", camera=camera, reason=str(error))
        return None
    device = twin.registry.devices.get(camera)
    return CameraStill(device.label if device else Label(camera, camera), picture.time_ms, jpeg)
