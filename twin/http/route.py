"""`/api/route` and `/api/poi`: ways through the building, and the places that people look for."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from navigation.errors import NoRouteError, PlaceError
from navigation.model import Crossing, Label, Language, Leg, Object, Place, Route, Step
from navigation.navigator import Navigator
from spatial.package import ModelPackage
from twin.http import present
from twin.http.context import TwinDep
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Answer, Vector
from twin.venue import Name, PointOfInterest
from twin.wayfinding import closed_doors, navigator_of

router = APIRouter(prefix="/api", tags=["navigation"], responses=PROBLEM_RESPONSES)

Text = Annotated[str, Query(min_length=1, max_length=200)]


class RoutePlace(Answer):
    """Where a way begins or ends: `space` and `storey` are guids, null outside."""

    kind: Literal["space", "poi", "element", "position"]
    id: str
    name: Name
    position: Vector
    space: str | None
    storey: str | None


class RouteObject(Answer):
    """What an instruction names; `guid` is null for an open passage."""

    kind: str
    guid: str | None
    name: Name


class RouteLeg(Answer):
    """A part of a way: a walk on one storey, or a stair, ramp or lift to the next. `polyline` in m."""

    kind: Literal["walk", "stair", "ramp", "lift"]
    storey: str | None
    to_storey: str | None
    polyline: list[Vector]
    length_m: float
    duration_s: float
    object: RouteObject | None


class RouteStep(Answer):
    """One instruction at `position`; `distance_m` on to the next; `leg` counts from 0."""

    maneuver: Literal["depart", "turn", "door", "enter", "stair", "ramp", "lift", "arrive"]
    direction: Literal[
        "straight", "slight_left", "slight_right", "left", "right", "sharp_left", "sharp_right", "back"
    ]
    text: str
    position: Vector
    distance_m: float
    duration_s: float
    leg: int
    object: RouteObject | None
    space: Name | None


class RoutePortal(Answer):
    """A door or an open passage on the way; spaces are guids, null outside."""

    kind: str
    guid: str | None
    from_space: str | None
    to_space: str | None
    position: Vector


class RouteAnswer(Answer):
    """A way from place to place; `length_m` is what is walked, a lift's ride adds none."""

    start: RoutePlace
    goal: RoutePlace
    profile: str
    lang: Language
    length_m: float
    duration_s: float
    legs: list[RouteLeg]
    steps: list[RouteStep]
    portals: list[RoutePortal]


class PoiPlace(Answer):
    """A point of interest and where one stands at it; nulls where the model has no such place."""

    id: str
    kind: str
    name: Name
    space: str | None
    space_name: Name | None
    storey: str | None
    storey_name: Name | None
    position: Vector | None


class PoiPlaces(Answer):
    """Points of interest, in the venue's order."""

    items: list[PoiPlace]
    next: str | None


@router.get("/route", operation_id="getRoute")
def get_route(
    twin: TwinDep,
    start: Annotated[Text, Query(alias="from", description="A room's number, name or guid, a point of "
    "interest's id, an element's guid, or x,y,z in metres.")],
    goal: Annotated[Text, Query(alias="to", description="As `from`.")],
    profile: Literal["walk", "step_free"] = "walk",
    lang: Language = "zh-CN",
) -> RouteAnswer:  # fmt: skip
    """The way from place to place, past the doors that are locked now.

    404: no such place. 409: there is no way; `errors` names what stands in it.
    """
    try:
        route = navigator_of(twin).route(start, goal, profile, closed_doors(twin))
    except NoRouteError as error:
        raise error.told_in(lang) from error
    return shown_route(twin.package, route, lang)


@router.get("/poi", operation_id="listPoiPlaces")
def list_poi_places(twin: TwinDep, kind: str | None = None) -> PoiPlaces:
    """The points of interest, each with its room, its storey and where one stands."""
    navigator = navigator_of(twin)
    items = [
        _poi(twin.package, navigator, poi) for poi in twin.venue.pois if kind is None or poi.kind == kind
    ]
    return PoiPlaces(items=items, next=None)


def shown_route(package: ModelPackage, route: Route, lang: Language) -> RouteAnswer:
    """A route as the API and `twin route --json` answer it."""
    return RouteAnswer(
        start=_place(package, route.start),
        goal=_place(package, route.goal),
        profile=route.profile,
        lang=lang,
        length_m=round(route.length_m, 3),
        duration_s=round(route.duration_s, 1),
        legs=[_leg(package, leg) for leg in route.legs],
        steps=[_step(step, lang) for step in route.steps],
        portals=[_portal(package, crossing) for crossing in route.crossings],
    )


def _place(package: ModelPackage, place: Place) -> RoutePlace:
    return RoutePlace(
        kind=place.kind,
        id=place.id,
        name=_name(place.label),
        position=_vector(place.position),
        space=present.space_guid(package, place.space),
        storey=_storey_of(package, place.space),
    )


def _leg(package: ModelPackage, leg: Leg) -> RouteLeg:
    return RouteLeg(
        kind=leg.kind,
        storey=present.storey_guid(package, leg.storey),
        to_storey=present.storey_guid(package, leg.to_storey),
        polyline=[_vector(point) for point in leg.polyline.tolist()],
        length_m=round(leg.length_m, 3),
        duration_s=round(leg.duration_s, 1),
        object=_object(leg.object),
    )


def _step(step: Step, lang: Language) -> RouteStep:
    return RouteStep(
        maneuver=step.maneuver,
        direction=step.direction,
        text=step.text(lang),
        position=_vector(step.position),
        distance_m=round(step.distance_m, 3),
        duration_s=round(step.duration_s, 1),
        leg=step.leg,
        object=_object(step.object),
        space=None if step.space is None else _name(step.space),
    )


def _portal(package: ModelPackage, crossing: Crossing) -> RoutePortal:
    element = crossing.element_index
    return RoutePortal(
        kind=crossing.kind,
        guid=None if element is None else package.element_at(element).guid,
        from_space=present.space_guid(package, crossing.from_space),
        to_space=present.space_guid(package, crossing.to_space),
        position=_vector(crossing.position),
    )


def _poi(package: ModelPackage, navigator: Navigator, poi: PointOfInterest) -> PoiPlace:
    try:
        place = navigator.places.poi(navigator.places.pois[poi.id])
    except PlaceError:
        return PoiPlace(
            id=poi.id, kind=poi.kind, name=poi.name, space=None, space_name=None,
            storey=None, storey_name=None, position=None,
        )  # fmt: skip
    inside = place.space is not None
    storey = navigator.names.storey_of(place.space)
    return PoiPlace(
        id=poi.id,
        kind=poi.kind,
        name=poi.name,
        space=present.space_guid(package, place.space),
        space_name=_name(navigator.names.space(place.space)) if inside else None,
        storey=present.storey_guid(package, storey),
        storey_name=_name(navigator.names.storey(storey)) if inside else None,
        position=_vector(place.position),
    )


def _object(named: Object | None) -> RouteObject | None:
    if named is None:
        return None
    return RouteObject(kind=named.kind, guid=named.guid, name=_name(named.label))


def _name(label: Label) -> Name:
    return Name(zh=label.zh, en=label.en)


def _storey_of(package: ModelPackage, space: int | None) -> str | None:
    return None if space is None else present.storey_guid(package, package.space_by_index[space].storey_index)


def _vector(point: Sequence[float]) -> Vector:
    x, y, z = (round(value, 3) for value in point)
    return (x, y, z)
