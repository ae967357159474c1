"""Assembles the palace: which part is written when. Reads like the table of contents of the building."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

from assets.palace.ifc_writer import IfcWriter
from assets.palace.joinery import Joinery
from assets.palace.walls import Walls

WINGS = {
    "sports": ("体育区", "Sports wing"),
    "culture": ("文化区", "Culture wing"),
    "atrium": ("中庭", "Atrium"),
    "basement": ("地下室", "Basement"),
    "plaza": ("广场", "Plaza"),
    "roof": ("屋面", "Roof"),
}
Progress = Callable[[float, str], None]


def build(progress: Progress) -> IfcWriter:
    """The whole model in memory, relations included."""
    writer = IfcWriter()
    joinery = Joinery(writer)
    walls = Walls(writer, joinery)
    for i, storey in enumerate(writer.layout.storeys):
        progress(0.05 + 0.05 * i, f"walls of {storey.key}")
        walls.storey(storey)
    steps: list[tuple[float, str, str]] = [
        (0.42, "structure", "slabs, columns and beams"),
        (0.46, "stairs", "stairs, lifts and ramps"),
        (0.50, "roofs", "roofs and facades"),
        (0.55, "floors", "floor finishes and court lines"),
        (0.60, "furnishing", "furniture"),
        (0.70, "grounds", "plaza and trees"),
        (0.78, "devices", "devices and services"),
    ]
    for share, module, what in steps:
        progress(share, what)
        _place_all(module, writer)
    _zones(writer)
    progress(0.9, "relations")
    writer.finish()
    return writer


def _zones(writer: IfcWriter) -> None:
    """A zone for each wing, so that a wing's rooms can be found and booked together."""
    for wing, (zh, en) in WINGS.items():
        zone = writer.system("IfcZone", f"zone/{wing}", zh, name_en=en)
        writer.assign(zone, [writer.containers[s.key] for s in writer.layout.spaces if s.wing == wing])


def _place_all(module: str, writer: IfcWriter) -> None:
    name = f"assets.palace.{module}"
    if importlib.util.find_spec(name) is not None:
        importlib.import_module(name).place_all(writer)


def write_model(path: Path, progress: Progress) -> None:
    """Build the model and write it beside `path` first, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = build(progress)
    progress(0.94, "writing the file")
    part = path.with_name(path.name + ".part")
    try:
        writer.file.write(str(part))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    progress(1.0, "done")
