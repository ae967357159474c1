"""The simulated venue behind a real Modbus line: a Modbus TCP server whose registers show simulated devices.

The registers are those that `adapters.yaml` gives for the real devices; the line reads them over a socket of
this machine as it would read the devices themselves.
"""

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol, cast

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from telemetry_bridge.adapter_file_modbus import BIT_TABLES, ModbusSettings, Register, Table
from telemetry_bridge.adapters.modbus import ModbusAdapter
from telemetry_bridge.adapters.modbus_registers import encode, raw_value, with_bit
from telemetry_bridge.errors import AdapterError, CommandError
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import Acceptance, Command, Health, Reading, Sink
from telemetry_bridge.said import Said
from telemetry_bridge.values import number_of

LOOPBACK = "127.0.0.1"
FASTEST_S = 0.5
"""Where the simulation's time runs faster, the line asks more often, up to the beat of the simulation."""
#: Which table a function code is about (Modbus Application Protocol 1.1b3, 6).
TABLE_OF: dict[int, Table] = {
    1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil", 16: "holding",
}  # fmt: skip
#: The order in which pymodbus wants the tables of a device.
TABLES: tuple[Table, ...] = ("coil", "discrete", "holding", "input")
BITS = 16


class Field(Protocol):
    """What the devices show, and how they are told; `twin.simulation.adapter.SimulationAdapter` is one."""

    def shown(self, point_index: int) -> float:
        """What a point shows, in its unit; NaN: its device says nothing."""

    def order(self, point: Point, value: float) -> None:
        """Let a point's device follow a command."""


class _SimulatedSink(Protocol):
    def accept(self, readings: Sequence[Reading], *, simulated: bool = False) -> Acceptance: ...


class _AsSimulated:
    """Hands readings on as what they are: simulated."""

    def __init__(self, sink: Sink) -> None:
        self._sink = cast("_SimulatedSink", sink)  # the bridge; other sinks take no simulated line

    def accept(self, readings: Sequence[Reading]) -> Acceptance:
        return self._sink.accept(readings, simulated=True)


class ModbusUnit:
    """One unit of the server: what its registers hold, worked out when they are asked for."""

    def __init__(self, unit: int, registers: Sequence[Register], registry: Registry, field: Field) -> None:
        """Take the registers of one unit; those of points that the venue lacks hold zero."""
        self._unit, self._field = unit, field
        found = ((each, registry.find(*each.ref)) for each in registers)
        self._points = tuple((each, point) for each, point in found if point is not None)

    def device(self) -> SimDevice:
        """Give it as pymodbus serves it."""
        size = 1 + max(max(each.address + each.width, each.write_address + 4) for each, _ in self._points)
        data = {
            table: [
                SimData(0, values=[False] * size, datatype=DataType.BITS)
                if table in BIT_TABLES
                else SimData(0, values=[0] * size, datatype=DataType.REGISTERS)
            ]
            for table in TABLES
        }
        blocks = (data["coil"], data["discrete"], data["holding"], data["input"])
        return SimDevice(self._unit, simdata=blocks, action=self._act)

    async def _act(
        self,
        function: int,
        _start: int,
        address: int,
        count: int,
        current: list[int],
        values: list[int] | list[bool] | None,
    ) -> None:
        """Before pymodbus answers: bring the registers up to date, or follow what is written to them."""
        table = TABLE_OF.get(function)
        if table is None:
            return
        if values is None:
            for register, point in self._within(table, address, count):
                self._show(register, point, current)
        else:
            self._obey(table, address, [int(each) for each in values])

    def _within(self, table: Table, address: int, count: int) -> Iterator[tuple[Register, Point]]:
        for register, point in self._points:
            end = register.address + register.width
            if register.table == table and register.address < address + count and address < end:
                yield register, point

    def _show(self, register: Register, point: Point, current: list[int]) -> None:
        raw = raw_shown(register, point, self._field.shown(point.point_index))
        if raw is None:
            return
        place = register.address
        if register.table in BIT_TABLES:
            word, bit = divmod(place, BITS)
            current[word] = with_bit(current[word], bit, bool(raw))
        elif register.bit is not None:
            current[place] = with_bit(current[place], register.bit, bool(raw))
        else:
            words = encode(raw, register.type, register.word_order, register.byte_order)
            current[place : place + len(words)] = words

    def _obey(self, table: Table, address: int, values: Sequence[int]) -> None:
        for register, point in self._points:
            start = register.write_address - address
            written = replace(register, table=register.write_table, absent=None)
            if not register.writable or written.table != table:
                continue
            if not 0 <= start <= len(values) - written.width:
                continue
            raw = raw_value(written, values[start : start + written.width])
            value = None if raw is None else number_of(point, register.conversion.read(raw))
            if isinstance(value, float):
                self._field.order(point, value)


