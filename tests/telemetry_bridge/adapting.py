"""What the tests of adapters share: a bridge on the machine's clock, lines made from YAML, waiting."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from telemetry_bridge.adapter_file import parse_adapter_file
from telemetry_bridge.adapter_lines import Surroundings, make_adapter
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.commands import make_command
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Adapter, Command
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.builders import LAMP, ROOM, registry

WAIT_S = 30.0
QUICK = Patience(0.05, 0.2)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


def registry_with_period(period_s: float) -> Registry:
    """The registry of the builders, all of whose points should report in this period."""
    types = [
        replace(each, points=tuple(replace(point, period_s=period_s) for point in each.points))
        for each in (ROOM, LAMP)
    ]
    return Registry(types, registry().devices.values())


class Site:
    """A bridge, one adapter on it, and what its points show."""

    def __init__(
        self,
        text: str,
        folder: Path = Path(),
        environment: Mapping[str, str] | None = None,
        period_s: float = 60.0,
    ) -> None:
        self.bridge = Bridge(registry_with_period(period_s), SystemClock())
        file = parse_adapter_file(text)
        around = Surroundings(
            "palace", self.bridge.registry, self.bridge.clock, folder, environment or {}, QUICK
        )
        self.adapter: Adapter = make_adapter(file.entries[0].settings, around)

    def _index(self, key: str) -> int:
        point = self.bridge.registry.find(*key.split("/"))
        assert point is not None
        return point.point_index

    def value(self, key: str) -> float:
        return float(self.bridge.live.value[self._index(key)])

    def quality(self, key: str) -> Quality:
        return Quality(int(self.bridge.live.quality[self._index(key)]))

    def shows(self, key: str, value: float, quality: Quality = Quality.GOOD) -> Callable[[], bool]:
        return lambda: abs(self.value(key) - value) < 1e-3 and self.quality(key) is quality

    def shows_all(self, values: Mapping[str, float]) -> Callable[[], bool]:
        shown = [self.shows(key, value) for key, value in values.items()]
        return lambda: all(each() for each in shown)

    def is_bad(self, key: str) -> Callable[[], bool]:
        index = self._index(key)
        return lambda: self.quality(key) is Quality.BAD and bool(self.bridge.live.known[index])

    def command(self, key: str, value: object) -> Command:
        device, point = key.split("/")
        now_ms = self.bridge.clock.now_ms()
        return make_command(self.bridge.registry, "c1", device, point, value, now_ms)


@contextlib.asynccontextmanager
async def running(site: Site) -> AsyncIterator[Site]:
    """The site with its adapter started, until the block ends."""
    await site.adapter.start(site.bridge)
    try:
        yield site
    finally:
        await site.adapter.stop()
