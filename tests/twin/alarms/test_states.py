"""ISA-18.2's diagram: what is in it is allowed, and nothing else."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Label
from twin.alarms.drafts import step
from twin.alarms.model import Action, Alarm, AlarmState, Priority
from twin.alarms.states import after, next_state, steps_to
from twin.errors import AlarmStateError
from twin.events.event import Event

NEW, TAKEN = AlarmState.UNACKNOWLEDGED_ACTIVE, AlarmState.ACKNOWLEDGED_ACTIVE
LEFT, SHELVED, NORMAL = AlarmState.UNACKNOWLEDGED_RETURNED, AlarmState.SHELVED, AlarmState.NORMAL
RAISE, RETURN, ACKNOWLEDGE = Action.RAISE, Action.RETURN, Action.ACKNOWLEDGE
SHELVE, UNSHELVE, CLOSE = Action.SHELVE, Action.UNSHELVE, Action.CLOSE

#: The diagram, written out: (state, condition holds, action) to the next state.
DIAGRAM = {
    (NEW, True, RETURN): LEFT,
    (NEW, True, ACKNOWLEDGE): TAKEN,
    (NEW, True, SHELVE): SHELVED,
    (TAKEN, True, RETURN): NORMAL,
    (TAKEN, True, SHELVE): SHELVED,
    (LEFT, False, RAISE): NEW,
    (LEFT, False, ACKNOWLEDGE): NORMAL,
    (LEFT, False, SHELVE): SHELVED,
    (SHELVED, True, RETURN): SHELVED,
    (SHELVED, False, RAISE): SHELVED,
    (SHELVED, True, UNSHELVE): NEW,
    (SHELVED, False, UNSHELVE): NORMAL,
    (NORMAL, False, CLOSE): NORMAL,
}
POSSIBLE = [(NEW, True), (TAKEN, True), (LEFT, False), (SHELVED, True), (SHELVED, False), (NORMAL, False)]


def alarm(state: AlarmState = NEW, *, active: bool = True) -> Alarm:
    return Alarm(
        id="A",
        rule="r",
        priority=Priority.HIGH,
        device="D",
        point="p",
        element=None,
        space=None,
        storey=None,
        name=Label(),
        message=Label(),
        value=1.0,
        limit=None,
        unit="1",
        state=state,
        active=active,
        occurrences=1,
        raised_ms=0,
        changed_ms=0,
        closed_ms=None,
    )


def happened(before: Alarm, action: Action, time_ms: int) -> Event:
    data = {
        "until": "2026-01-01T00:00:00.000Z",
        "reason": "noise",
        "value": 2.0,
        "message": {"zh": "", "en": ""},
        "cause_data": {},
    }
    draft = step(before, action, "person:chen", data)
    return Event(
        time_ms, f"E{time_ms}", time_ms, draft.type, draft.subject, draft.actor, None, draft.data, ""
    )


@pytest.mark.parametrize(("place", "action"), list(product(POSSIBLE, Action)))
def test_every_way_of_the_diagram_and_no_other(place: tuple[AlarmState, bool], action: Action) -> None:
    state, active = place
    wanted = DIAGRAM.get((state, active, action))
    if wanted is None:
        with pytest.raises(AlarmStateError, match="cannot be"):
            next_state(state, action, active=active)
    else:
        assert next_state(state, action, active=active) is wanted


@given(st.lists(st.sampled_from(list(Action)), max_size=30))
def test_whatever_is_tried_an_alarm_stays_in_the_diagram(tried: list[Action]) -> None:
    current, time_ms = alarm(), 0
    for action in tried:
        time_ms += 1
        try:
            event = happened(current, action, time_ms)
        except AlarmStateError:
            continue
        before, current = current, after(current, event)
        assert DIAGRAM[before.state, before.active, action] is current.state
        assert event.data["state"] == current.state
        assert (current.state, current.active) in POSSIBLE
        assert (current.shelved_until_ms is not None) == (current.state is SHELVED)
        assert current.last_event == event.id
        assert not (current.closed_ms is not None and current.state is not NORMAL)


@pytest.mark.parametrize(
    ("state", "active", "wanted", "steps"),
    [
        (NEW, True, ACKNOWLEDGE, (ACKNOWLEDGE,)),
        (LEFT, False, ACKNOWLEDGE, (ACKNOWLEDGE, CLOSE)),
        (LEFT, False, CLOSE, (ACKNOWLEDGE, CLOSE)),
        (SHELVED, False, CLOSE, (UNSHELVE, CLOSE)),
        (SHELVED, False, UNSHELVE, (UNSHELVE, CLOSE)),
        (SHELVED, True, UNSHELVE, (UNSHELVE,)),
    ],
)
def test_what_a_person_asks_for_in_steps(
    state: AlarmState, active: bool, wanted: Action, steps: tuple[Action, ...]
) -> None:
    assert steps_to(alarm(state, active=active), wanted) == steps


@pytest.mark.parametrize(
    ("state", "active", "wanted", "says"),
    [
        (NEW, True, CLOSE, "acknowledge or shelve"),
        (TAKEN, True, CLOSE, "closes when it returns"),
        (TAKEN, True, ACKNOWLEDGE, "somebody has acknowledged"),
        (SHELVED, True, CLOSE, "unshelve it first"),
        (SHELVED, True, SHELVE, "unshelve it first"),
        (NEW, True, UNSHELVE, "cannot be unshelved"),
    ],
)
def test_a_wrong_step_is_refused_with_what_to_do(
    state: AlarmState, active: bool, wanted: Action, says: str
) -> None:
    with pytest.raises(AlarmStateError, match=says):
        steps_to(alarm(state, active=active), wanted)
