"""`/api/elements/{guid}/cameras`: who looks at an element; alarms tell it of theirs, too."""

from fastapi import APIRouter

from twin.alarms.occluders import triangles_of
from twin.alarms.places import cameras_at
from twin.alarms.sight import Sighting
from twin.http.alarm_schemas import AlarmCamera, SightingList
from twin.http.context import TwinDep
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin
from twin.venue import Name

router = APIRouter(prefix="/api/elements", tags=["model"], responses=PROBLEM_RESPONSES)


@router.get("/{guid}/cameras", operation_id="listCamerasOf")
def list_cameras_of(twin: TwinDep, guid: str) -> SightingList:
    """The cameras that see an element, the best ones first; see docs/alarms.md for what counts as seeing."""
    return SightingList(items=cameras_seeing(twin, guid), next=None)


def cameras_seeing(twin: Twin, guid: str) -> list[AlarmCamera]:
    """The cameras that see the element `guid`, the best ones first; slow, not for the loop.

    Raises UnknownPlaceError for an element that the model does not have.
    """
    target = twin.package.element(guid)
    triangles = twin.cached("occluders", lambda: triangles_of(twin.package))
    seen = cameras_at(twin.package, twin.venue.cameras, twin.bound.element_of, target, triangles)
    return [_camera(twin, sighting) for sighting in seen]


def _camera(twin: Twin, sighting: Sighting) -> AlarmCamera:
    device = twin.registry.devices.get(sighting.device)
    element = twin.bound.element_of.get(sighting.device)
    return AlarmCamera(
        device=sighting.device,
        name=Name(zh=device.label.zh, en=device.label.en) if device else Name(),
        element=element.guid if element else None,
        distance_m=sighting.distance_m,
        angle_deg=sighting.angle_deg,
        share=sighting.share,
    )
