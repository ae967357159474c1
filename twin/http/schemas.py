"""What the API answers: the shapes from which OpenAPI, and from it the viewer's client, are made.

Metres, Z up, the package's local frame. Places are named by guid; `element_index` goes with one revision.
"""

from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from twin.store.away import Fault
from twin.venue import CameraPose, Layer, Location, Name, PointOfInterest

Vector = tuple[float, float, float]
QualityName = Literal["good", "stale", "bad", "simulated"]
CLASS = Field(serialization_alias="class")
FROM = Field(serialization_alias="from")


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Box(Answer):
    """Corners, m."""

    min: Vector
    max: Vector


class Element(Answer):
    """An element of the model; `storey` and `space` are guids, `box` is null where nothing is drawn."""

    guid: str
    element_index: int
    class_: str = CLASS
    predefined_type: str | None
    name: str
    name_en: str
    long_name: str
    object_type: str
    tag: str
    storey: str | None
    space: str | None
    box: Box | None


class ElementPage(Answer):
    """A part of a list of elements."""

    items: list[Element]
    next: str | None


class ElementRef(Answer):
    """Enough of an element to show a link to it."""

    guid: str
    element_index: int
    class_: str = CLASS
    name: str
    name_en: str
    long_name: str


class TypeInfo(Answer):
    """The type that an element is an occurrence of."""

    guid: str
    class_: str = CLASS
    predefined_type: str | None
    name: str


class PropertyValue(Answer):
    """A property or quantity; `from_type` where the element has it from its type."""

    value: Any
    unit: str
    from_type: bool


class MaterialInfo(Answer):
    """A material, or a layer of it, outside first."""

    name: str
    thickness_m: float | None


class ClassificationInfo(Answer):
    """A reference into a classification system."""

    source: str
    code: str
    name: str


class SystemInfo(Answer):
    """A system, zone or group that an element belongs to."""

    guid: str
    class_: str = CLASS
    predefined_type: str | None
    name: str


class ConnectedElement(ElementRef):
    """An element that another one is connected with.

    `kind` is `flow`, `link` (joined by ports that tell no direction) or `control`; `medium` is such as
    HEATING, PIPE or CABLE, empty where the model does not tell.
    """

    kind: str
    medium: str


class State(Answer):
    """One value of an enumeration; the point's value is its position in the list."""

    key: str
    zh: str
    en: str


class Point(Answer):
    """One quantity of a device; `element` is the guid of the element that the device is bound to."""

    device: str
    point: str
    point_index: int
    name: Name
    class_: str = CLASS
    unit: str
    range: tuple[float | None, float | None] | None
    states: list[State]
    writable: bool
    period_s: float
    element: str | None
    element_index: int | None


class PointPage(Answer):
    """A part of the list of points."""

    items: list[Point]
    next: str | None


class ReadingFields(TypedDict):
    """The fields that say what a point reads now."""

    value: float | None
    state: str | None
    time: str | None
    quality: QualityName | None


class PointReading(Point):
    """A point with what it reads now; `value` and `time` are null while it has never reported."""

    value: float | None
    state: str | None
    time: str | None
    quality: QualityName | None


class Device(Answer):
    """A device; `element` is the guid of the element that it is bound to."""

    device: str
    type: str
    name: Name
    type_name: Name
    brick: str
    tag: str
    element: str | None
    element_index: int | None
    storey: str | None
    space: str | None
    attributes: dict[str, str]
    points: list[str]


class DevicePage(Answer):
    """A part of the list of devices."""

    items: list[Device]
    next: str | None


class ElementDetail(Element):
    """All that is known of an element, with its devices and what their points read now.

    `placement` is local_from_element, 16 numbers row-major. `properties` go by set, then by name. `parents`
    begin with the nearest whole, host or container. `children` are the first ones, `child_count` all.
    `feeds` and `fed_by` are the next elements along a flow, `connected` those joined in any other way.
    """

    description: str
    type: TypeInfo | None
    placement: list[float] | None
    properties: dict[str, dict[str, PropertyValue]]
    materials: list[MaterialInfo]
    classifications: list[ClassificationInfo]
    systems: list[SystemInfo]
    feeds: list[ConnectedElement]
    fed_by: list[ConnectedElement]
    connected: list[ConnectedElement]
    parents: list[ElementRef]
    children: list[ElementRef]
    child_count: int
    devices: list[Device]
    points: list[PointReading]


class Storey(Answer):
    """A storey; `position` 0 is the lowest."""

    guid: str
    element_index: int
    name: str
    name_en: str
    long_name: str
    position: int
    elevation_m: float
    height_m: float
    element_count: int
    space_count: int


class StoreyPage(Answer):
    """The storeys, lowest first."""

    items: list[Storey]
    next: str | None


