"""Two servers over one database, in one process and step by step: each thing is written once, by one."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, cast

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.bus import StoreTrouble
from telemetry_bridge.bus_local import LocalBoard, LocalBus
from telemetry_bridge.ports import Reading
from telemetry_bridge.wire import Frame
from tests.telemetry_bridge.builders import HandClock, registry
from tests.twin.alarms.test_alarms import House
from tests.twin.control.test_commands import ON
from tests.twin.control.test_commands import House as Lamps
from tests.twin.film.filming import SHORT, noise
from tests.twin.film.scenes import START_MS, folded, same_state, samples_of
from twin.alarms.alarms import Alarms
from twin.alarms.model import AlarmState
from twin.control.commands import Commands
from twin.control.model import Outcome
from twin.errors import AlarmStateError, FencedError
from twin.events.log import EventFilter
from twin.film.film import Film
from twin.film.reading import FilmSettings
from twin.film.store import FilmStore
from twin.film.trouble import Condition, Lost
from twin.joining import state_of
from twin.replica import Duties, Replica
from twin.store.database import writing
from twin.store.fence import check, claim

# The fence


async def test_who_took_over_last_is_obeyed_and_no_other(engine: AsyncEngine) -> None:
    await claim(engine, "film", 5)
    await claim(engine, "film", 7)
    async with writing(engine) as connection:
        await check(connection, "film", 7)
    with pytest.raises(FencedError, match="another server"):
        async with writing(engine) as connection:
            await check(connection, "film", 5)
    with pytest.raises(FencedError):
        await claim(engine, "film", 6)
    await claim(engine, "other", 1)


# The film


class Servers:
    """Films of two servers that see the same frames."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.clock, self.registry = HandClock(START_MS), registry()
        self.frames: list[Frame] = []
        self.one, self.other = (
            Film(engine, self.registry, self.clock, FilmSettings(recorder=SHORT)) for _ in range(2)
        )

    def see(self, frames: list[Frame], *films: Film) -> None:
        for frame in frames:
            self.clock.time_ms = max(self.clock.time_ms, frame.time_ms)
            for film in films or (self.one, self.other):
                film.recorder.take(samples_of(frame))
            self.frames.append(frame)


async def test_who_follows_sees_the_film_grow_and_goes_on_where_it_ends(
    engine: AsyncEngine,
) -> None:
    servers = Servers(engine)
    frames = noise(40)
    async with servers.one.running(records=False), servers.other.running(records=False):
        await servers.one.record(1)
        servers.see(frames[:20])
        await servers.one.recorder.flush()
        await servers.other._follower.catch_up()
        moment = await servers.other.state_at(frames[15].time_ms)
        assert same_state(moment.state, folded(frames[:16], n=9))
        # The first one dies: what it had not written is remembered by the other.
        servers.see(frames[20:30])
        await servers.other.record(2)
        servers.see(frames[30:])
        await servers.other.recorder.flush()
        for number in (5, 22, 29, 39):
            time_ms = frames[number].time_ms
            moment = await servers.other.state_at(time_ms)
            assert moment.gap is None
            assert same_state(moment.state, folded(frames[: number + 1], n=9)), number
        assert servers.other.gaps(START_MS, servers.clock.time_ms) == ()
        # The dead one was but asleep, and still believes that it records.
        servers.see(noise(1, servers.clock.time_ms + 1000.0), servers.one)
        assert not await servers.one.recorder.flush()
        assert "another server" in str(servers.one.recorder.note)
        await servers.one.follow_only()
        assert servers.one.recorder.note is None
        await servers.one._follower.catch_up()
        moment = await servers.one.state_at(frames[39].time_ms)
        assert same_state(moment.state, folded(frames, n=9))


class Interrupting:
    """A store whose every answer comes before or after somebody else wrote."""

    def __init__(self, store: FilmStore, others: Callable[[], Awaitable[object]], order: Random) -> None:
        self._store, self._others, self._order = store, others, order

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            if self._order.random() < 0.5:
                await self._others()
            found = await getattr(self._store, name)(*arguments)
            if self._order.random() < 0.5:
                await self._others()
            return found

        return call


