"""The demo's simulated cameras: drawn from the real model, recorded, shown; drawn once and kept."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.contract.running import ROOT, running_server
from tests.twin.video.test_api import decoded
from twin.video.simulated import read_scene

VENUE = ROOT / "assets" / "palace" / "venue"
WAIT_S = 300.0


def until(met: Callable[[], Any]) -> Any:
    end_s = time.monotonic() + WAIT_S
    while not (found := met()):
        assert time.monotonic() < end_s, "it did not come about"
        time.sleep(0.5)
    return found


def cameras_of(client: httpx.Client) -> list[str]:
    """All cameras once each is recorded; else none."""
    found = client.get("/api/video").json()["cameras"]
    names = [each["camera"] for each in found if each["state"] == "recording"]
    return names if len(names) == len(found) else []


def picture_of(client: httpx.Client, camera: str) -> Any:
    """The newest picture, once the first ones are on the disk."""

    def asked() -> httpx.Response | None:
        answer = client.get(f"/api/video/{camera}/frame.jpg")
        return answer if answer.status_code == 200 else None

    return decoded(until(asked))


@pytest.mark.slow
def test_the_demos_cameras_show_the_building(palace_package: Path, tmp_path: Path) -> None:
    options = ("--venue", str(VENUE), "--simulate", "--data", str(tmp_path / "data"))
    recorded = {"TWIN_VIDEO": "true"}
    for _ in range(2):
        with (
            running_server(palace_package, tmp_path / "log", *options, variables=recorded) as server,
            httpx.Client(base_url=server.url, timeout=60.0) as client,
        ):
            cameras = until(functools.partial(cameras_of, client))
            pictures = [picture_of(client, camera) for camera in cameras]
    assert len(cameras) == 4
    for one in pictures:
        assert one.shape[0] == 360
        assert one[:300].std() > 10, "there is something to see"
    assert len({one.tobytes() for one in pictures}) == 4
    scenes = sorted((tmp_path / "data" / "video" / ".scenes").glob("*.npz"))
    assert len(scenes) == 4, "the second start drew nothing anew"
    assert all(np.isfinite(read_scene(each).spots).all() for each in scenes)
    assert all(each.with_suffix(".space").read_text() for each in scenes)
