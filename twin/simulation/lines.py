"""Lines of `adapters.yaml` whose devices the simulation plays: those that say `simulated: true`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.adapter_file import Entry
from telemetry_bridge.adapter_file_modbus import ModbusSettings
from telemetry_bridge.adapter_lines import Line
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import Adapter

if TYPE_CHECKING:
    from twin.simulation.modbus_device import Field


class SimulatedLine(Line):
    """A line that reads a simulated device."""


def may_be_simulated(line: Line) -> bool:
    """Whether the file lets the simulation play a line's device."""
    return line.enabled and isinstance(line.settings, ModbusSettings) and line.settings.simulated


def simulated_line(line: Line, registry: Registry, field: "Field", speed: float) -> Line:
    """The line as it reads a device played by `field`; one that the file does not let be simulated stays.

    `speed` is how fast the simulation's time runs.
    """
    settings = line.settings
    if not may_be_simulated(line) or not isinstance(settings, ModbusSettings):
        return line
    entry = Entry(settings, 0, ())
    return SimulatedLine(entry, lambda: _device(settings, registry, field, speed), line.notes)


def _device(settings: ModbusSettings, registry: Registry, field: "Field", speed: float) -> Adapter:
    from twin.simulation.modbus_device import SimulatedModbus  # noqa: PLC0415 - loads the protocol's library

    return SimulatedModbus(settings, registry, field, speed)


def points_over(lines: Iterable[Line], registry: Registry) -> NDArray[np.bool_]:
    """Which points, `(points,)`, come over simulated lines: the simulation itself leaves them to these."""
    over = np.zeros(len(registry), dtype=np.bool_)
    for line in lines:
        for ref, _ in line.settings.refs() if may_be_simulated(line) else ():
            point = registry.find(*ref)
            if point is not None:
                over[point.point_index] = True
    return over
