"""What the booking API takes and answers."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from telemetry_bridge.said import Reason
from twin.http.schemas import Answer
from twin.venue import Name

SlotState = Literal["free", "taken", "mine", "over", "too_early"]
StateName = Literal["booked", "checked_in", "cancelled", "expired"]
HallStateName = Literal["free", "soon", "partly", "taken"]


class BookableOut(Answer):
    """A hall, a court or a room; `space_guid` and `element_index` are where it is in the model."""

    id: str
    kind: str
    kind_name: Name
    name: Name
    space: str
    space_name: Name
    space_guid: str
    space_index: int
    element_index: int
    """Of what stands for it, else of its space."""
    storey: str | None
    parts: list[str]
    slot_min: int
    capacity: int
    price: float
    min_role: str
    days_ahead: int
    per_day: int
    cancel_until_min: int
    lights: int
    """How many luminaires a booking switches."""


class BookableList(Answer):
    """All that can be booked, in the venue's order."""

    items: list[BookableOut]
    timezone: str
    today: str
    """The venue's date now."""
    next: str | None


class SlotOut(Answer):
    """A time that can be booked."""

    start: str
    end: str
    state: SlotState
    booking: str | None
    """The booking of whoever asks, or, for staff, whoever's it is."""


class SlotList(Answer):
    """The slots of a day."""

    bookable: str
    date: str
    items: list[SlotOut]
    next: str | None


class KindSlots(Answer):
    """The slots of a day of everything of one kind."""

    kind: str
    date: str
    items: list[SlotList]
    next: str | None


class BookingIn(BaseModel):
    """A wish for a slot."""

    model_config = ConfigDict(extra="forbid")

    bookable: str = Field(max_length=64)
    start: AwareDatetime = Field(description="Start of one of the slots that /api/booking/slots lists.")
    people: int = Field(default=1, ge=1, le=10_000)


class CheckIn(BaseModel):
    """A code at the gate."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=80)


class LightOut(Answer):
    """How the lights of a booking's place are: what was ordered last, and how many obey."""

    lamps: int
    ordered: Literal["on", "off"] | None
    confirmed: int
    waiting: int
    failed: int
    fault: str
    fault_reason: Reason | None
    fault_named: dict[str, str | int | float]


class BookingOut(Answer):
    """A booking; `person` is null to all but its owner and staff, `code` to all but its owner."""

    id: str
    bookable: str
    space: str
    start: str
    end: str
    people: int
    state: StateName
    mine: bool
    person: str | None
    person_name: str | None
    created: str
    released: str | None
    """When it gave its place back: cancelled, or nobody came."""
    code: str | None
    light: LightOut | None


class BookingList(Answer):
    """Bookings, by their start."""

    items: list[BookingOut]
    next: str | None


class HallOut(Answer):
    """A space with something to book in it, at a moment."""

    space: str
    space_guid: str
    space_index: int
    state: HallStateName
    parts: int
    taken: int
    next: str | None


class HallList(Answer):
    """How all halls stand at a moment."""

    time: str
    items: list[HallOut]
    next: str | None
