"""Work orders on both databases: steps, people, events, the rebuild."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SystemClock
from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.errors import NotFoundError, RoleError
from twin.events.log import EventLog
from twin.panels.ops import store
from twin.panels.ops.errors import NotAssigneeError, WorkOrderExistsError, WorkOrderStateError
from twin.panels.ops.model import Action, OrderState, Priority
from twin.panels.ops.panel import OPS
from twin.panels.ops.store import OrderFilter
from twin.panels.ops.table import WORK_ORDER
from twin.panels.ops.workorders import Report, WorkOrders
from twin.store.database import migrate

OPERATOR = Person("1", "chen", "陈工", Role.OPERATOR)
ENGINEER = Person("2", "lin", "林工", Role.OPERATOR)
MANAGER = Person("3", "wu", "吴经理", Role.MANAGER)
LAMP = Report("灯不亮", "右起第二盏", Priority.HIGH, "g" * 22, "L-01", "s" * 22, "r" * 22)


@pytest.fixture
async def log(engine: AsyncEngine) -> EventLog:
    assert OPS.migrations is not None
    await migrate(engine, OPS.migrations, "ops_version")
    return EventLog(engine, SystemClock())


@pytest.fixture
def orders(engine: AsyncEngine, log: EventLog) -> WorkOrders:
    return WorkOrders(engine, log, SystemClock())


async def given_to(orders: WorkOrders, person: Person) -> str:
    made = await orders.create(LAMP, OPERATOR.actor)
    await orders.act(made.id, Action.DISPATCH, OPERATOR, {"assignee": person.name, "due_ms": 99, "note": ""})
    return made.id


async def test_an_order_goes_from_report_to_verification(orders: WorkOrders, log: EventLog) -> None:
    order_id = await given_to(orders, ENGINEER)
    await orders.act(order_id, Action.ACCEPT, ENGINEER)
    await orders.act(order_id, Action.FINISH, ENGINEER, {"note": "换了镇流器"})
    after = await orders.act(order_id, Action.VERIFY, MANAGER)
    assert after == await orders.get(order_id)
    assert (after.state, after.assignee, after.note, after.due_ms) == (
        OrderState.VERIFIED,
        "lin",
        "换了镇流器",
        99,
    )
    assert not after.is_open
    events = await orders.events_of(after)
    assert [(event.type, event.actor) for event in events] == [
        ("workorder.created", "person:chen"),
        ("workorder.dispatched", "person:chen"),
        ("workorder.accepted", "person:lin"),
        ("workorder.done", "person:lin"),
        ("workorder.verified", "person:wu"),
    ]
    assert [event.cause for event in events] == [None, *(event.id for event in events[:-1])]
    assert {event.subject for event in events} == {f"workorder:{order_id}"}
    assert await log.verify() is None


async def test_work_that_was_sent_back_is_done_again(orders: WorkOrders) -> None:
    order_id = await given_to(orders, ENGINEER)
    for action, person in ((Action.ACCEPT, ENGINEER), (Action.FINISH, ENGINEER), (Action.REOPEN, MANAGER)):
        back = await orders.act(order_id, action, person, {"note": "还是不亮"})
    assert (back.state, back.assignee, back.done_ms, back.reopened) == (OrderState.REOPENED, "lin", None, 1)
    again = await orders.act(order_id, Action.ACCEPT, ENGINEER)
    assert again.state is OrderState.ACCEPTED


async def test_a_wrong_step_changes_nothing_and_says_what_is_possible(
    orders: WorkOrders, log: EventLog
) -> None:
    order_id = await given_to(orders, ENGINEER)
    before, head = await orders.get(order_id), await log.head()
    with pytest.raises(WorkOrderStateError, match=r"work order 1 is dispatched.*dispatch, accept, cancel"):
        await orders.act(order_id, Action.VERIFY, MANAGER)
    assert (await orders.get(order_id), await log.head()) == (before, head)


async def test_steps_are_for_those_who_may(orders: WorkOrders) -> None:
    order_id = await given_to(orders, ENGINEER)
    with pytest.raises(NotAssigneeError, match="lin"):
        await orders.act(order_id, Action.ACCEPT, MANAGER)
    await orders.act(order_id, Action.ACCEPT, ENGINEER)
    await orders.act(order_id, Action.FINISH, ENGINEER, {"note": "好了"})
    with pytest.raises(RoleError, match="manager"):
        await orders.act(order_id, Action.VERIFY, OPERATOR)


async def test_an_alarm_has_one_open_order(orders: WorkOrders) -> None:
    report = Report(
        "过热", alarm="01ARZ3NDEKTSV4RRFFQ69G5FAV", device="L-01", cause="01ARZ3NDEKTSV4RRFFQ69G5FAX"
    )
    made = await orders.create(report, OPERATOR.actor)
    assert (await orders.events_of(made))[0].cause == report.cause
    with pytest.raises(WorkOrderExistsError, match="work order 1 "):
        await orders.create(report, OPERATOR.actor)
    await orders.act(made.id, Action.CANCEL, OPERATOR, {"note": "误报"})
    assert (await orders.create(report, OPERATOR.actor)).number == 2


async def test_an_unknown_order_is_not_found(orders: WorkOrders) -> None:
    with pytest.raises(NotFoundError):
        await orders.get("nothing")
    with pytest.raises(NotFoundError):
        await orders.act("nothing", Action.ACCEPT, ENGINEER)


async def test_orders_are_found(orders: WorkOrders) -> None:
    lamp = await given_to(orders, ENGINEER)
    other = (await orders.create(Report("漏水 100%", element="e" * 22), OPERATOR.actor)).id

    async def ids(**wanted: object) -> list[str]:
        return [order.id for order in await orders.find(OrderFilter(**wanted), 10)]  # type: ignore[arg-type]

    assert await ids() == [other, lamp]
    assert await ids(assignee="lin") == [lamp]
    assert await ids(state=OrderState.CREATED) == [other]
    assert await ids(concerns=("e" * 22, ("L-01",))) == [other, lamp]
    assert await ids(text="#1") == [lamp]
    assert await ids(text="0%") == [other]
    assert await ids(text="_") == []
    assert [order.id for order in await orders.find(OrderFilter(), 1, other)] == [lamp]
    assert (await orders.open_by_device()) == {"L-01": 1}
    assert (await orders.counts())[OrderState.DISPATCHED] == 1


async def test_the_table_is_what_the_events_say(
    orders: WorkOrders, log: EventLog, engine: AsyncEngine
) -> None:
    first = await given_to(orders, ENGINEER)
    await orders.act(first, Action.ACCEPT, ENGINEER)
    await orders.act(first, Action.FINISH, ENGINEER, {"note": "好了"})
    await orders.act(first, Action.REOPEN, MANAGER, {"note": "没有"})
    second = await given_to(orders, MANAGER)
    await orders.act(second, Action.CANCEL, OPERATOR, {"note": "重复"})

    async def rows() -> list[tuple[object, ...]]:
        async with engine.connect() as connection:
            return [
                tuple(row) for row in await connection.execute(select(WORK_ORDER).order_by(WORK_ORDER.c.id))
            ]

    before = await rows()
    assert await store.rebuild(engine, log) == 8
    assert await rows() == before
