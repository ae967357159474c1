"""From the log to the live stream, over restarts."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SimulatedClock
from telemetry_bridge.hub import Hub
from twin.events.event import Draft, event_json
from twin.events.feed import EventFeed
from twin.events.log import EventFilter, EventLog

START_MS = 1_790_000_000_000.0
WAIT_S = 60.0


def draft(number: int) -> Draft:
    return Draft("command.sent", "device:lamp", "person:chen", {"value": number})


async def opened(engine: AsyncEngine, kept: int = 4096) -> tuple[EventLog, Hub, EventFeed]:
    log = EventLog(engine, SimulatedClock(START_MS, speed=0))
    hub = Hub(3, epoch="stream", kept_events=kept)
    feed = EventFeed(log, hub)
    await feed.open()
    return log, hub, feed


@contextlib.asynccontextmanager
async def fed(feed: EventFeed) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def until(hub: Hub, event_seq: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while hub.event_seq < event_seq:
            await asyncio.sleep(0.01)


async def test_every_event_reaches_the_hub_once_with_its_number(engine: AsyncEngine) -> None:
    log, hub, feed = await opened(engine)
    async with fed(feed):
        await asyncio.gather(*(log.append(draft(2 * each), draft(2 * each + 1)) for each in range(15)))
        await until(hub, 31)
    texts = hub.events_since(hub.event_epoch, 1)
    assert texts is not None
    messages = [json.loads(text) for text in texts]
    assert [each["event_seq"] for each in messages] == list(range(2, 32))
    written = await log.find(EventFilter(after_seq=1), 100)
    assert [each["event"] for each in messages] == [event_json(event) for event in written]


async def test_a_client_resumes_over_a_restart(engine: AsyncEngine) -> None:
    log, before, _ = await opened(engine)
    await log.append(draft(1), draft(2))
    again, after, feed = await opened(engine)
    assert after.event_epoch == before.event_epoch != after.epoch
    async with fed(feed):
        await again.append(draft(3))
        await until(after, 4)
    missed = after.events_since(before.event_epoch, before.event_seq)
    assert missed is not None
    assert [json.loads(text)["event"]["data"]["value"] for text in missed] == [1, 2, 3]
    assert after.events_since("another", before.event_seq) is None


async def test_what_is_too_long_ago_is_not_recovered(engine: AsyncEngine) -> None:
    log, _, _ = await opened(engine)
    await log.append(*(draft(each) for each in range(10)))
    _, hub, _ = await opened(engine, kept=4)
    assert hub.event_seq == 11
    assert hub.events_since(hub.event_epoch, 6) is None
    assert len(hub.events_since(hub.event_epoch, 7) or ()) == 4


async def test_events_of_another_server_come_with_our_next(engine: AsyncEngine) -> None:
    log, hub, feed = await opened(engine)
    other = EventLog(engine, SimulatedClock(START_MS, speed=0))
    async with fed(feed):
        await other.append(draft(1))
        await log.append(draft(2))
        await until(hub, 3)
    texts = hub.events_since(hub.event_epoch, 1)
    assert texts is not None
    assert [json.loads(text)["event"]["data"]["value"] for text in texts] == [1, 2]


async def test_a_database_that_is_away_delays_events_and_loses_none(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.events.feed.RETRY_S", 0.01)
    log, hub, feed = await opened(engine)
    find, failures = log.find, iter([True, True, False])

    async def failing(*arguments: object, **options: object) -> object:
        if next(failures, False):
            raise OperationalError("select", {}, Exception("gone"))
        return await find(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(log, "find", failing)
    async with fed(feed):
        await log.append(draft(1))
        await until(hub, 2)
    assert hub.event_seq == 2
