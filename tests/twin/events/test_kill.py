"""What was acknowledged is never lost, and nothing is there by half, however often the process is killed."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from telemetry_bridge.clock import SystemClock
from twin.events.filter import EventFilter
from twin.events.log import EventLog
from twin.store.database import open_database

ROOT = Path(__file__).parents[3]
SEED = 20261121


@pytest.mark.parametrize(
    "rounds", [20, pytest.param(400, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
async def test_every_acknowledged_event_outlives_the_process(database_url: str, rounds: int) -> None:
    engine = await open_database(database_url)
    await engine.dispose()
    command = [sys.executable, "-m", "tests.twin.events.killing", database_url, str(rounds), str(SEED)]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == 0, killed.stderr
    acknowledged = killed.stdout.split()
    engine = await open_database(database_url)
    log = EventLog(engine, SystemClock())
    events = [event async for event in log.all()]
    assert len(acknowledged) > rounds
    assert set(acknowledged) <= {event.id for event in events}
    assert await log.verify() is None
    parts = Counter(event.data["batch"] for event in events)
    assert all(parts[event.data["batch"]] == event.data["of"] for event in events)
    assert len(await log.find(EventFilter(text="灯"), len(events) + 1)) == len(events)
    last = events[-1]
    found = await log.find(EventFilter(about=frozenset({last.subject})), 10)
    assert [event.subject for event in found] == [last.subject] * last.data["of"]
    await engine.dispose()
