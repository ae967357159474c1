"""Alarms on the model: the place of a device, and the cameras that look at an element."""

from collections.abc import Mapping

from spatial.model import Element
from spatial.package import ModelPackage
from spatial.sight import TriangleIndex
from telemetry_bridge.points import Label
from twin.alarms.model import Place
from twin.alarms.occluders import sight_past
from twin.alarms.sight import Sighting, probe_points, sightings
from twin.venue import CameraPose


def place_of(package: ModelPackage, element: Element | None) -> Place:
    """Where a device is that is bound to an element; a space's own device is in that space."""
    if element is None:
        return Place()
    spaces, storeys = package.space_by_index, package.storey_by_index
    space = spaces.get(element.element_index) or spaces.get(_number(element.space_index))
    storey_index = element.storey_index if space is None or space.storey_index is None else space.storey_index
    storey = storeys.get(_number(storey_index))
    return Place(
        element=element.guid,
        space=space.guid if space else None,
        storey=storey.guid if storey else None,
        space_name=Label(space.long_name or space.name, space.name_en or space.name) if space else Label(),
        space_function=space.function if space else "",
    )


def cameras_at(
    package: ModelPackage,
    poses: Mapping[str, CameraPose],
    element_of: Mapping[str, Element],
    target: Element,
    triangles: TriangleIndex | None,
) -> tuple[Sighting, ...]:
    """The cameras on the target's storey, or in its space, that see it, the best ones first.

    triangles: what may stand between (`twin.alarms.occluders.triangles_of`).
    """
    if target.box is None:
        return ()
    near = {
        device: pose
        for device, pose in poses.items()
        if (found := element_of.get(device)) is not None
        and found.element_index != target.element_index
        and _is_by(found, target)
    }
    unseen = [target.element_index, *(element_of[device].element_index for device in near)]
    return sightings(near, probe_points(target.box), sight_past(package, triangles, unseen))


def _is_by(camera: Element, target: Element) -> bool:
    same_storey = camera.storey_index is not None and camera.storey_index == target.storey_index
    return same_storey or (camera.space_index is not None and camera.space_index == target.space_index)


def _number(index: int | None) -> int:
    return -1 if index is None else index
