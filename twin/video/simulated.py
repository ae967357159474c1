"""A camera that is simulated: draws what it would see, says so in the picture, and encodes it."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np

from telemetry_bridge.clock import Clock
from twin.video.drawing import HEIGHT, WIDTH, Rgb, Scene, people_at, picture
from twin.video.encoding import MS, encoder, template
from twin.video.sources import SourceError

FPS, GOP = 2, 4
CRF, PRESET = 33, "veryfast"
PATIENCE_S = 120.0
WORDS = "模拟 SIMULATED"


class Stage:
    """What a simulated camera is told: its scene, and how many people are in it."""

    def __init__(self, camera: str, clock: Clock, zone: str = "UTC") -> None:
        self.camera, self.clock = camera, clock
        self._zone = ZoneInfo(zone)
        self.ready = threading.Event()
        self.scene: Scene | None = None
        self.people = 0

    def take(self, news: dict[str, Any]) -> None:
        """News from the server: `scene` is the file of a scene, `people` a number."""
        self.people = int(news.get("people", self.people))
        if "scene" in news:
            self.scene = read_scene(Path(news["scene"]))
            self.ready.set()

    def picture(self) -> Rgb:
        """What it shows now. Raises SourceError while it has no scene."""
        if self.scene is None:
            raise SourceError("starting", "its picture is being drawn")
        now_ms = self.clock.now_ms()
        local = datetime.fromtimestamp(now_ms / 1000.0, self._zone)
        words = f"{self.camera}  {local:%Y-%m-%d %H:%M:%S}  {WORDS}"
        return picture(self.scene, words.upper(), people_at(self.scene.spots, self.people, now_ms / 1000.0))


class SimulatedSource:
    """Packets of a stage's pictures."""

    def __init__(self, stage: Stage) -> None:
        """Waits until there is a scene. Raises SourceError."""
        if not stage.ready.wait(PATIENCE_S):
            raise SourceError("starting", "its picture is being drawn")
        self._stage = stage
        height, width = stage.picture().shape[:2]
        self._encoder = encoder(width, height, FPS, GOP, CRF, PRESET)
        self.template: Any = template(encoder(width, height, FPS, GOP, CRF, PRESET))

    def packets(self) -> Iterator[Any]:
        """A packet for each picture, as time goes by."""
        begun_s = time.monotonic()
        for number in range(1 << 62):
            due_s = begun_s + number / FPS
            time.sleep(max(due_s - time.monotonic(), 0.0))
            frame = av.VideoFrame.from_ndarray(self._stage.picture(), format="rgb24")
            frame.pts, frame.time_base = round(number * 1000 / FPS), MS
            for packet in self._encoder.encode(frame):
                packet.time_base, packet.duration = MS, round(1000 / FPS)
                yield packet

    def close(self) -> None:
        """Nothing is open."""


def read_scene(path: Path) -> Scene:
    """A scene that `twin.video.scene_process` drew. Raises OSError and ValueError."""
    with np.load(path, allow_pickle=False) as kept:
        rgb, spots = kept["rgb"], kept["spots"]
    if rgb.shape != (HEIGHT, WIDTH, 3) or rgb.dtype != np.uint8 or spots.shape[1:] != (3,):
        raise ValueError(f"{path.name} is no scene")
    return Scene(rgb, spots)
