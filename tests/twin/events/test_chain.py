"""From any event back to what it began with, and on to all that it led to."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.events.logs import SteppedClock
from twin.events import chain as chains
from twin.events.event import Draft, Event
from twin.events.log import EventLog
from twin.events.origin import Origin, origin_of, sample_data
from twin.store.database import writing

SAMPLE = {"point": "lamp/level", "time": "2026-05-01T00:00:00.000Z", "value": 31.5}
MISSING = "0" * 26


def draft(cause: Event | str | None = None, actor: str = "rule:hot") -> Draft:
    data = {"sample": SAMPLE} if cause is None and actor.startswith("rule") else {}
    return Draft("alarm.raised", "device:lamp", actor, data, cause.id if isinstance(cause, Event) else cause)


async def test_a_confirmation_leads_back_to_the_sample_and_that_on_to_everything(
    engine: AsyncEngine,
) -> None:
    log = EventLog(engine, SteppedClock())
    (raised,) = await log.append(draft())
    (other,) = await log.append(draft())
    (taken,) = await log.append(draft(raised, "person:chen"))
    (sent,) = await log.append(draft(raised, "system"))
    (confirmed,) = await log.append(draft(sent, "system"))
    back = await log.chain(confirmed.id)
    assert back is not None
    assert back.causes == (raised, sent)
    assert (back.effects, back.first, back.origin) == ((), raised, Origin.SAMPLE)
    on = await log.chain(raised.id)
    assert on is not None
    assert (on.causes, on.effects) == ((), (taken, sent, confirmed))
    alone = await log.chain(other.id)
    assert alone is not None
    assert (alone.causes, alone.effects, alone.origin) == ((), (), Origin.SAMPLE)
    assert await log.chain(MISSING) is None


async def test_a_cause_that_the_log_does_not_have_is_named(engine: AsyncEngine) -> None:
    log = EventLog(engine, SteppedClock())
    (event,) = await log.append(draft(MISSING))
    chain = await log.chain(event.id)
    assert chain is not None
    assert (chain.missing, chain.origin) == (MISSING, Origin.UNKNOWN)


async def test_an_event_forged_to_be_its_own_cause_leads_in_no_circle(engine: AsyncEngine) -> None:
    log = EventLog(engine, SteppedClock())
    (event,) = await log.append(draft())
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE event SET cause = id"))
    chain = await log.chain(event.id)
    assert chain is not None
    assert (chain.causes, chain.effects, chain.missing) == ((), (), event.id)


async def test_long_chains_are_cut_and_say_so(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MOST_CAUSES", 5)
    monkeypatch.setattr(chains, "MOST_EFFECTS", 5)
    log = EventLog(engine, SteppedClock())
    events = list(await log.append(draft()))
    for _ in range(11):
        events += await log.append(draft(events[-1]))
    last, first = await log.chain(events[-1].id), await log.chain(events[0].id)
    assert last is not None
    assert first is not None
    assert (last.causes, last.causes_cut, last.origin) == (tuple(events[6:11]), True, Origin.UNKNOWN)
    assert (first.effects, first.effects_cut) == (tuple(events[1:6]), True)
    middle = await log.chain(events[5].id)
    assert middle is not None
    assert (middle.causes, middle.causes_cut) == (tuple(events[:5]), False)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(parents=st.lists(st.integers(0, 30), min_size=1, max_size=20))
async def test_chains_are_those_of_the_tree(engine: AsyncEngine, parents: list[int]) -> None:
    """Event k has the event `parents[k] % (k + 1)` as its cause, or none where that is itself."""
    log = EventLog(engine, SteppedClock())
    events: list[Event] = []
    cause_of: dict[int, int | None] = {}
    for k, number in enumerate(parents):
        cause_of[k] = number % (k + 1) if number % (k + 1) != k else None
        parent = cause_of[k]
        events += await log.append(draft(None if parent is None else events[parent]))

    def back(k: int) -> list[int]:
        parent = cause_of[k]
        return [] if parent is None else [*back(parent), parent]

    for k, event in enumerate(events):
        chain = await log.chain(event.id)
        assert chain is not None
        assert list(chain.causes) == [events[each] for each in back(k)]
        assert list(chain.effects) == [events[each] for each in cause_of if k in back(each)]
        assert chain.origin is Origin.SAMPLE


@pytest.mark.parametrize(
    ("actor", "data", "origin"),
    [
        ("person:chen", {}, Origin.PERSON),
        ("rule:hot", {"sample": SAMPLE}, Origin.SAMPLE),
        ("rule:silent", {"sample": None}, Origin.SYSTEM),
        ("rule:hot", {}, Origin.UNKNOWN),
        ("hook:gate", {}, Origin.DEVICE),
        ("system", {}, Origin.SYSTEM),
        ("", {}, Origin.UNKNOWN),
    ],
)
def test_what_an_event_came_from(actor: str, data: dict[str, object], origin: Origin) -> None:
    assert origin_of(Event(1, MISSING, 0, "alarm.raised", "device:lamp", actor, None, data, "")) is origin


def test_a_sample_is_named_by_point_time_and_value() -> None:
    assert sample_data("lamp/level", 1_777_593_600_000.4, 31.5) == SAMPLE
    assert sample_data("lamp/level", math.nan, 31.5) is None
    assert sample_data("lamp/level", 0.0, math.nan) is None
