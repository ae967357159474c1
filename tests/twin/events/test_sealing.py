"""Where the log ends is noted beside it, and each day in it."""

import asyncio
from datetime import timedelta, timezone
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.events.logs import SteppedClock
from twin.events.anchors_file import FILE, load_all, load_anchors
from twin.events.event import Draft
from twin.events.log import EventFilter, EventLog
from twin.events.sealing import SEALED, Sealer
from twin.store.database import writing

XIAMEN = timezone(timedelta(hours=8))
NOON_MS = 1_795_320_000_000  # 2026-11-22 12:00 in Xiamen
HOUR_MS = 3_600_000
DRAFT = Draft("door.opened", "device:door", "system", {})
OTHER = Draft("door.closed", "device:door", "system", {})


def sealer_of(engine: AsyncEngine, folder: Path) -> tuple[Sealer, EventLog, SteppedClock]:
    clock = SteppedClock(NOON_MS)
    log = EventLog(engine, clock)
    return Sealer(log, engine, clock, XIAMEN, folder / FILE), log, clock


async def test_the_end_is_noted_whenever_it_is_another(engine: AsyncEngine, tmp_path: Path) -> None:
    sealer, log, _ = sealer_of(engine, tmp_path)
    await sealer.anchor()
    assert load_anchors(tmp_path / FILE) == ()
    (event,) = await log.append(DRAFT)
    await sealer.anchor()
    await sealer.anchor()
    (anchor,) = load_anchors(tmp_path / FILE)
    assert (anchor.seq, anchor.hash) == (event.seq, event.hash)
    assert (await log.audit(load_all(tmp_path))).fault is None


async def test_a_day_with_events_is_sealed_once_at_its_end_by_the_venues_clock(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    sealer, log, clock = sealer_of(engine, tmp_path)
    other, _, _ = sealer_of(engine, tmp_path)
    other._clock = clock
    assert await sealer.seal() is None
    written = await log.append(DRAFT, DRAFT)
    clock.ms += 12 * HOUR_MS - 1
    assert await sealer.seal() is None
    clock.ms += 1
    sealed = [await each.seal() for each in (sealer, other, sealer)]
    assert [each is None for each in sealed] == [False, True, True]
    (seal,) = await log.find(EventFilter(type=SEALED), 10)
    assert seal.data == {"seq": written[-1].seq, "hash": written[-1].hash, "events": 2}
    clock.ms += 24 * HOUR_MS
    again = await sealer.seal()
    assert again is None or again.data["events"] == 1
    for _ in range(3):
        clock.ms += 24 * HOUR_MS
        await sealer.seal()
    assert len(await log.find(EventFilter(type=SEALED), 10)) == 1, "quiet days need no seal"
    await log.append(DRAFT)
    clock.ms += 24 * HOUR_MS
    again = await sealer.seal()
    assert again is not None
    assert again.data["seq"] == again.seq - 1
    assert await log.verify() is None


async def test_two_servers_seal_a_day_once(engine: AsyncEngine, tmp_path: Path) -> None:
    one, log, clock = sealer_of(engine, tmp_path)
    other, _, _ = sealer_of(engine, tmp_path)
    other._clock = clock
    await log.append(DRAFT)
    clock.ms += 24 * HOUR_MS
    await asyncio.gather(one.seal(), other.seal())
    assert len(await log.find(EventFilter(type=SEALED), 10)) == 1


async def test_a_log_that_lost_its_tail_is_said_at_the_start_and_the_proof_is_kept(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    sealer, log, _ = sealer_of(engine, tmp_path)
    await log.append(*[DRAFT] * 5)
    await sealer.anchor()
    async with writing(engine) as connection:
        await connection.execute(text("DELETE FROM event WHERE seq > 3"))
    again, log, _ = sealer_of(engine, tmp_path)
    await again.check()
    assert "event 5" in str(again.note)
    await log.append(*[OTHER] * 4)
    await again.anchor()
    third, _, _ = sealer_of(engine, tmp_path)
    await third.check()
    assert "event 5" in str(third.note)
    assert len(list(tmp_path.glob(f"{FILE}*"))) == 2
    assert "event 5" in str((await log.audit(load_all(tmp_path))).fault)
    for path in tmp_path.glob(f"{FILE}.*"):
        path.unlink()
    fourth, _, _ = sealer_of(engine, tmp_path)
    await fourth.check()
    assert fourth.note is None


async def test_it_runs_until_it_is_ended_and_notes_the_last_moment(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    sealer, log, _ = sealer_of(engine, tmp_path)
    task = asyncio.create_task(sealer.run())
    while not (tmp_path / FILE).exists():
        await log.append(DRAFT)
        await asyncio.sleep(0.01)
    await log.append(DRAFT)
    task.cancel()
    await asyncio.wait([task])
    assert load_anchors(tmp_path / FILE)[-1].seq == (await log.head()).seq


async def test_a_file_that_cannot_be_written_or_read_stops_nothing(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    sealer, log, _ = sealer_of(engine, tmp_path / "nowhere")
    await log.append(DRAFT)
    await sealer._step()
    broken, _, _ = sealer_of(engine, tmp_path)
    (tmp_path / FILE).write_text("this is none")
    await broken.check()
    assert "cannot be read" in str(broken.note)
    assert "line 1" in str(broken.note)