@pytest.mark.parametrize("seed", range(4))
async def test_who_follows_misses_nothing_that_is_written_while_it_reads(
    engine: AsyncEngine, seed: int
) -> None:
    servers, order = Servers(engine), Random(seed)
    frames = noise(60)
    left = list(frames)
    one, other = servers.one, servers.other
    await one.open()
    await other.open(records=False)

    async def go_on() -> None:
        servers.see([left.pop(0) for _ in range(min(2, len(left)))], one)
        assert await one.recorder.flush()

    follower = other._follower
    follower._store = cast(FilmStore, Interrupting(one._store, go_on, order))
    while left:
        await go_on()
        written, until_ms = len(frames) - len(left), servers.clock.time_ms
        await follower.catch_up()
        assert other.gaps(START_MS, until_ms) == ()
        for number in (written - 1, written // 2, 0):
            moment = await other.state_at(frames[number].time_ms)
            assert moment.gap is None
            assert same_state(moment.state, folded(frames[: number + 1], n=9)), number


async def test_who_follows_forgets_what_is_too_old(engine: AsyncEngine) -> None:
    servers = Servers(engine)
    async with servers.one.running(records=False), servers.other.running(records=False):
        await servers.one.record(1)
        for frame in noise(20):
            servers.see([frame])
            await servers.one.recorder.flush()
        await servers.other._follower.catch_up()
        before = servers.other._catalogue.timeline.span
        servers.other._forget_old(START_MS + 30 * 86_400_000.0 + 2500.0)
        after = servers.other._catalogue.timeline.span
    assert before is not None
    assert after is not None
    assert before[0] == START_MS
    assert START_MS + 1000.0 < after[0] <= START_MS + 2500.0
    assert after[1] == before[1]


# Alarms


def shared(house: House) -> Alarms:
    return Alarms(house.alarms.table, house.log, house.engine, house.alarms._around, shared=True)


async def pair(engine: AsyncEngine) -> tuple[House, House]:
    """Two servers that see the same and follow each other; the first leads."""
    houses = House(engine), House(engine)
    for house in houses:
        house.alarms = shared(house)
        await house.alarms.start()
    await houses[0].alarms.lead()
    return houses


async def follow(*houses: House) -> None:
    for house in houses:
        await house.alarms.follow(await house.log.find(EventFilter(), 1000))


async def test_an_alarm_is_raised_once_though_both_believe_that_they_lead(engine: AsyncEngine) -> None:
    one, other = await pair(engine)
    await other.alarms.lead()
    for house in (one, other):
        house.reads({"D00000/t": 35.0})
    await asyncio.gather(one.alarms.settle(), other.alarms.settle())
    assert (await one.types()).count("alarm.raised") == 1
    assert len(other.alarms.open_alarms()) == len(one.alarms.open_alarms()) == 1


async def test_what_one_takes_the_other_cannot_take_again(engine: AsyncEngine) -> None:
    one, other = await pair(engine)
    await one.read({"D00000/t": 35.0})
    await follow(other)
    (alarm,) = other.alarms.open_alarms()
    await other.alarms.acknowledge(alarm.id, "person:chen")
    with pytest.raises(AlarmStateError):
        await one.alarms.acknowledge(alarm.id, "person:lin")
    (known,) = one.alarms.open_alarms()
    assert (known.state, known.acknowledged_by) == (AlarmState.ACKNOWLEDGED_ACTIVE, "person:chen")


async def test_who_takes_over_raises_what_the_last_leader_did_not_come_to(engine: AsyncEngine) -> None:
    one, other = await pair(engine)
    for house in (one, other):
        house.reads({"D00000/t": 35.0})
    await one.alarms.settle()
    await other.alarms.settle()
    await follow(other)
    # The leader is dead: one alarm begins, one ends, one comes and goes.
    other.reads({"D00001/t": 40.0, "D00000/t": 20.0, "D00002/status": 2.0})
    other.now_s += 1
    other.reads({"D00002/status": 0.0})
    await other.alarms.settle()
    assert (await other.types()).count("alarm.raised") == 1
    await other.alarms.lead()
    await other.alarms.settle()
    found = {(each.device, each.active) for each in other.alarms.open_alarms()}
    assert found == {("D00000", False), ("D00001", True), ("D00002", False)}
    types = await other.types()
    assert (types.count("alarm.raised"), types.count("alarm.returned")) == (3, 2)
    await other.alarms.settle()
    assert await other.types() == types


async def test_who_takes_over_repeats_nothing_that_is_written(engine: AsyncEngine) -> None:
    one, other = await pair(engine)
    for values in ({"D00000/t": 35.0, "D00001/status": 2.0}, {"D00001/status": 0.0}):
        for house in (one, other):
            house.reads(values)
            await house.alarms.settle()
    written = await one.types()
    await other.alarms.lead()
    await other.alarms.settle()
    assert await other.types() == written


# Commands


def another(lamps: Lamps) -> Commands:
    adapters = {"mqtt": lamps.adapter}
    return Commands(lamps.bridge, lamps.log, lamps.engine, adapters, 30.0, lambda: lamps.seconds, shared=True)


async def test_the_leader_decides_on_a_command_that_another_server_sent(engine: AsyncEngine) -> None:
    lamps = Lamps(engine)
    leader, sender = another(lamps), another(lamps)
    await leader.lead()
    await sender.send([ON], "person:op")
    await leader.follow(await lamps.events())
    lamps.adapter.report()
    await sender.step()
    assert len(await lamps.events()) == 1, "who follows decides nothing"
    await leader.step()
    await sender.follow(await lamps.events())
    assert [state.outcome for state in sender.last()] == [Outcome.CONFIRMED]
    assert len(lamps.adapter.got) == 1


async def test_a_command_has_one_outcome_though_both_decide(engine: AsyncEngine) -> None:
    lamps = Lamps(engine)
    one, other = another(lamps), another(lamps)
    await one.send([ON], "person:op")
    await other.follow(await lamps.events())
    await one.lead()
    await other.lead()
    lamps.adapter.report()
    await asyncio.gather(one.step(), other.step())
    assert [event.type for event in await lamps.events()] == ["command.sent", "command.confirmed"]


# Who leads


async def test_one_of_two_servers_leads_and_hands_over_when_it_ends(engine: AsyncEngine) -> None:
    bus, lamps = LocalBus(), Lamps(engine)
    servers = Servers(engine)
    houses = House(engine), House(engine)

    def replica(film: Film, house: House) -> Replica:
        return Replica(bus, lamps.bridge, {}, Duties(film, shared(house), another(lamps)))

    async with servers.one.running(records=False), servers.other.running(records=False):
        first, second = replica(servers.one, houses[0]), replica(servers.other, houses[1])
        async with second.running():
            async with first.running():
                async with asyncio.timeout(60):
                    while not first.leads:
                        await asyncio.sleep(0.01)
                assert not second.leads
            await first._lease.give_up()
            async with asyncio.timeout(60):
                while not second.leads:
                    await asyncio.sleep(0.01)
            assert not first.leads


async def test_who_follows_says_that_the_film_cannot_be_written(engine: AsyncEngine) -> None:
    """The disk of the leader's database is full: people who look at the other server are told so too."""
    lamps, servers, board = Lamps(engine), Servers(engine), LocalBoard()
    replicas = []
    for name, film in (("one", servers.one), ("other", servers.other)):
        bus = LocalBus()
        bus.name, bus.board = name, board
        replicas.append(Replica(bus, lamps.bridge, {}, Duties(film, shared(House(engine)), another(lamps))))
    leader, follower = replicas
    assert follower.film_condition is None
    trouble = servers.one.recorder.trouble
    trouble.fail(START_MS, OSError("no space left on device"))
    trouble.lose(START_MS, Lost(5, START_MS - 9, START_MS - 1))
    board.post(leader._report())
    board.post(follower._report())
    assert follower.film_condition == leader.film_condition == servers.one.recorder.condition
    assert follower.film_condition is not None
    assert (follower.film_condition.fault, follower.film_condition.lost) == (
        "full",
        Lost(5, START_MS - 9, START_MS - 1),
    )
    trouble.end(START_MS + 1)
    board.post(leader._report())
    assert follower.film_condition is None


def test_what_another_release_calls_a_fault_is_one_of_the_others() -> None:
    heard = Condition.heard(StoreTrouble(1.0, "of-tomorrow", "r", 2, 3))
    assert (heard.fault, heard.lost, heard.told().fault) == ("other", None, "other")


def test_the_state_that_travels_is_what_is_known(engine: AsyncEngine) -> None:
    lamps = Lamps(engine)
    lamps.bridge.accept([Reading("a", "level", 40)])
    lamps.bridge.accept([Reading("b", "level", 50, lamps.clock.now_ms())], simulated=True)
    lamps.clock.ms += 3_600_000
    lamps.bridge.flush()
    fresh = Lamps(engine).bridge
    batch = state_of(lamps.bridge.live)
    fresh.take_over(batch.point_index, batch.value, batch.time_ms, batch.quality)
    live = lamps.bridge.live
    assert np.array_equal(fresh.live.value, live.value, equal_nan=True)
    assert np.array_equal(fresh.live.time_ms, live.time_ms)
    assert fresh.live.simulated.tolist() == live.simulated.tolist()