class Space(Answer):
    """A space; `footprint` is a GeoJSON geometry in local x and y, m, given when asked for.

    `derived`: the model has no IfcSpace there, the walls told it.
    """

    guid: str
    element_index: int
    name: str
    name_en: str
    long_name: str
    function: str
    storey: str | None
    derived: bool
    floor_z_m: float
    height_m: float
    area_m2: float
    centre: Vector
    footprint: dict[str, Any] | None


class SpacePage(Answer):
    """A part of the list of spaces."""

    items: list[Space]
    next: str | None


class Located(Answer):
    """What is at a point; elements are those whose box holds it, small ones first."""

    space: Space | None
    storey: ElementRef | None
    items: list[Element]
    next: str | None


class NearElement(Element):
    """An element and the distance from the point to its box, 0 inside, m."""

    distance_m: float


class NearPage(Answer):
    """The nearest elements, nearest first."""

    items: list[NearElement]
    next: str | None


class Columns(Answer):
    """The elements as columns; row = element_index. `class` counts in `classes`; -1 is none."""

    classes: list[str]
    class_: list[int] = CLASS
    storey: list[int]
    space: list[int]


class SourceInfo(BaseModel):
    """The file that the model came from."""

    model_config = ConfigDict(extra="allow")

    file: str = ""
    sha256: str = ""
    bytes: int = 0
    schema_: str = Field(default="", validation_alias="schema", serialization_alias="schema")
    application: str | None = None


class VenueSummary(Answer):
    """Whose building it is."""

    id: str
    name: Name
    timezone: str
    location: Location | None
    opening_hours: dict[str, list[tuple[str, str]]]
    operator: Name | None


class Model(Answer):
    """The model that is served, and in which time it lives."""

    name: str
    revision: str
    tileset_url: str
    columns_url: str
    bounds: Box | None
    terrain: Box | None
    """Box of the ground that the model brings with it, such as lawns and roads; null where it brings none."""
    boxes_url: str
    storeys: list[Storey]
    element_count: int
    counts: dict[str, int]
    source: SourceInfo
    local_from_source: list[float] | None
    georeference: dict[str, Any] | None
    warning_count: int
    venue: VenueSummary
    simulated: bool
    speed: float
    time: str
    epoch: str
    registry: str


class Difference(Answer):
    """One element that a revision added, removed or changed; `what` says in which respects."""

    guid: str
    name: str
    class_: str = Field(validation_alias="class", serialization_alias="class")
    kind: Literal["added", "removed", "changed"]
    what: list[Literal["shape", "placement", "properties", "type"]]
    element_index: int | None
    """Its row now; null where it was removed."""
    storey: str | None
    """The guid of its storey."""
    box: list[float] | None
    """min xyz, max xyz, m: where it is drawn, or was in the revision before; null where it has no shape."""


class Differences(Answer):
    """What the revision that is served changed; `previous` is null where it replaced none."""

    revision: str
    previous: str | None = None
    previous_file: str | None = None
    counts: dict[str, int] | None = None
    """Elements by kind; null where the older revision could not be read."""
    differences: list[Difference] = []


class AdapterHealth(Answer):
    """How one way of talking with devices is."""

    name: str
    connected: bool
    detail: str
    received: int
    refused: int
    reconnects: int


class FilmHealth(Answer):
    """That the film cannot be written now: since when, what is wrong with the database, how many samples wait
    in memory, for how many there is room and for how many seconds that will do (null: nobody knows, or it is
    full), and how many had to be given up.
    """

    since: str
    fault: Fault
    reason: str
    waiting: int
    room: int
    lasts_s: float | None
    lost: int


class Health(Answer):
    """How the server is; `degraded`: something is not as it should be, and `notes` say what."""

    status: Literal["ok", "degraded"]
    version: str
    revision: str
    restart_needed: bool
    uptime_s: float
    time: str
    seq: int
    clients: int
    adapters: list[AdapterHealth]
    notes: list[str]
    film: FilmHealth | None = None


class LayerList(Answer):
    """The ways to colour the scene."""

    items: list[Layer]
    next: str | None


class PlacedPoi(PointOfInterest):
    """A point of interest with where it is: the guid of its space and storey, and a position, m."""

    space_guid: str | None = None
    storey: str | None = None


class PoiList(Answer):
    """The points of interest."""

    items: list[PlacedPoi]
    next: str | None


class Camera(CameraPose):
    """A camera's pose with its device and element."""

    device: str
    element: str | None = None


class CameraList(Answer):
    """The cameras' poses."""

    items: list[Camera]
    next: str | None


class StateItem(Answer):
    """What one point reads; `value` and `time` are null while it has never reported."""

    device: str
    point: str
    point_index: int
    value: float | None
    state: str | None
    time: str | None
    quality: QualityName | None


