"""Redis killed, frozen and emptied; workers that die with a command in hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from telemetry_bridge.errors import CommandError
from telemetry_bridge.ports import Command
from telemetry_bridge.redis_bus import BusSettings, RedisBus, SampleSettings
from telemetry_bridge.redis_commands import GROUP
from tests.telemetry_bridge.redis_server import RedisServer
from tests.telemetry_bridge.test_bus import LEASE_S, N_POINTS, Heard, batch, command, running, until

VENUE = "faults"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def bus_of(server: RedisServer, registry: str = "registry", **samples: int) -> RedisBus:
    settings = BusSettings(lease_s=LEASE_S, samples=SampleSettings(**samples))
    return RedisBus(server.url, VENUE, registry, N_POINTS, settings)


@contextlib.asynccontextmanager
async def client_of(server: RedisServer) -> AsyncIterator[Any]:
    client: Any = Redis.from_url(server.url, protocol=2)
    try:
        yield client
    finally:
        await client.aclose()


async def test_what_waited_while_redis_was_killed_arrives(redis_server: RedisServer) -> None:
    worker, server = bus_of(redis_server), bus_of(redis_server)
    heard = Heard()
    server.samples.subscribe(heard.take)
    async with running(worker, server):
        worker.samples.publish(batch(1.0))
        await until(lambda: heard.value == {0: 1.0})
        redis_server.kill()
        for step in range(50):
            worker.samples.publish(batch(float(step), first=step))
        await until(lambda: worker.note and server.note)
        assert "cannot be reached" in str(server.note)
        redis_server.start()
        await until(lambda: heard.value.get(49) == 49.0)
        assert heard.value == {step: float(step) for step in range(50)}
        await until(lambda: worker.note is None and server.note is None)


async def test_a_redis_that_answers_nothing_is_noticed_and_nothing_is_lost(redis_server: RedisServer) -> None:
    worker, server = bus_of(redis_server), bus_of(redis_server)
    heard = Heard()
    server.samples.subscribe(heard.take)
    async with running(worker, server):
        worker.samples.publish(batch(1.0))
        await until(lambda: heard.samples)
        redis_server.freeze()
        worker.samples.publish(batch(2.0))
        await until(lambda: worker.note)
        redis_server.thaw()
        await until(lambda: heard.value == {0: 2.0})


async def test_more_than_may_wait_is_given_up_oldest_first_and_said(redis_server: RedisServer) -> None:
    worker, server = bus_of(redis_server, waiting_samples=10), bus_of(redis_server)
    heard = Heard()
    server.samples.subscribe(heard.take)
    async with running(worker, server):
        redis_server.kill()
        for step in range(30):
            worker.samples.publish(batch(float(step), first=step))
        redis_server.start()
        await until(lambda: 29 in heard.value)
        assert min(heard.value) == 20
        await until(lambda: "20 samples were lost" in str(worker.note))


async def test_the_stream_is_bounded_and_the_kept_state_holds_what_it_dropped(
    redis_server: RedisServer,
) -> None:
    worker, server = bus_of(redis_server, kept_entries=1), bus_of(redis_server)
    early = Heard()
    server.samples.subscribe(early.take)
    async with running(worker, server), client_of(redis_server) as client:
        worker.samples.publish(batch(5.0, first=50))
        await until(lambda: early.samples == 1)
        await server.samples.keep(batch(5.0, first=50))
        for step in range(150):  # streams are cut in nodes of 100 entries
            worker.samples.publish(batch(float(step)))
            await until(lambda wanted=float(step): early.value.get(0) == wanted)  # type: ignore[misc]
        assert await client.xlen(f"twin:{VENUE}:samples") < 150
        late, heard = bus_of(redis_server), Heard()
        late.samples.subscribe(heard.take)
        async with running(late):
            await until(lambda: heard.value == {50: 5.0, 0: 149.0})


async def test_samples_of_other_devices_are_refused_and_said(redis_server: RedisServer) -> None:
    worker, server = bus_of(redis_server, "another"), bus_of(redis_server)
    heard = Heard()
    server.samples.subscribe(heard.take)
    async with running(worker, server):
        worker.samples.publish(batch(1.0))
        await until(lambda: "same venue folder" in str(server.note))
        assert heard.samples == 0


async def test_a_command_that_nobody_takes_is_withdrawn_and_never_sent(redis_server: RedisServer) -> None:
    server, worker = bus_of(redis_server), bus_of(redis_server)
    server.commands._answer_s = 0.3
    sent: list[Command] = []

    async def send(each: Command) -> None:
        sent.append(each)

    async with running(server, worker):
        with pytest.raises(CommandError, match="no worker took the command"):
            await server.commands.hand_over("plc", command("late"))
        async with worker.commands.serve("plc", send):
            await server.commands.hand_over("plc", command("next"))
    assert [each.id for each in sent] == ["next"]


async def test_a_command_in_a_dead_workers_hand_is_taken_over(redis_server: RedisServer) -> None:
    """The first worker read it and died before it sent it: nothing marks it, so the next one sends it."""
    server, second = bus_of(redis_server), bus_of(redis_server)
    sent: list[Command] = []

    async def send(each: Command) -> None:
        sent.append(each)

    async with running(server, second), client_of(redis_server) as client:
        stream = f"twin:{VENUE}:commands:plc"
        await client.xgroup_create(stream, GROUP, "0", mkstream=True)
        waiting = asyncio.create_task(server.commands.hand_over("plc", command()))
        while not await client.xreadgroup(GROUP, "dead", {stream: ">"}):
            await asyncio.sleep(0.01)
        async with second.commands.serve("plc", send):
            await waiting
        assert [each.id for each in sent] == ["c1"]
        while (await client.xpending(stream, GROUP))["pending"]:
            await asyncio.sleep(0.01)


async def test_a_command_that_a_dead_worker_sent_is_not_sent_again(redis_server: RedisServer) -> None:
    server, first, second = (bus_of(redis_server) for _ in range(3))
    at_device: list[str] = []
    reached = asyncio.Event()

    async def hang(each: Command) -> None:
        at_device.append(each.id)
        reached.set()
        await asyncio.sleep(3600)

    async def send(each: Command) -> None:
        at_device.append(each.id)

    async with (
        running(server, second, first),
        client_of(redis_server) as client,
        first.commands.serve("plc", hang),
    ):
        waiting = asyncio.create_task(server.commands.hand_over("plc", command()))
        await reached.wait()
        # It is the last that anybody hears of the first worker.
        async with second.commands.serve("plc", send):
            await waiting
            while (await client.xpending(f"twin:{VENUE}:commands:plc", GROUP))["pending"]:
                await asyncio.sleep(0.01)
    assert at_device == ["c1"]


async def test_commands_are_refused_while_redis_is_away(redis_server: RedisServer) -> None:
    server = bus_of(redis_server)
    async with running(server):
        redis_server.kill()
        with pytest.raises(CommandError, match="cannot be reached"):
            await server.commands.hand_over("plc", command())


async def test_a_lease_runs_out_with_its_holder(redis_server: RedisServer) -> None:
    dead, heir = bus_of(redis_server), bus_of(redis_server)
    held, wanted = dead.lease("film"), heir.lease("film")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(dead._link.repeating(dead._renew_all, "lease"))
        first = await held.changed(0)
        await stack.enter_async_context(heir.running())
        await asyncio.sleep(0.3)
        assert wanted.token == 0
        for task in asyncio.all_tasks():
            if task.get_name() == "lease":
                task.cancel()  # as if the process had been killed: nothing is given up
        second = await asyncio.wait_for(wanted.changed(0), 60)
        assert second > first


async def test_tokens_grow_though_redis_forgot_everything(redis_server: RedisServer) -> None:
    one = bus_of(redis_server)
    lease = one.lease("film")
    async with running(one):
        first = await lease.changed(0)
        redis_server.kill()
        await until(lambda: one.note)
        assert lease.token == first, "it goes on until it is told otherwise"
        redis_server.start()
        assert await asyncio.wait_for(lease.changed(first), 60) > first
