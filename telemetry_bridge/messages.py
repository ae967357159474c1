"""The JSON texts of a live connection, as types; TypeScript's are generated from these."""

from typing import Any, Literal, TypedDict


class Hello(TypedDict):
    """First message of a connection: which stream this is.

    `seq` is the newest frame's; `time` RFC 3339, the server's clock, of which `speed` seconds pass in a real
    one; `registry` changes when point indices change their meaning; `event_epoch` names the log of events;
    `recovered`: the events after the `event_seq` that the client asked for follow, none is missing.
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


class EventMessage(TypedDict):
    """Something that happened; `event_seq` counts up by one."""

    type: Literal["event"]
    event_seq: int
    event: dict[str, Any]
