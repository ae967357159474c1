"""What rules and alarms are: frozen data, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType

from telemetry_bridge.points import Label
from telemetry_bridge.wire import Quality

NAMELESS = Label()


class Priority(IntEnum):
    """How soon somebody must act; a smaller number is more urgent, so that lists sort by it."""

    CRITICAL = 0
    HIGH = 1
    MEDIUM = 2
    LOW = 3

    @property
    def key(self) -> str:
        """`critical`, `high`, `medium` or `low`."""
        return self.name.lower()


class AlarmState(StrEnum):
    """ISA-18.2's states; `normal` is an alarm of the past."""

    NORMAL = "normal"
    UNACKNOWLEDGED_ACTIVE = "unacknowledged-active"
    ACKNOWLEDGED_ACTIVE = "acknowledged-active"
    UNACKNOWLEDGED_RETURNED = "unacknowledged-returned"
    SHELVED = "shelved"


UNACKNOWLEDGED = frozenset({AlarmState.UNACKNOWLEDGED_ACTIVE, AlarmState.UNACKNOWLEDGED_RETURNED})


class Action(StrEnum):
    """What happens to an alarm; the value is the second half of the event's type."""

    RAISE = "raised"
    RETURN = "returned"
    ACKNOWLEDGE = "acknowledged"
    SHELVE = "shelved"
    UNSHELVE = "unshelved"
    CLOSE = "closed"

    @property
    def event_type(self) -> str:
        """`alarm.raised`, ..."""
        return f"alarm.{self.value}"


class Check(StrEnum):
    """What a condition looks at."""

    ABOVE = "above"
    BELOW = "below"
    STATE = "state"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule holds.

    `limit` and `hysteresis` are in the point's unit and count for `above` and `below`; `states` are keys of
    the point's enumeration; `qualities` those that count for `quality`. The condition must hold for
    `delay_s` before the alarm is raised, and not hold for `off_delay_s` before it returns.
    """

    check: Check
    limit: float = 0.0
    hysteresis: float = 0.0
    states: tuple[str, ...] = ()
    qualities: tuple[Quality, ...] = ()
    delay_s: float = 0.0
    off_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """Which points a rule watches: patterns with `*` and `?`; what is empty does not filter."""

    point_class: tuple[str, ...] = ()
    device_type: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    point: tuple[str, ...] = ()
    space_function: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of `rules.yaml`.

    `message` may hold {device}, {space}, {value} and {limit}. `cause_data` names other points of the same
    device whose values are written down with the alarm.
    """

    id: str
    name: Label
    priority: Priority
    match: Match
    condition: Condition
    message: Label
    cause_data: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """Who raises the alarms, as events name it."""
        return f"rule:{self.id}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is: guids, None where unknown, and the space's names and function."""

    element: str | None = None
    space: str | None = None
    storey: str | None = None
    space_name: Label = NAMELESS
    space_function: str = ""


Source = tuple[str, str, str]
"""What an alarm comes from: rule, device, point. At most one alarm of a source is open."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, from its first raising until it is closed; times are ms since 1970 UTC.

    `active` says whether the condition holds, which the state does not tell while the alarm is shelved.
    `occurrences` counts how often it was raised before it was closed; `value` is the newest at a raising.
    """

    id: str
    rule: str
    priority: Priority
    device: str
    point: str
    element: str | None
    space: str | None
    storey: str | None
    name: Label
    message: Label
    value: float | None
    limit: float | None
    unit: str
    state: AlarmState
    active: bool
    occurrences: int
    raised_ms: int
    changed_ms: int
    returned_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    closed_ms: int | None = None
    closed_by: str | None = None
    shelved_until_ms: int | None = None
    shelved_by: str | None = None
    shelve_reason: str = ""
    last_event: str = ""
    """Id of the newest event: the cause of the next one."""
    cause_data: Mapping[str, float | None] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def source(self) -> Source:
        """What it comes from."""
        return (self.rule, self.device, self.point)

    @property
    def is_open(self) -> bool:
        """Whether anything remains to be done or seen."""
        return self.closed_ms is None
