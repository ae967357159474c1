"""The list of the venue's devices, and the text of the venue's files that follow from it."""

import csv
import io
from collections.abc import Sequence
from functools import cache

from assets.palace.devices_climate import climate
from assets.palace.devices_lighting import luminaires
from assets.palace.devices_power import boards_and_meters, parking_and_site, sources
from assets.palace.devices_rooms import rooms
from assets.palace.devices_safety import safety
from assets.palace.devices_spec import DeviceSpec, numbered
from assets.palace.ifc_writer import guid_of
from assets.palace.layout import build_layout

FIRST_COLUMNS = ("device", "type", "name_zh", "name_en", "guid", "tag", "storey", "space")
CAMERAS_HEAD = """\
# Poses of the cameras: metres and degrees, yaw 0 = +x, counter-clockwise.
# Written from the placing rules by `python -m assets.palace.devices --write-csv`.
"""
#: Height of a pole camera above its foot, m.
POLE_HEAD_M = 4.33


@cache
def all_devices() -> tuple[DeviceSpec, ...]:
    """Give every device of the venue, in a stable order."""
    layout = build_layout()
    wishes = [*luminaires(layout), *climate(layout), *rooms(layout), *safety(layout), *sources(layout)]
    wishes += parking_and_site(layout)
    wishes += boards_and_meters(layout, wishes)
    return tuple(numbered(wishes))


def device_key(device_id: str) -> str:
    """The stable key from which the GlobalId of a device's element comes."""
    return f"device/{device_id}"


def device_guid(device_id: str) -> str:
    """The GlobalId of a device's element."""
    return guid_of(f"element/{device_key(device_id)}")


def csv_text(specs: Sequence[DeviceSpec]) -> str:
    """Give `devices.csv`: a row a device, sorted by id; the free columns sorted by name."""
    free = sorted({name for spec in specs for name in spec.attributes} - set(FIRST_COLUMNS))
    out = io.StringIO()
    rows = csv.DictWriter(out, [*FIRST_COLUMNS, *free], restval="", lineterminator="\n")
    rows.writeheader()
    for spec in sorted(specs, key=lambda each: each.id):
        fixed = {"device": spec.id, "type": spec.type, "name_zh": spec.name_zh, "name_en": spec.name_en}
        rows.writerow(fixed | {"guid": device_guid(spec.id), "tag": spec.id} | dict(spec.attributes))
    return out.getvalue()


def cameras_text(specs: Sequence[DeviceSpec]) -> str:
    """Give `cameras.yaml`: the pose of each camera, in the model's frame."""
    cameras = sorted((each for each in specs if each.type == "camera"), key=lambda each: each.id)
    return CAMERAS_HEAD + "".join(f"{spec.id}: {_pose(spec)}\n" for spec in cameras)


def _pose(spec: DeviceSpec) -> str:
    a = spec.attributes
    x, y, z = spec.position
    z += POLE_HEAD_M if spec.model == "pole_camera" else 0.0
    turn = f"yaw_deg: {a['look_yaw_deg']}, pitch_deg: {a['look_pitch_deg']}, fov_deg: {a['fov_deg']}"
    return f"{{position: [{x:g}, {y:g}, {z:g}], {turn}, range_m: {a['range_m']}}}"