def raw_shown(register: Register, point: Point, value: float) -> float | None:
    """Give what a register holds for a point's value, before scaling; None: it keeps what it has.

    `value` NaN is no reading: the device's mark for that, where the file knows one.
    """
    if not math.isfinite(value):
        return register.absent
    try:
        raw = register.conversion.write(value, point)
        encode(raw, register.type, register.word_order, register.byte_order)
    except ValueError:  # a number too large for the register, a state that it has no number for
        return register.absent
    return raw


class SimulatedModbus:
    """A Modbus line with its device: the server, and the adapter that reads it."""

    def __init__(self, settings: ModbusSettings, registry: Registry, field: Field, speed: float) -> None:
        """`speed` is how fast the simulation's time runs."""
        self._settings, self._registry, self._field, self._speed = settings, registry, field, speed
        self._server: ModbusTcpServer | None = None
        self._line: ModbusAdapter | None = None

    async def start(self, sink: Sink) -> None:
        """Serve the registers on a free port, and begin to read them. AdapterError: no port can be had."""
        self._server = ModbusTcpServer(self._devices(), address=(LOOPBACK, 0))
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            raise AdapterError(f"{self._settings.id}: the simulated device cannot listen: {error}") from error
        listening = cast("asyncio.Server", self._server.transport)
        port: int = listening.sockets[0].getsockname()[1]
        self._line = ModbusAdapter(self._asked(port), self._registry)
        await self._line.start(_AsSimulated(sink))

    def _devices(self) -> list[SimDevice]:
        units: dict[int, list[Register]] = {}
        for register in self._settings.registers():
            if self._registry.find(*register.ref) is not None:
                units.setdefault(register.unit, []).append(register)
        return [
            ModbusUnit(unit, registers, self._registry, self._field).device()
            for unit, registers in units.items()
        ]

    def _asked(self, port: int) -> ModbusSettings:
        """The line's settings, towards the simulated device."""
        periods = self._settings.periods_s().items()
        faster = {name: max(min(FASTEST_S, each), each / max(1.0, self._speed)) for name, each in periods}
        return replace(self._settings, host=LOOPBACK, port=port, groups=faster)

    async def stop(self) -> None:
        """Stop reading, then the server."""
        line, self._line = self._line, None
        if line is not None:
            await line.stop()
        server, self._server = self._server, None
        if server is not None:
            await server.shutdown()  # type: ignore[no-untyped-call]

    def writes(self, device: str, point: str) -> bool:
        """Say whether a point is one of this line's that can be written."""
        return self._line is not None and self._line.writes(device, point)

    async def send(self, command: Command) -> None:
        """Write a point's register and read it back. CommandError: it was not written, or did not stay."""
        if self._line is None:
            raise CommandError(f"{self._settings.id} does not run")
        await self._line.send(command)

    def health(self) -> Health:
        """Say how the line is."""
        if self._line is None:
            return Health(False, Said("not started", "not-started"))
        health = self._line.health()
        return replace(health, detail=Said.of(health.detail).and_also(" (a simulated device)"))
