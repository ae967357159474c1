"""Keeping a connection up, and what an adapter delivers."""

import asyncio

import pytest

from telemetry_bridge.adapter_file_parts import PointRef
from telemetry_bridge.adapters.delivery import Delivery, Sample
from telemetry_bridge.adapters.upkeep import SLOW, Patience, Upkeep
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.said import said_of
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.adapting import QUICK, until
from tests.telemetry_bridge.builders import HandClock, registry

TEMPERATURE, MODE = PointRef("r1", "temperature"), PointRef("r1", "mode")


class Work:
    """Fails with what it is given, one after the other, then holds."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.rounds = 0
        self.upkeep = Upkeep("line", self.run, (KeyError,), QUICK)

    async def run(self) -> None:
        self.rounds += 1
        if self.failures:
            failure = self.failures.pop(0)
            if failure is not None:
                raise failure
        self.upkeep.is_up()
        await asyncio.Event().wait()


async def test_it_comes_back_until_it_is_stopped() -> None:
    work = Work(OSError("no route"), KeyError("odd"), TimeoutError())
    work.upkeep.start()
    work.upkeep.start()
    await until(lambda: work.upkeep.connected)
    assert (work.rounds, work.upkeep.connections, work.upkeep.reconnects) == (4, 1, 0)
    assert work.upkeep.last_error == "no answer"
    await work.upkeep.stop()
    await work.upkeep.stop()
    assert (work.upkeep.connected, work.upkeep.trouble) == (False, "stopped")


async def test_a_fault_of_ours_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(ZeroDivisionError("ours"), ZeroDivisionError("ours"))
    work.upkeep.start()
    await until(lambda: work.upkeep.connected)
    assert "ZeroDivisionError('ours'); please report it" in work.upkeep.last_error
    assert [record.exc_info is not None for record in caplog.records if "has failed" in record.message] == [
        True
    ]
    await work.upkeep.stop()


async def test_work_that_forgets_a_cancellation_is_stopped_all_the_same() -> None:
    forgotten = 0

    async def stubborn() -> None:
        nonlocal forgotten
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                forgotten += 1
                if forgotten > 1:
                    raise

    upkeep = Upkeep("line", stubborn, (), QUICK)
    upkeep.start()
    await asyncio.sleep(0)
    await upkeep.stop()
    assert forgotten == 2


def test_pauses_double_up_to_the_longest() -> None:
    patience = Patience(0.5, 30.0)
    for failures, pause_s in ((0, 0.5), (1, 1.0), (4, 8.0), (10, 30.0), (SLOW, 30.0), (10**6, 30.0)):
        for _ in range(20):
            assert pause_s / 2 <= patience.pause_s(failures) <= pause_s


def test_errors_in_one_line() -> None:
    assert said_of(OSError("two\n lines")) == "two lines"
    assert said_of(KeyError()) == "KeyError"
    assert said_of(TimeoutError()) == "no answer"
    assert said_of(ConnectionRefusedError(111, "Connect call failed")) == "Connection refused"


def test_a_delivery_knows_which_points_are_bad_and_why(caplog: pytest.LogCaptureFixture) -> None:
    bridge = Bridge(registry(), HandClock())
    delivery = Delivery("line")
    delivery.take([Sample(TEMPERATURE, 20.0)])
    assert delivery.received == 0, "nowhere to deliver yet"
    delivery.connect(bridge)
    delivery.take([Sample(TEMPERATURE, 20.0), Sample(MODE, fault="unit 3 does not answer")])
    assert (delivery.received, delivery.refused, list(delivery.faults)) == (1, 0, [MODE])
    assert delivery.last_error == "r1/mode: unit 3 does not answer"
    assert delivery.last_ms is not None
    delivery.take([Sample(MODE, fault="unit 3 does not answer")])
    assert caplog.text.count("r1/mode is bad") == 1, "once for each time that it turns bad"
    delivery.take([Sample(MODE, "heat"), Sample(TEMPERATURE, 21.0, quality=Quality.STALE)])
    assert not delivery.faults
    point = bridge.registry.find("r1", "temperature")
    assert point is not None
    assert bridge.live.quality[point.point_index] == Quality.STALE
    delivery.take([Sample(MODE, "no such state")])
    assert delivery.refused == 1
    assert list(delivery.faults) == [MODE]
