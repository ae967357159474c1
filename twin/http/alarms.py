"""`/api/alarms`: what wants attention, what happened to it, who looks at it; and `/api/rules` behind them."""

import asyncio
import functools
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from spatial.errors import UnknownPlaceError
from spatial.model import Element
from telemetry_bridge.points import Label
from twin.alarms import model
from twin.alarms.alarms import Count, Refusal
from twin.alarms.projection import AlarmFilter, Position
from twin.errors import BadRequestError
from twin.events.event import event_json
from twin.http import alarm_schemas as shapes
from twin.http import present
from twin.http.context import ActorDep, TwinDep
from twin.http.moments import milliseconds
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Event
from twin.http.sightings import cameras_seeing
from twin.runtime import Twin
from twin.venue import Name

MS_PER_S = 1000.0
HOUR_MS = 3_600_000
AFTERWARDS_MS = 600_000
"""Of a closed alarm the hour is shown that ends so long after its raising."""

router = APIRouter(prefix="/api", tags=["alarms"], responses=PROBLEM_RESPONSES)

Wanted = Annotated[
    Literal["open", "all"] | shapes.StateName, Query(description="Open ones, all, or those in one state.")
]
Guid = Annotated[str | None, Query(max_length=64)]
Short = Annotated[str | None, Query(max_length=128)]
From = Annotated[AwareDatetime | None, Query(alias="from", description="Open at some time from here on.")]
At = Annotated[
    AwareDatetime | None,
    Query(description="A moment: the alarms that were open then, as they were then; with `state=open`."),
]
To = Annotated[AwareDatetime | None, Query(alias="to", description="Raised before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]


@router.get("/alarms", operation_id="listAlarms")
async def list_alarms(
    twin: TwinDep,
    state: Wanted = "open",
    priority: Annotated[shapes.PriorityName | None, Query()] = None,
    storey: Guid = None,
    space: Guid = None,
    device: Short = None,
    since: From = None,
    until: To = None,
    at: At = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> shapes.AlarmPage:
    """Open alarms by priority, then newest first; of `all`, and of `normal`, simply newest first."""
    wanted = AlarmFilter(
        open_only=state not in ("all", "normal"),
        state=None if state in ("open", "all") else model.AlarmState(state),
        priority=None if priority is None else model.Priority[priority.upper()],
        storey=twin.package.storey(storey).guid if storey else None,
        space=twin.package.space(space).guid if space else None,
        device=device,
        from_ms=milliseconds(since),
        to_ms=milliseconds(until),
    )
    if at is not None and state != "open":
        raise BadRequestError("at goes with state=open: what was open then is what is told")
    moment_ms = milliseconds(at)
    if moment_ms is None:
        found = await twin.alarms.find(wanted, limit + 1, _position(cursor))
    else:
        found = await twin.alarms.open_at(moment_ms, wanted, limit + 1, _position(cursor))
    more = len(found) > limit
    shown = functools.partial(_fields, twin, past=moment_ms is not None)
    items = [shapes.Alarm(**shown(alarm)) for alarm in found[:limit]]
    return shapes.AlarmPage(items=items, next=_cursor(found[limit - 1]) if more else None)


@router.get("/alarms/counts", operation_id="countAlarms")
async def count_alarms(twin: TwinDep) -> shapes.AlarmCounts:
    """How many alarms are open, by priority; cheap enough to be asked after every event."""
    counts = {priority.key: _count(count) for priority, count in twin.alarms.counts().items()}
    return shapes.AlarmCounts(**counts, waiting=twin.alarms.waiting)


@router.get("/alarms/{alarm}", operation_id="getAlarm")
async def get_alarm(twin: TwinDep, alarm: str) -> shapes.AlarmDetail:
    """An alarm with its events, the address of its point's hour, and the cameras that see its element."""
    found = await twin.alarms.get(alarm)
    events = await twin.alarms.events_of(found)
    cameras = await asyncio.to_thread(_cameras, twin, found)
    return shapes.AlarmDetail(
        **_fields(twin, found),
        events=[Event(**event_json(event)) for event in events],
        history=_history(found, twin.clock.now_ms()),
        cameras=cameras,
    )


@router.post("/alarms/acknowledge", operation_id="acknowledgeAlarms")
async def acknowledge_alarms(
    twin: TwinDep, actor: ActorDep, said: shapes.Acknowledging
) -> shapes.Acknowledged:
    """Take several alarms with one comment, an event each; those that cannot be taken are told apart."""
    items: list[shapes.Alarm] = []
    refused: list[shapes.AlarmRefusal] = []
    async for taken, left in twin.alarms.acknowledge_each(said.alarms, actor, said.comment):
        items += [_alarm(twin, alarm) for alarm in taken]
        refused += [_refusal(each) for each in left]
    return shapes.Acknowledged(items=items, refused=refused)


@router.post("/alarms/{alarm}/acknowledge", operation_id="acknowledgeAlarm")
async def acknowledge_alarm(
    twin: TwinDep, actor: ActorDep, alarm: str, said: shapes.AlarmComment | None = None
) -> shapes.Alarm:
    """Take an alarm: somebody sees to it. One whose condition is over is closed by it."""
    comment = said.comment if said else ""
    return _alarm(twin, await twin.alarms.acknowledge(alarm, actor, comment))


@router.post("/alarms/{alarm}/close", operation_id="closeAlarm")
async def close_alarm(
    twin: TwinDep, actor: ActorDep, alarm: str, said: shapes.AlarmComment | None = None
) -> shapes.Alarm:
    """Close an alarm whose condition is over; while it holds, it cannot be closed."""
    comment = said.comment if said else ""
    return _alarm(twin, await twin.alarms.close(alarm, actor, comment))


@router.post("/alarms/{alarm}/shelve", operation_id="shelveAlarm")
async def shelve_alarm(twin: TwinDep, actor: ActorDep, alarm: str, said: shapes.Shelving) -> shapes.Alarm:
    """Put an alarm out of sight for a while, with a reason; it comes back by itself."""
    until_ms = twin.clock.now_ms() + said.minutes * 60 * MS_PER_S
    if said.until is not None:
        until_ms = said.until.timestamp() * MS_PER_S
    return _alarm(twin, await twin.alarms.shelve(alarm, actor, said.reason, until_ms, said.comment))


@router.post("/alarms/{alarm}/unshelve", operation_id="unshelveAlarm")
async def unshelve_alarm(
    twin: TwinDep, actor: ActorDep, alarm: str, said: shapes.AlarmComment | None = None
) -> shapes.Alarm:
    """Bring a shelved alarm back: unacknowledged while its condition holds, else closed."""
    comment = said.comment if said else ""
    return _alarm(twin, await twin.alarms.unshelve(alarm, actor, comment))


@router.get("/rules", operation_id="listRules")
async def list_rules(twin: TwinDep) -> shapes.RuleList:
    """The rules that raise alarms."""
    points = twin.rulebook.table.points_of_rule
    items = [_rule(rule, points.get(rule.id, 0)) for rule in twin.rulebook.rules]
    return shapes.RuleList(items=items, next=None)


def _alarm(twin: Twin, found: model.Alarm) -> shapes.Alarm:
    return shapes.Alarm(**_fields(twin, found))


def _element(twin: Twin, guid: str | None) -> Element | None:
    try:
        return None if guid is None else twin.package.element(guid)
    except UnknownPlaceError:
        return None


def _refusal(refusal: Refusal) -> shapes.AlarmRefusal:
    status = int(refusal.error.status)
    return shapes.AlarmRefusal(alarm=refusal.alarm, status=status, detail=str(refusal.error))


def _fields(twin: Twin, found: model.Alarm, *, past: bool = False) -> dict[str, Any]:
    """An alarm as it is told; of a past moment it is where its device stood then, of now where it stands."""
    element = _element(twin, found.element) if past else twin.bound.element_of.get(found.device)
    same = element is not None and element.guid == found.element
    return {
        "id": found.id,
        "rule": found.rule,
        "name": _name(found.name),
        "message": _name(found.message),
        "priority": found.priority.key,
        "state": found.state.value,
        "active": found.active,
        "device": found.device,
        "point": found.point,
        "element": found.element,
        "element_index": element.element_index if element is not None and same else None,
        "space": found.space,
        "storey": found.storey,
        "value": found.value,
        "limit": found.limit,
        "unit": found.unit,
        "occurrences": found.occurrences,
        "raised": present.rfc3339(found.raised_ms),
        "changed": present.rfc3339(found.changed_ms),
        "returned": _time(found.returned_ms),
        "acknowledged": _time(found.acknowledged_ms),
        "acknowledged_by": found.acknowledged_by,
        "closed": _time(found.closed_ms),
        "closed_by": found.closed_by,
        "shelved_until": _time(found.shelved_until_ms),
        "shelved_by": found.shelved_by,
        "shelve_reason": found.shelve_reason,
        "cause_data": dict(found.cause_data),
    }


def _cameras(twin: Twin, found: model.Alarm) -> list[shapes.AlarmCamera]:
    if found.element is None or not twin.has_element(found.element):
        return []
    return cameras_seeing(twin, found.element)


def _history(found: model.Alarm, now_ms: float) -> str:
    """Where the hour of the alarm's point is: the last one, or that of a closed alarm's raising."""
    end_ms = now_ms if found.is_open else min(found.raised_ms + AFTERWARDS_MS, now_ms)
    span = {"from": present.rfc3339(end_ms - HOUR_MS), "to": present.rfc3339(end_ms)}
    return f"/api/history/{quote(found.device, safe='')}/{quote(found.point, safe='')}?{urlencode(span)}"


def _rule(rule: model.Rule, points: int) -> shapes.Rule:
    match, when = rule.match, rule.condition
    has_limit = when.check in (model.Check.ABOVE, model.Check.BELOW)
    return shapes.Rule(
        id=rule.id,
        name=_name(rule.name),
        message=_name(rule.message),
        priority=_priority(rule.priority),
        match=shapes.RuleMatch(
            point_class=list(match.point_class),
            device_type=list(match.device_type),
            device=list(match.device),
            point=list(match.point),
            space_function=list(match.space_function),
        ),
        condition=shapes.RuleCondition(
            check=when.check.value,
            limit=when.limit if has_limit else None,
            hysteresis=when.hysteresis if has_limit else None,
            states=list(when.states),
            qualities=[quality.name.lower() for quality in when.qualities],
            delay_s=when.delay_s,
            off_delay_s=when.off_delay_s,
        ),
        cause_data=list(rule.cause_data),
        points=points,
    )


def _count(count: Count) -> shapes.AlarmCount:
    return shapes.AlarmCount(
        total=count.total,
        unacknowledged=count.unacknowledged,
        active=count.active,
        shelved=count.shelved,
    )


PRIORITY_NAMES: dict[model.Priority, shapes.PriorityName] = {
    model.Priority.CRITICAL: "critical",
    model.Priority.HIGH: "high",
    model.Priority.MEDIUM: "medium",
    model.Priority.LOW: "low",
}


def _priority(priority: model.Priority) -> shapes.PriorityName:
    return PRIORITY_NAMES[priority]


def _name(label: Label) -> Name:
    return Name(zh=label.zh, en=label.en)


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else present.rfc3339(time_ms)


def _cursor(last: model.Alarm) -> str:
    return f"{int(last.priority)}-{last.id}"


def _position(cursor: str) -> Position | None:
    """Where the page before ended. Raises BadRequestError."""
    if not cursor:
        return None
    priority, dash, alarm_id = cursor.partition("-")
    if not dash or priority not in ("0", "1", "2", "3") or not alarm_id.isalnum():
        raise BadRequestError(f"cursor: '{cursor[:40]}' is none that this list gave")
    return Position(int(priority), alarm_id)
