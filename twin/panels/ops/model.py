"""What a work order is and the steps that it can take: frozen data, no I/O.

::

    created --dispatch--> dispatched --accept--> accepted --finish--> done --verify--> verified
                              ^                     |                   |
                              +------dispatch-------+                 reopen
                              +--------dispatch/accept-- reopened <-----+

Whatever is not done, verified or cancelled can be cancelled, and given to somebody else.
"""

from dataclasses import dataclass
from enum import StrEnum

from twin.accounts.roles import Role
from twin.panels.ops.errors import WorkOrderStateError

EVENT_PREFIX = "workorder."


class OrderState(StrEnum):
    """Where a work order stands."""

    CREATED = "created"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    DONE = "done"
    VERIFIED = "verified"
    REOPENED = "reopened"
    CANCELLED = "cancelled"


CLOSED = frozenset({OrderState.VERIFIED, OrderState.CANCELLED})
OPEN = tuple(state for state in OrderState if state not in CLOSED)


class Priority(StrEnum):
    """How soon it must be done, the most urgent first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


PRIORITIES = tuple(Priority)


class Action(StrEnum):
    """What people do with an order; creating it comes before all of these."""

    DISPATCH = "dispatch"
    ACCEPT = "accept"
    FINISH = "finish"
    VERIFY = "verify"
    REOPEN = "reopen"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Step:
    """One action: the states that it starts from, that it leads to, and who may do it.

    `assignee_only`: only the person whom the order was given to.
    """

    starts: frozenset[OrderState]
    leads_to: OrderState
    role: Role = Role.OPERATOR
    assignee_only: bool = False


_UNDONE = frozenset({OrderState.CREATED, OrderState.DISPATCHED, OrderState.ACCEPTED, OrderState.REOPENED})
_GIVEN = frozenset({OrderState.DISPATCHED, OrderState.REOPENED})
_DONE = frozenset({OrderState.DONE})

STEPS: dict[Action, Step] = {
    Action.DISPATCH: Step(_UNDONE, OrderState.DISPATCHED),
    Action.ACCEPT: Step(_GIVEN, OrderState.ACCEPTED, assignee_only=True),
    Action.FINISH: Step(frozenset({OrderState.ACCEPTED}), OrderState.DONE, assignee_only=True),
    Action.VERIFY: Step(_DONE, OrderState.VERIFIED, Role.MANAGER),
    Action.REOPEN: Step(_DONE, OrderState.REOPENED, Role.MANAGER),
    Action.CANCEL: Step(_UNDONE, OrderState.CANCELLED),
}

STATE_AFTER_EVENT = {EVENT_PREFIX + state.value: state for state in OrderState}


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order; times are ms since 1970 UTC, None: not yet.

    `number` is what people call it by; people are account names. `element`, `storey` and `space` are guids,
    as they were when the order was made; `alarm` is the alarm that it was made from. `note` says what was
    done, `last_event` is the id of its newest event.
    """

    id: str
    number: int
    title: str
    description: str
    priority: Priority
    state: OrderState
    element: str | None
    device: str | None
    storey: str | None
    space: str | None
    alarm: str | None
    reporter: str
    assignee: str | None
    note: str
    due_ms: int | None
    created_ms: int
    changed_ms: int
    dispatched_ms: int | None
    accepted_ms: int | None
    done_ms: int | None
    closed_ms: int | None
    reopened: int
    """How often the work was sent back."""
    last_event: str

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state not in CLOSED


def check_step(order: WorkOrder, action: Action) -> Step:
    """The step that an action is.

    Raises:
        WorkOrderStateError: the order is in a state that the action does not start from.
    """
    step = STEPS[action]
    if order.state not in step.starts:
        possible = ", ".join(each.value for each in actions_from(order.state)) or "nothing"
        raise WorkOrderStateError(
            f"work order {order.number} is {order.state.value}: {action.value} is not possible; "
            f"possible now: {possible}"
        )
    return step


def actions_from(state: OrderState) -> tuple[Action, ...]:
    """The actions that start from a state."""
    return tuple(action for action, step in STEPS.items() if state in step.starts)


def may(order: WorkOrder, action: Action, person: str, role: Role) -> bool:
    """Whether a person (account name) of a role can take this action now."""
    step = STEPS[action]
    own = not step.assignee_only or order.assignee == person
    return order.state in step.starts and role >= step.role and own
