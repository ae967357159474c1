"""From what the packages know to what the API answers. Pure: data in, answers out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
import shapely

from spatial import model as places
from spatial.package import ModelPackage
from twin.errors import BadRequestError
from twin.http import schemas

T = TypeVar("T")
FOOTPRINT_DECIMALS = 3


def rfc3339(time_ms: float) -> str:
    """A time in ms since 1970 UTC as RFC 3339 with milliseconds."""
    moment = datetime.fromtimestamp(time_ms / 1000.0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def box(corners: places.Box | None) -> schemas.Box | None:
    """A box, or none where nothing is drawn."""
    if corners is None:
        return None
    return schemas.Box(min=corners[:3], max=corners[3:])


def _common(package: ModelPackage, found: places.Element) -> dict[str, Any]:
    return {
        "guid": found.guid,
        "element_index": found.element_index,
        "class_": found.ifc_class,
        "predefined_type": found.predefined_type,
        "name": found.name,
        "name_en": found.name_en,
        "long_name": found.long_name,
        "object_type": found.object_type,
        "tag": found.tag,
        "storey": storey_guid(package, found.storey_index),
        "space": space_guid(package, found.space_index),
        "box": box(found.box),
    }


def storey_guid(package: ModelPackage, element_index: int | None) -> str | None:
    """The guid of the storey with an index; None for None."""
    found = None if element_index is None else package.storey_by_index.get(element_index)
    return None if found is None else found.guid


def space_guid(package: ModelPackage, element_index: int | None) -> str | None:
    """The guid of the space with an index; None for None."""
    found = None if element_index is None else package.space_by_index.get(element_index)
    return None if found is None else found.guid


def element(package: ModelPackage, found: places.Element) -> schemas.Element:
    """An element as lists show it."""
    return schemas.Element(**_common(package, found))


def element_ref(found: places.Element) -> schemas.ElementRef:
    """An element as others refer to it."""
    return schemas.ElementRef(
        guid=found.guid,
        element_index=found.element_index,
        class_=found.ifc_class,
        name=found.name,
        name_en=found.name_en,
        long_name=found.long_name,
    )


def element_detail(
    package: ModelPackage,
    found: places.ElementDetail,
    devices: Sequence[schemas.Device],
    points: Sequence[schemas.PointReading],
) -> schemas.ElementDetail:
    """An element with everything that is known of it."""
    return schemas.ElementDetail(
        **_common(package, found.element),
        description=found.element.description,
        type=_type_info(found.type),
        placement=None if found.placement is None else found.placement.ravel().tolist(),
        properties={group.name: _properties(group) for group in found.property_sets},
        materials=[
            schemas.MaterialInfo(name=each.name, thickness_m=each.thickness_m) for each in found.materials
        ],
        classifications=[
            schemas.ClassificationInfo(source=each.source, code=each.code, name=each.name)
            for each in found.classifications
        ],
        systems=[_system(each) for each in found.systems],
        feeds=[_connected(each) for each in found.feeds],
        fed_by=[_connected(each) for each in found.fed_by],
        connected=[_connected(each) for each in found.connected],
        parents=[element_ref(each) for each in found.parents],
        children=[element_ref(each) for each in found.children],
        child_count=found.child_count,
        devices=list(devices),
        points=list(points),
    )


def _properties(group: places.PropertySet) -> dict[str, schemas.PropertyValue]:
    return {
        each.name: schemas.PropertyValue(value=each.value, unit=each.unit, from_type=each.from_type)
        for each in group.properties
    }


def _type_info(found: places.ElementType | None) -> schemas.TypeInfo | None:
    if found is None:
        return None
    return schemas.TypeInfo(
        guid=found.guid, class_=found.ifc_class, predefined_type=found.predefined_type, name=found.name
    )


def _system(found: places.System) -> schemas.SystemInfo:
    return schemas.SystemInfo(
        guid=found.guid, class_=found.ifc_class, predefined_type=found.predefined_type, name=found.name
    )


def _connected(found: places.Neighbour) -> schemas.ConnectedElement:
    reference = element_ref(found.element).model_dump()
    return schemas.ConnectedElement(**reference, kind=found.kind, medium=found.medium)


def storey(found: places.Storey, element_count: int, space_count: int) -> schemas.Storey:
    """A storey with how much is on it."""
    return schemas.Storey(
        guid=found.guid,
        element_index=found.element_index,
        name=found.name,
        name_en=found.name_en,
        long_name=found.long_name,
        position=found.position,
        elevation_m=found.elevation_m,
        height_m=found.height_m,
        element_count=element_count,
        space_count=space_count,
    )


def storeys(package: ModelPackage) -> list[schemas.Storey]:
    """All storeys, lowest first."""
    columns = package.columns
    spaces_on = [space.storey_index for space in package.spaces]
    return [
        storey(each, int((columns.storey == each.element_index).sum()), spaces_on.count(each.element_index))
        for each in package.storeys
    ]


def space(package: ModelPackage, found: places.Space, *, with_footprint: bool = False) -> schemas.Space:
    """A space; its centre is a point surely inside the footprint, at half height."""
    inside = found.footprint.representative_point() if not found.footprint.is_empty else None
    x, y = (inside.x, inside.y) if inside else (0.0, 0.0)
    return schemas.Space(
        guid=found.guid,
        element_index=found.element_index,
        name=found.name,
        name_en=found.name_en,
        long_name=found.long_name,
        function=found.function,
        storey=storey_guid(package, found.storey_index),
        derived=found.derived,
        floor_z_m=found.floor_z_m,
        height_m=found.height_m,
        area_m2=found.area_m2,
        centre=(x, y, found.floor_z_m + found.height_m / 2),
        footprint=_geometry(found.footprint) if with_footprint else None,
    )


def _geometry(shape: shapely.Geometry) -> dict[str, Any]:
    rounded = shapely.set_precision(shape, 10.0**-FOOTPRINT_DECIMALS, mode="pointwise")
    geometry: dict[str, Any] = orjson.loads(shapely.to_geojson(rounded))
    return geometry


def part_of(items: Sequence[T], limit: int | None, cursor: str | None) -> tuple[Sequence[T], str | None]:
    """A part of a list that is held in memory, and the cursor of the next one; `limit` None is all of it.

    Raises BadRequestError for a cursor that no earlier part gave.
    """
    start = 0
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and int(cursor) <= len(items)):
            raise BadRequestError(f"cursor: '{cursor[:40]}' is none that this list gave")
        start = int(cursor)
    end = len(items) if limit is None else min(start + limit, len(items))
    return items[start:end], str(end) if end < len(items) else None
