"""What every bus promises, held against the one in a process and the one over a real Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from telemetry_bridge.bus import Batch, Bus, Findings, LineReport, ProcessReport
from telemetry_bridge.bus_local import LocalBus
from telemetry_bridge.device_clocks import ClockSkew
from telemetry_bridge.errors import BusError, CommandError
from telemetry_bridge.ports import Command, Health
from telemetry_bridge.redis_bus import BusSettings, RedisBus
from telemetry_bridge.refused import RefusedSender
from tests.telemetry_bridge.redis_server import RedisServer

N_POINTS = 100
WAIT_S = 60.0
#: Longer than a busy machine keeps a process from renewing its lease.
LEASE_S = 2.5
Join = Callable[[], Bus]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


def batch(*values: float, first: int = 0, time_ms: float = 1000.0) -> Batch:
    index = np.arange(first, first + len(values))
    return Batch.of(
        index, np.array(values), np.full(len(values), time_ms), np.zeros(len(values), dtype=np.intp)
    )


def command(name: str = "c1") -> Command:
    return Command(name, "L-01", "level", 40.0, 1000.0)


class Heard:
    """What a subscriber took: the newest value of each point, and how many samples."""

    def __init__(self) -> None:
        self.value: dict[int, float] = {}
        self.samples = 0

    def take(self, taken: Batch) -> None:
        self.samples += len(taken)
        self.value.update(zip(taken.point_index.tolist(), taken.value.tolist(), strict=True))


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["local", "redis"])
def join(request: pytest.FixtureRequest) -> Join:
    """Gives the bus of one process after the other, all of the same twin."""
    if request.param == "local":
        bus = LocalBus()
        return lambda: bus
    url = request.getfixturevalue("redis_server").url
    venue = request.node.name  # each test is a venue of its own
    return lambda: RedisBus(url, venue, "registry", N_POINTS, BusSettings(lease_s=LEASE_S))


@contextlib.asynccontextmanager
async def running(*buses: Bus) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for each in buses:
            await stack.enter_async_context(each.running())
        yield


async def test_every_replica_gets_all_samples(join: Join) -> None:
    worker, one, other = join(), join(), join()
    first, second = Heard(), Heard()
    one.samples.subscribe(first.take)
    other.samples.subscribe(second.take)
    async with running(worker, one, other):
        for step in range(20):
            worker.samples.publish(batch(float(step), float(-step), first=step))
        await until(lambda: first.samples == 40 and second.samples == 40)
    assert first.value == second.value
    assert first.value[5] == 5.0


async def test_who_comes_later_gets_what_is_known(join: Join) -> None:
    worker, one = join(), join()
    early = Heard()
    one.samples.subscribe(early.take)
    async with running(worker, one):
        worker.samples.publish(batch(1.0, 2.0, 3.0))
        await until(lambda: early.samples == 3)
        await one.samples.keep(batch(1.0, 2.0, 3.0))
        late, heard = join(), Heard()
        late.samples.subscribe(heard.take)
        async with running(late):
            await until(lambda: heard.value == {0: 1.0, 1: 2.0, 2: 3.0})
            worker.samples.publish(batch(9.0))
            await until(lambda: heard.value[0] == 9.0)


async def test_a_command_reaches_the_one_who_serves_its_line(join: Join) -> None:
    server, worker = join(), join()
    taken: list[Command] = []

    async def send(sent: Command) -> None:
        taken.append(sent)

    async with running(server, worker), worker.commands.serve("mqtt", send):
        await server.commands.hand_over("mqtt", command())
        assert taken == [command()]
        await server.commands.hand_over("mqtt", command())
        assert len(taken) == 1, "the same command is never sent twice"


async def test_why_a_command_could_not_be_sent_comes_back(join: Join) -> None:
    server, worker = join(), join()

    async def send(_sent: Command) -> None:
        raise CommandError("the device is away")

    async with running(server, worker), worker.commands.serve("mqtt", send):
        with pytest.raises(CommandError, match="the device is away"):
            await server.commands.hand_over("mqtt", command())


async def test_others_hear_of_new_events(join: Join) -> None:
    one, other = join(), join()
    heard: list[int] = []
    other.bell.listen(heard.append)
    async with running(one, other):
        if isinstance(other, RedisBus):
            await until(lambda: 0 in heard)  # it listens
        one.bell.ring(7)
        await until(lambda: 7 in heard)


async def test_one_at_a_time_holds_a_lease_and_tokens_grow(join: Join) -> None:
    one, other = join(), join()
    mine, theirs = one.lease("film"), other.lease("film")
    async with running(one):
        first = await mine.changed(0)
        async with running(other):
            await asyncio.sleep(0.3)
            assert (mine.token, theirs.token) == (first, 0)
            await mine.give_up()
            second = await asyncio.wait_for(theirs.changed(0), WAIT_S)
            assert second > first
            assert mine.token == 0


async def test_a_lease_that_was_given_up_can_be_had_again(join: Join) -> None:
    bus = join()
    lease = bus.lease("line", asked=False)
    async with running(bus):
        await asyncio.sleep(0.3)
        assert lease.token == 0
        lease.ask()
        first = await asyncio.wait_for(lease.changed(0), WAIT_S)
        await lease.give_up()
        assert lease.token == 0
        lease.ask()
        lease.ask()
        assert await asyncio.wait_for(lease.changed(0), WAIT_S) > first


async def test_processes_tell_how_they_are(join: Join) -> None:
    worker, server = join(), join()
    report = LineReport(
        "plc", "modbus", "w1", True, False, Health(True, "up", received=3), ("a note",), frozenset({1, 2})
    )
    found = Findings(
        (RefusedSender("mqtt", "ghost", "bad_secret", 3, 1.0, 2.0),), 3, (ClockSkew("r1", 60_000.0, 5.0),)
    )
    async with running(worker, server):
        able = frozenset({"plc", "hall"})
        worker.board.post(ProcessReport(worker.name, able, (report,), found))
        await until(lambda: [each.lines for each in server.board.processes] == [(report,)])
        (process,) = server.board.processes
        assert (process.name, process.able, process.findings) == (worker.name, able, found)
        worker.board.post(ProcessReport(worker.name))
        await until(lambda: [each.lines for each in server.board.processes] == [()])


async def test_who_ends_is_gone_at_once(redis_server: RedisServer) -> None:
    """With leases so long that nothing runs out while the test does."""
    long = BusSettings(lease_s=60.0)
    one, other = (RedisBus(redis_server.url, "ending", "registry", N_POINTS, long) for _ in range(2))
    async with running(one):
        async with running(other):
            other.board.post(ProcessReport(other.name))
            await until(lambda: [each.name for each in one.board.processes] == [other.name])
        await until(lambda: not one.board.processes)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BusError, match="redis://HOST"):
        RedisBus("http://127.0.0.1", "v", "r", 1)


async def test_a_redis_that_is_not_there_is_said(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    with pytest.raises(BusError, match="cannot be reached"):
        async with RedisBus(f"redis://:hunter2@127.0.0.1:{server.port}", "v", "r", 1).running():
            pass
