"""The JSON texts of a live connection, as types; TypeScript's are generated from these."""

from typing import Any, Literal, NotRequired, TypedDict


class Hello(TypedDict):
    """First message of a connection: which stream this is.

    `seq` is the newest frame's; `time` RFC 3339, the server's clock, of which `speed` seconds pass in a real
    one; `registry` changes when point indices change their meaning; `event_epoch` names the log of events;
    `recovered`: the events after the `event_seq` that the client asked for follow, none is missing.
    `selection` names the points that frames hold, `points` counts them; `resumed`: a delta of what changed
    after the `seq` that the client asked for follows, instead of a snapshot.
    """

    type: Literal["hello"]
    epoch: str
    seq: int
    time: str
    registry: str
    simulated: bool
    speed: float
    event_epoch: str
    event_seq: int
    recovered: bool
    selection: str
    points: int
    resumed: bool


class EventMessage(TypedDict):
    """Something that happened; `event_seq` counts up by one."""

    type: Literal["event"]
    event_seq: int
    event: dict[str, Any]


class Filter(TypedDict):
    """Points that every field names; storeys and spaces by guid, points as `device/point`."""

    layers: NotRequired[list[str]]
    storeys: NotRequired[list[str]]
    spaces: NotRequired[list[str]]
    classes: NotRequired[list[str]]
    points: NotRequired[list[str]]


class Subscribe(TypedDict):
    """What a client wants from now on: points that any filter holds, so many frames a second at most."""

    type: Literal["subscribe"]
    id: NotRequired[int]
    select: NotRequired[list[Filter] | None]
    rate: NotRequired[float | None]


class Subscribed(TypedDict):
    """The answer to `subscribe`: the points that frames hold from now on; `id` is the question's."""

    type: Literal["subscribed"]
    id: int | None
    selection: str
    points: int


class Refused(TypedDict):
    """The answer to a `subscribe` that cannot be met; all stays as it was."""

    type: Literal["error"]
    id: int | None
    message: str
