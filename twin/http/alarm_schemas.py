"""What `/api/alarms` and `/api/rules` take and answer. Times are RFC 3339; places are named by guid."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from twin.http.schemas import Answer, Event
from twin.venue import Name

PriorityName = Literal["critical", "high", "medium", "low"]
StateName = Literal[
    "unacknowledged-active", "acknowledged-active", "unacknowledged-returned", "shelved", "normal"
]


class Alarm(Answer):
    """An alarm in one of ISA-18.2's states; `normal` is over and closed.

    `active`: the condition holds, which the state does not tell while shelved. `occurrences`: how often it
    was raised before it was closed. `cause_data`: what other points of the device read when it was raised.
    """

    id: str
    rule: str
    name: Name
    message: Name
    priority: PriorityName
    state: StateName
    active: bool
    device: str
    point: str
    element: str | None
    element_index: int | None
    space: str | None
    storey: str | None
    value: float | None
    limit: float | None
    unit: str
    occurrences: int
    raised: str
    changed: str
    returned: str | None
    acknowledged: str | None
    acknowledged_by: str | None
    closed: str | None
    closed_by: str | None
    shelved_until: str | None
    shelved_by: str | None
    shelve_reason: str
    cause_data: dict[str, float | None]


class AlarmPage(Answer):
    """A part of the list."""

    items: list[Alarm]
    next: str | None


class AlarmCamera(Answer):
    """A camera that sees an element, such as an alarm's.

    `angle_deg` is off the middle of its picture; `share` how much of the element is in sight, 0 to 1.
    """

    device: str
    name: Name
    element: str | None
    distance_m: float
    angle_deg: float
    share: float


class SightingList(Answer):
    """The cameras that see an element, the best ones first."""

    items: list[AlarmCamera]
    next: None


class AlarmDetail(Alarm):
    """An alarm with what happened, where to read the hour of its point, and who looks at it."""

    events: list[Event]
    history: str
    cameras: list[AlarmCamera]


class AlarmCount(Answer):
    """Open alarms; shelved ones are in `total` and `shelved` alone."""

    total: int
    unacknowledged: int
    active: int
    shelved: int


class AlarmCounts(Answer):
    """Open alarms by priority; `waiting` is how many changes are not on record yet (a flood)."""

    critical: AlarmCount
    high: AlarmCount
    medium: AlarmCount
    low: AlarmCount
    waiting: int


class RuleMatch(Answer):
    """Which points a rule watches: patterns; an empty list does not filter."""

    point_class: list[str]
    device_type: list[str]
    device: list[str]
    point: list[str]
    space_function: list[str]


class RuleCondition(Answer):
    """When a rule holds; limit and hysteresis are in the point's unit."""

    check: Literal["above", "below", "state", "quality"]
    limit: float | None
    hysteresis: float | None
    states: list[str]
    qualities: list[str]
    delay_s: float
    off_delay_s: float


class Rule(Answer):
    """A rule, and how many points it watches."""

    id: str
    name: Name
    message: Name
    priority: PriorityName
    match: RuleMatch
    condition: RuleCondition
    cause_data: list[str]
    points: int


class RuleList(Answer):
    """All rules, in the order of the venue's file."""

    items: list[Rule]
    next: str | None


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class AlarmComment(_Asked):
    """What somebody has to say about what they do; goes into the event."""

    comment: str = Field(default="", max_length=1000)


class Acknowledging(AlarmComment):
    """Several alarms that one person takes with one comment."""

    alarms: list[Annotated[str, Field(max_length=26)]] = Field(min_length=1, max_length=1000)


class AlarmRefusal(Answer):
    """An alarm that stayed as it was: the HTTP status that it alone would have met, and why."""

    alarm: str
    status: int
    detail: str


class Acknowledged(Answer):
    """The alarms as they are now, and those that stayed as they were."""

    items: list[Alarm]
    refused: list[AlarmRefusal]


class Shelving(AlarmComment):
    """Why an alarm shall be out of sight and until when: `until`, else `minutes` from now."""

    reason: str = Field(min_length=1, max_length=500)
    until: AwareDatetime | None = None
    minutes: float = Field(default=60.0, gt=0, le=43_200)
