"""The simulated venue as one more source of telemetry."""

import asyncio
import contextlib
from collections.abc import Sequence

import numpy as np
import structlog
from numpy.typing import NDArray

from spatial.package import ModelPackage
from telemetry_bridge.clock import Clock
from telemetry_bridge.errors import CommandError
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import ColumnSink, Command, Health
from telemetry_bridge.said import Said
from telemetry_bridge.wire import Quality
from twin.simulation.programme import Visit
from twin.simulation.simulation import Simulation
from twin.venue import Venue

log = structlog.get_logger(__name__)

TICK_S = 0.5


class SimulationAdapter:
    """Plays the devices of a venue by the twin's own clock, faster than real time if that runs faster."""

    def __init__(
        self,
        registry: Registry,
        package: ModelPackage,
        venue: Venue,
        clock: Clock,
        seed: int = 1,
        elsewhere: NDArray[np.bool_] | None = None,
    ) -> None:
        """`elsewhere`, `(points,)`: points that come over a line of their own, and are not sent here."""
        self._elsewhere = np.zeros(len(registry), dtype=np.bool_) if elsewhere is None else elsewhere
        self._registry = registry
        self._clock = clock
        self._simulation = Simulation(registry, package, venue, clock.now_ms(), seed)
        self._task: asyncio.Task[None] | None = None
        self._sink: ColumnSink | None = None
        self._sent = 0
        self._failure: str = ""

    def leave(self, elsewhere: NDArray[np.bool_]) -> None:
        """From now on these points, `(points,)`, and no others come over lines of their own."""
        self._elsewhere = elsewhere

    async def start(self, sink: ColumnSink) -> None:
        """Send the state of every device at once, then what changes."""
        self._sink = sink
        self._tick()
        self._task = asyncio.create_task(self._run(), name="simulation")

    async def stop(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def send(self, command: Command) -> None:
        """Let the simulated device follow a command.

        Raises:
            CommandError: there is no such point, or it takes no commands.
        """
        point = self._registry.find(command.device, command.point)
        if point is None or not point.writable:
            raise CommandError(f"{command.device}/{command.point} takes no commands")
        self.order(point, command.value)

    def order(self, point: Point, value: float) -> None:
        """Let the simulated device of a writable point follow a command."""
        self._simulation.order(point, value)

    def shown(self, point_index: int) -> float:
        """What a point shows, in its unit; NaN: its device says nothing."""
        return float(self._simulation.shown[point_index])

    def resume(self, shown: NDArray[np.float64]) -> None:
        """Go on from the values that the points, `(points,)`, had when the server last ran; NaN: unknown."""
        self._simulation.resume(shown)

    def expect(self, visits: Sequence[Visit]) -> None:
        """Let these people come, besides those of the programme; replaces whom it expected before."""
        self._simulation.world.programme.visits.expected = tuple(visits)

    def health(self) -> Health:
        """Running or not, and how many samples it has sent."""
        running = self._task is not None and not self._task.done()
        return Health(running, self._failure or "simulated devices", received=self._sent)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._tick()
            except Exception:
                # The show must not take the server down with it; the failure shows in health and in the log.
                self._failure = Said("the simulation failed; see the log", "simulation")
                log.exception("simulation failed")
                return

    def _tick(self) -> None:
        now_ms = self._clock.now_ms()
        self._simulation.advance(now_ms)
        points, values = self._simulation.report()
        here = ~self._elsewhere[points]
        points, values = points[here], values[here]
        if self._sink is not None and len(points):
            self._sink.accept_columns(points, values, np.full(len(points), now_ms), Quality.SIMULATED)
            self._sent += len(points)
