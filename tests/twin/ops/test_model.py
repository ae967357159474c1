"""The steps of work orders and their projection, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from twin.accounts.roles import ASSIGNABLE, Role
from twin.events.event import Draft, Head, appended
from twin.panels.ops.errors import WorkOrderStateError
from twin.panels.ops.model import CLOSED, STEPS, Action, OrderState, WorkOrder, actions_from, check_step, may
from twin.panels.ops.projection import applied, changed_draft
from twin.panels.ops.workorders import Report, created_draft

SAID = {"assignee": "lin", "due_ms": None, "note": "n"}


@given(st.lists(st.sampled_from(list(Action)), max_size=25))
def test_any_steps_end_in_a_state_that_the_table_knows(actions: list[Action]) -> None:
    head = Head()
    (event,) = appended([created_draft("o", 1, Report("t"), "person:a")], head, 1)
    order, taken = applied(None, event), 0
    for time_ms, action in enumerate(actions, 2):
        possible = action in actions_from(order.state)
        try:
            step = check_step(order, action)
        except WorkOrderStateError:
            assert not possible
            continue
        assert possible
        (event,) = appended([changed_draft(order, step.leads_to, "person:a", SAID)], head, time_ms)
        order, taken = applied(order, event), taken + 1
        assert (order.state, order.changed_ms) == (step.leads_to, time_ms)
        assert order.is_open == (order.closed_ms is None)
        assert (order.done_ms is not None) == (order.state in {OrderState.DONE, OrderState.VERIFIED})
    assert taken <= len(actions)


def test_nothing_happens_to_closed_orders() -> None:
    assert all(actions_from(state) == () for state in CLOSED)
    assert all(actions_from(state) for state in OrderState if state not in CLOSED)


@given(st.sampled_from(list(Action)), st.sampled_from(ASSIGNABLE), st.booleans())
def test_only_the_assignee_works_and_only_managers_verify(action: Action, role: Role, own: bool) -> None:
    (event,) = appended([created_draft("o", 1, Report("t"), "person:a")], Head(), 1)
    order = applied(None, event)
    for state in STEPS[action].starts:
        (event,) = appended([Draft(f"workorder.{state.value}", "workorder:o", "person:a", SAID)], Head(), 2)
        there = order if state is OrderState.CREATED else applied(applied_dispatch(order), event)
        allowed = may(there, action, "lin" if own else "somebody", role)
        is_work = action in {Action.ACCEPT, Action.FINISH}
        needed = Role.MANAGER if action in {Action.VERIFY, Action.REOPEN} else Role.OPERATOR
        assert allowed == (role >= needed and (own or not is_work))


def applied_dispatch(order: WorkOrder) -> WorkOrder:
    (event,) = appended([Draft("workorder.dispatched", "workorder:o", "person:a", SAID)], Head(), 2)
    return applied(order, event)
