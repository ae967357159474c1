"""ISA-18.2's diagram of states, and what each event does to an alarm. No I/O.

```
            raise                     acknowledge
  (none) --------> unacknowledged-active --------> acknowledged-active
                     |      ^                            |
              return |      | raise                      | return
                     v      |                            v
               unacknowledged-returned ----------------> normal
                                         acknowledge
  any of the three open ones -- shelve --> shelved -- unshelve --> unacknowledged-active while the
                                                                   condition holds, else normal
```

Source: ANSI/ISA-18.2-2016, 5.4 (alarm state transition diagram); re-alarming of one that has returned is
its transition from RTN Unack to Unack. An alarm that has become normal is closed at once, as an event of its
own. What the condition does while an alarm is shelved is recorded, and changes `active` alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from telemetry_bridge.points import Label
from telemetry_bridge.times import parse_rfc3339
from twin.alarms.model import Action, Alarm, AlarmState, Priority
from twin.errors import AlarmStateError
from twin.events.event import Event

NORMAL, SHELVED = AlarmState.NORMAL, AlarmState.SHELVED
NEW = AlarmState.UNACKNOWLEDGED_ACTIVE
TAKEN = AlarmState.ACKNOWLEDGED_ACTIVE
LEFT = AlarmState.UNACKNOWLEDGED_RETURNED

NEXT: Mapping[tuple[AlarmState, Action], AlarmState] = {
    (NEW, Action.RETURN): LEFT,
    (NEW, Action.ACKNOWLEDGE): TAKEN,
    (NEW, Action.SHELVE): SHELVED,
    (TAKEN, Action.RETURN): NORMAL,
    (TAKEN, Action.SHELVE): SHELVED,
    (LEFT, Action.RAISE): NEW,
    (LEFT, Action.ACKNOWLEDGE): NORMAL,
    (LEFT, Action.SHELVE): SHELVED,
    (SHELVED, Action.RAISE): SHELVED,
    (SHELVED, Action.RETURN): SHELVED,
    (NORMAL, Action.CLOSE): NORMAL,
}

HINTS: Mapping[AlarmState, str] = {
    NORMAL: "it is closed",
    NEW: "its condition still holds: acknowledge or shelve it",
    TAKEN: "its condition still holds and somebody has acknowledged it: it closes when it returns",
    LEFT: "it has returned: acknowledge it",
    SHELVED: "it is shelved: unshelve it first",
}

VERBS: Mapping[Action, str] = {
    Action.RAISE: "raised",
    Action.RETURN: "returned",
    Action.ACKNOWLEDGE: "acknowledged",
    Action.SHELVE: "shelved",
    Action.UNSHELVE: "unshelved",
    Action.CLOSE: "closed",
}


def next_state(state: AlarmState, action: Action, *, active: bool) -> AlarmState:
    """The state after an action; `active`: whether the condition holds.

    Raises AlarmStateError where the diagram has no such way.
    """
    if (state, action) == (SHELVED, Action.UNSHELVE):
        return NEW if active else NORMAL
    found = NEXT.get((state, action))
    if found is None or (action is Action.RETURN and not active) or (action is Action.RAISE and active):
        raise AlarmStateError(f"this alarm cannot be {VERBS[action]} now: {HINTS[state]}")
    return found


def steps_to(alarm: Alarm, wanted: Action) -> tuple[Action, ...]:
    """What happens when a person asks for `wanted`: the actions, in order, up to the closing.

    Closing an alarm that has returned acknowledges it, and unshelves it first where it is shelved.
    Raises AlarmStateError.
    """
    if not alarm.is_open:
        raise AlarmStateError(f"this alarm cannot be {VERBS[wanted]} now: {HINTS[NORMAL]}")
    if wanted is not Action.CLOSE:
        return with_closing(alarm, wanted)
    if alarm.active:
        raise AlarmStateError(f"this alarm cannot be closed now: {HINTS[alarm.state]}")
    return with_closing(alarm, Action.UNSHELVE if alarm.state is SHELVED else Action.ACKNOWLEDGE)


def with_closing(alarm: Alarm, action: Action) -> tuple[Action, ...]:
    """An action, and the closing where it makes the alarm normal. Raises AlarmStateError."""
    becomes = next_state(alarm.state, action, active=alarm.active)
    return (action, Action.CLOSE) if becomes is NORMAL else (action,)


ACTION_OF_TYPE: Mapping[str, Action] = {action.event_type: action for action in Action}


def after(alarm: Alarm | None, event: Event) -> Alarm:
    """The alarm after one of its events; None is before the first.

    Raises:
        AlarmStateError: the diagram has no such way.
        KeyError: the event tells of no alarm, or lacks data.
    """
    action = ACTION_OF_TYPE[event.type]
    if alarm is None:
        if action is not Action.RAISE:
            raise AlarmStateError(f"an alarm begins with its raising, not with {event.type}")
        return _first(event)
    state = next_state(alarm.state, action, active=alarm.active)
    moved = replace(alarm, state=state, changed_ms=event.time_ms, last_event=event.id)
    return _CHANGES[action](moved, event)


def _first(event: Event) -> Alarm:
    data = event.data
    return Alarm(
        id=data["alarm"],
        rule=data["rule"],
        priority=Priority[data["priority"].upper()],
        device=data["device"],
        point=data["point"],
        element=data["element"],
        space=data["space"],
        storey=data["storey"],
        name=Label(**data["name"]),
        message=Label(**data["message"]),
        value=data["value"],
        limit=data["limit"],
        unit=data["unit"],
        state=NEW,
        active=True,
        occurrences=1,
        raised_ms=event.time_ms,
        changed_ms=event.time_ms,
        last_event=event.id,
        cause_data=data["cause_data"],
    )


def _raised(alarm: Alarm, event: Event) -> Alarm:
    data: Mapping[str, Any] = event.data
    return replace(
        alarm,
        active=True,
        occurrences=alarm.occurrences + 1,
        value=data["value"],
        message=Label(**data["message"]),
        cause_data=data["cause_data"],
        returned_ms=None,
    )


def _returned(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, active=False, returned_ms=event.time_ms)


def _acknowledged(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, acknowledged_ms=event.time_ms, acknowledged_by=event.actor)


def _shelved(alarm: Alarm, event: Event) -> Alarm:
    until, reason = event.data["until"], event.data["reason"]
    until_ms = None if until is None else round(parse_rfc3339(until))
    return replace(alarm, shelved_until_ms=until_ms, shelved_by=event.actor, shelve_reason=reason)


def _unshelved(alarm: Alarm, _event: Event) -> Alarm:
    cleared = replace(alarm, shelved_until_ms=None, shelved_by=None, shelve_reason="")
    # Whoever had acknowledged it did so before it went out of sight.
    return replace(cleared, acknowledged_ms=None, acknowledged_by=None)


def _closed(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, closed_ms=event.time_ms, closed_by=event.actor)


_CHANGES = {
    Action.RAISE: _raised,
    Action.RETURN: _returned,
    Action.ACKNOWLEDGE: _acknowledged,
    Action.SHELVE: _shelved,
    Action.UNSHELVE: _unshelved,
    Action.CLOSE: _closed,
}
