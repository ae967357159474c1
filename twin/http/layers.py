"""What the venue's staff keeps for the viewer: layers, points of interest, cameras' poses."""

from fastapi import APIRouter, Depends

from spatial.model import Space
from twin.accounts.roles import Role
from twin.http import present, schemas
from twin.http.context import TwinDep
from twin.http.identity import requires
from twin.runtime import Twin
from twin.venue import CameraPose, PointOfInterest

router = APIRouter(prefix="/api", tags=["venue"])


@router.get("/layers", operation_id="listLayers", dependencies=[Depends(requires(Role.OPERATOR))])
def list_layers(twin: TwinDep) -> schemas.LayerList:
    """The ways to colour the scene."""
    return schemas.LayerList(items=list(twin.venue.layers), next=None)


@router.get("/pois", operation_id="listPois")
def list_pois(twin: TwinDep) -> schemas.PoiList:
    """The points of interest, each with a position where its space is known."""
    spaces = {space.name: space for space in reversed(twin.package.spaces)}
    items = [_placed(twin, poi, spaces.get(poi.space or "")) for poi in twin.venue.pois]
    return schemas.PoiList(items=items, next=None)


def _placed(twin: Twin, poi: PointOfInterest, space: Space | None) -> schemas.PlacedPoi:
    if space is None and poi.position is not None:
        space = twin.package.locate(*poi.position).space
    fields = poi.model_dump()
    if space is not None:
        shown = present.space(twin.package, space)
        fields |= {"space_guid": shown.guid, "storey": shown.storey}
        fields["position"] = poi.position or shown.centre
    return schemas.PlacedPoi.model_validate(fields)


@router.get("/cameras", operation_id="listCameras", dependencies=[Depends(requires(Role.OPERATOR))])
def list_cameras(twin: TwinDep) -> schemas.CameraList:
    """Where the cameras hang and look."""
    items = [_camera(twin, device, pose) for device, pose in sorted(twin.venue.cameras.items())]
    return schemas.CameraList(items=items, next=None)


def _camera(twin: Twin, device: str, pose: CameraPose) -> schemas.Camera:
    element = twin.bound.element_of.get(device)
    return schemas.Camera(**pose.model_dump(), device=device, element=element.guid if element else None)
