"""Draws the scenes of simulated cameras: `python -m twin.video.scene_process`, once for a model and a pose.

A process of its own at a low priority, because it reads all triangles of the model and casts a ray for each
pixel; what it has drawn is kept. Told on stdin in JSON: `package`, `cameras` (id: pose and `file`), `hidden`
(elements left out: the cameras themselves); says on stdout, a JSON line for each camera, in which space
most of what it sees lies.
"""

import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from spatial.package import ModelPackage
from spatial.sight import TriangleIndex
from spatial.tiles import read_triangles
from telemetry_bridge.whole_file import replace_file
from twin.alarms.sight import axes_of
from twin.venue import CameraPose
from twin.video.drawing import HEIGHT, WIDTH, Scene, Seen, colour_of, rays, shaded

FARTHEST_M = 200.0
BEFORE_EYE_M = 0.1
ABOVE = np.array([0.0, 0.0, 0.05])
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def draw(
    package: ModelPackage, triangles: TriangleIndex, hidden: Mask, pose: CameraPose
) -> tuple[Scene, str | None]:
    """The scene of a pose, without elements `hidden`, and the guid of the space that most of it lies in."""
    eye = np.array(pose.position)
    directions = rays(WIDTH, HEIGHT, pose.fov_deg, axes_of(pose))
    begin = eye + directions * BEFORE_EYE_M  # the camera's own body does not count
    hits = triangles.first_hits(begin, directions, FARTHEST_M, hidden)
    met = hits.owners >= 0
    points = np.where(
        met[:, None], begin + directions * np.where(met, hits.distances_m, 0.0)[:, None], np.inf
    )
    columns = package.columns
    palette = np.array([colour_of(name) for name in columns.class_names], dtype=np.float64)
    colours = palette[columns.class_id[np.maximum(hits.owners, 0)]]
    shape = (HEIGHT, WIDTH, 3)
    scene = shaded(
        points.reshape(shape),
        hits.owners.reshape(shape[:2]),
        colours.reshape(shape),
        Seen(eye, pose.range_m, pose.fov_deg),
    )
    return scene, _space_of(package, points[met])


def _space_of(package: ModelPackage, points: np.ndarray[Any, np.dtype[np.float64]]) -> str | None:
    """The space that most of what is seen lies in."""
    if not len(points):
        return None
    found = package.space_indices_at(points[:: max(len(points) // 2000, 1)] + ABOVE)
    inside = found[found >= 0]
    if not len(inside):
        return None
    numbers, counts = np.unique(inside, return_counts=True)
    return package.space_by_index[int(numbers[counts.argmax()])].guid


def write(path: Path, scene: Scene) -> None:
    """Keep a scene. Raises OSError."""
    content = io.BytesIO()
    np.savez_compressed(content, rgb=scene.rgb, spots=scene.spots)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content.getvalue())


def main() -> None:
    """Draw what is asked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this
    os.nice(15)
    asked = json.load(sys.stdin)
    with ModelPackage.open(Path(asked["package"])) as package:
        drawn = read_triangles(package.folder)
        triangles = TriangleIndex.of(drawn.corners, drawn.elements)
        hidden = np.zeros(package.element_count, dtype=np.bool_)
        hidden[asked["hidden"]] = True
        for camera, wanted in asked["cameras"].items():
            scene, space = draw(package, triangles, hidden, CameraPose.model_validate(wanted["pose"]))
            write(Path(wanted["file"]), scene)
            print(json.dumps({"camera": camera, "space": space}), flush=True)


if __name__ == "__main__":
    main()
