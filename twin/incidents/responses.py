"""How fast alarms were answered: raised, acknowledged, first command, returned, closed, work done. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from telemetry_bridge.points import Label
from twin.events.event import Event
from twin.incidents.words import label_in

PERSON_OR_RULE = ("person:", "rule:", "linkage:")
ORDER_CLOSED = ("workorder.verified", "workorder.cancelled")


@dataclass(frozen=True, slots=True)
class Response:
    """One raising of an alarm and what followed; ms since 1970 UTC, None: it did not happen (yet).

    `command` is the first `command.sent` after the raising that the alarm led to, or that went to its device.
    """

    alarm: str
    rule: str
    priority: str
    device: str
    point: str
    element: str | None
    space: str | None
    name: Label
    raised_ms: int
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    command: Event | None = None
    returned_ms: int | None = None
    closed_ms: int | None = None
    order: int | None = None
    order_closed_ms: int | None = None


def responses(events: Sequence[Event], from_ms: int, to_ms: int) -> list[Response]:
    """Of each alarm that was raised from one time to before another; `events` go on after it, in order."""
    first: dict[str, Response] = {}
    for event in events:
        if event.type == "alarm.raised" and from_ms <= event.time_ms < to_ms:
            first.setdefault(str(event.data["alarm"]), _raised(event))
    known = {
        alarm: _answered(raised, [each for each in events if _is_after(each, raised)])
        for alarm, raised in first.items()
    }
    return sorted(known.values(), key=lambda each: (each.raised_ms, each.alarm))


def _raised(event: Event) -> Response:
    data = event.data
    return Response(
        alarm=str(data["alarm"]),
        rule=str(data.get("rule", "")),
        priority=str(data.get("priority", "")),
        device=str(data.get("device", "")),
        point=str(data.get("point", "")),
        element=data.get("element"),
        space=data.get("space"),
        name=label_in(data.get("name")),
        raised_ms=event.time_ms,
    )


def _is_after(event: Event, raised: Response) -> bool:
    return event.time_ms >= raised.raised_ms


def _answered(raised: Response, later: Sequence[Event]) -> Response:
    own = [event for event in later if event.data.get("alarm") == raised.alarm]
    chain = {event.id for event in own}
    taken = _first(own, "alarm.acknowledged")
    order = _first(own, "workorder.created")
    return replace(
        raised,
        acknowledged_ms=None if taken is None else taken.time_ms,
        acknowledged_by=None if taken is None else taken.actor,
        command=_first_command(raised, later, chain),
        returned_ms=_time_of(own, "alarm.returned"),
        closed_ms=_time_of(own, "alarm.closed"),
        order=None if order is None else int(order.data["number"]),
        order_closed_ms=None if order is None else _order_closed(order, later),
    )


def _first_command(raised: Response, later: Iterable[Event], chain: set[str]) -> Event | None:
    subject = f"device:{raised.device}"
    for event in later:
        if event.type == "command.sent" and (event.cause in chain or event.subject == subject):
            return event
    return None


def _order_closed(order: Event, later: Iterable[Event]) -> int | None:
    for event in later:
        if event.subject == order.subject and event.type in ORDER_CLOSED:
            return event.time_ms
    return None


def _first(events: Iterable[Event], kind: str) -> Event | None:
    return next((event for event in events if event.type == kind), None)


def _time_of(events: Iterable[Event], kind: str) -> int | None:
    found = _first(events, kind)
    return None if found is None else found.time_ms