class Gap(Answer):
    """A time of which nothing was recorded; `to` null: until now."""

    from_time: str = FROM
    to: str | None


class GonePoint(Answer):
    """What a point read that is no more, or whose values mean something else today."""

    device: str
    point: str
    unit: str
    value: float | None
    state: str | None
    time: str | None
    quality: QualityName | None


class StateList(Answer):
    """The state of all points at one moment.

    Of a past one, `time` of an item is when the server saw it change; in a `gap` the items are the last ones
    before it, all stale. `revision` is that of the model that was in force, `rebound` how many devices are
    bound otherwise today (null: that was not noted then); `/api/bindings?at=` names them.
    """

    epoch: str
    seq: int
    time: str
    items: list[StateItem]
    gap: Gap | None = None
    gone: list[GonePoint] = []
    revision: str | None = None
    rebound: int | None = None
    next: str | None


class FilmInfo(Answer):
    """What was recorded; `recording` false: it cannot be written now, `/api/health` says why."""

    first: str | None
    last: str | None
    gaps: list[Gap]
    registry: str
    keep_days: float | None
    recording: bool


class PastSample(Answer):
    """One recorded sample; `state` is the enumeration's key."""

    time: str
    value: float | None
    state: str | None
    quality: QualityName


class History(Answer):
    """What one point read; `before` is what it read when the span began."""

    device: str
    point: str
    unit: str
    states: list[str]
    from_time: str = FROM
    to: str
    before: PastSample | None
    items: list[PastSample]
    gaps: list[Gap]
    next: str | None


class Event(Answer):
    """Something that happened; `cause` is the event that led to it, `hash` covers it and that before it."""

    seq: int
    id: str
    time: str
    type: str
    subject: str
    actor: str
    cause: str | None
    severity: Literal["critical", "high", "medium", "low"] | None
    data: dict[str, Any]
    hash: str


class EventPage(Answer):
    """A part of the log of events."""

    items: list[Event]
    next: str | None


class EventSample(Answer):
    """A sample that an event came from: `point` is its key `device/point`, `time` its own."""

    point: str
    time: str
    value: float


class EventOrigin(Answer):
    """What the first event of a chain came from; `unknown` where the way back is cut or broken."""

    kind: Literal["sample", "person", "device", "system", "unknown"]
    event: str
    actor: str
    sample: EventSample | None


class EventChain(Answer):
    """An event, what led to it, the first cause first, and what it led to, by time.

    `missing`: a cause that the log does not have; `causes_cut`, `effects_cut`: there are more than are told.
    """

    event: Event
    causes: list[Event]
    effects: list[Event]
    origin: EventOrigin
    missing: str | None
    causes_cut: bool
    effects_cut: bool


class DensityItem(Answer):
    """How many events of a type, raised alarms of a severity, fall into the span that begins at `time`."""

    bucket: int
    time: str
    type: str
    severity: Literal["critical", "high", "medium", "low"] | None
    count: int


class EventDensity(Answer):
    """How much happened when; spans in which nothing happened are left out."""

    from_time: str = FROM
    to: str
    bucket_s: float
    items: list[DensityItem]
    next: str | None


class RefusedSample(Answer):
    """A sample that was not taken, its place in the batch, and why."""

    index: int
    device: str
    point: str
    code: str
    reason: str


class TelemetryAnswer(Answer):
    """What became of a batch; the first thousand refusals are listed, `refused_count` is all of them."""

    accepted: int
    refused_count: int
    refused: list[RefusedSample]


class BindingItem(BaseModel):
    """To which element a device is bound; `element` null: to none."""

    model_config = ConfigDict(frozen=True)

    device: str
    element: str | None = Field(max_length=64)


class BoundItem(Answer):
    """To which element a device is bound, by guid; `element_index` null: the model has none such."""

    device: str
    element: str | None
    element_index: int | None


class ReboundDevices(Answer):
    """Devices that are bound otherwise today than they were: to another element, one or none; that are new
    since; that are no more.
    """

    moved: list[str]
    added: list[str]
    gone: list[str]


class BindingReport(Answer):
    """All bindings, and what deserves a look: devices without an element, devices whose element is not in
    the model (by device), elements that several devices share (by guid).

    `revision` is that of the model that was in force, `hash` names the bindings: the same for the same ones;
    both were in force since `since` (null: this server does not record). `rebound` is what differs today.
    """

    items: list[BoundItem]
    next: str | None
    unbound: list[str]
    lost: dict[str, str]
    shared: dict[str, list[str]]
    revision: str
    hash: str
    since: str | None
    rebound: ReboundDevices


class BindingChange(BaseModel):
    """Bindings to change; devices not named keep theirs."""

    items: list[BindingItem] = Field(max_length=100_000)
