"""The settings of a Modbus TCP line, as `adapters.yaml` has them, and its registers. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, ClassVar, Literal, cast

from annotated_types import Ge, Le, MinLen
from pydantic import ConfigDict

from telemetry_bridge.adapter_file_parts import (
    STRICT,
    AdapterSettings,
    Conversion,
    ConvertedPoint,
    PointRef,
    Port,
    Seconds,
    Text,
)
from telemetry_bridge.yaml_lines import Path

Table = Literal["holding", "input", "coil", "discrete"]
Order = Literal["big", "little"]
NumberType = Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
Address = Annotated[int, Ge(0), Le(0xFFFF)]
#: 0 is the broadcast, 248 to 255 are reserved, 255 is common for "the device itself" behind no gateway
#: (Modbus Messaging on TCP/IP 1.0b, 4.4.2.4).
Unit = Annotated[int, Ge(0), Le(255)]
Bit = Annotated[int, Ge(0), Le(15)]

BIT_TABLES = ("coil", "discrete")
WRITABLE_TABLES = ("holding", "coil")
LAST_ADDRESS = 0xFFFF
DEFAULT_GROUP = "default"


def width_of(table: Table, kind: NumberType) -> int:
    """Give how many addresses a value takes: registers of 16 bits, or one coil."""
    return 1 if table in BIT_TABLES else int(kind.lstrip("uintfloa")) // 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """Where commands go, when not to where the value is read."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    address: Address
    table: Literal["holding", "coil"] = "holding"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry(ConvertedPoint):
    """One register of a map, as written; in the map of a device type its address counts from the device's."""

    address: Address
    table: Table = "holding"
    type: NumberType = "uint16"
    bit: Bit | None = None
    absent: float | None = None
    """What the device writes where it has no reading, before scaling (SunSpec: 0x8000, 0xFFFF)."""
    word_order: Order | None = None
    byte_order: Order | None = None
    group: str = DEFAULT_GROUP
    write: WriteTarget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry(RegisterEntry):
    """One register of one device, as written."""

    device: Text
    unit: Unit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """A device that has the registers of a map, `base` addresses further on."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    device: Text
    map: str
    unit: Unit | None = None
    base: Address = 0


@dataclass(frozen=True, slots=True)
class Register:
    """Where a point's value stands and how it is read: all that the file leaves out is filled in."""

    ref: PointRef
    unit: int
    table: Table
    address: int
    type: NumberType
    word_order: Order
    byte_order: Order
    group: str
    conversion: Conversion
    bit: int | None = None
    absent: float | None = None
    writable: bool = False
    write_table: Table = "holding"
    write_address: int = 0

    @property
    def width(self) -> int:
        """How many addresses it takes."""
        return width_of(self.table, self.type)

    @property
    def reads_what_is_written(self) -> bool:
        """Whether commands go to where the value is read."""
        return (self.write_table, self.write_address) == (self.table, self.address)

    @property
    def place(self) -> str:
        """Where it stands, for people: `unit 3 holding 100`."""
        return f"unit {self.unit} {self.table} {self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusSettings(AdapterSettings):
    """A Modbus TCP device, or a gateway with several units behind it."""

    kind: Literal["modbus"]
    host: Text
    port: Port = 502
    simulated: bool = False
    """Where the venue is simulated, so is this device: it listens on a port of the server's own."""
    unit: Unit = 1
    timeout_s: Seconds = 2.0
    word_order: Order = "big"
    byte_order: Order = "big"
    groups: dict[str, Seconds] = field(default_factory=dict)
    """The period of each group, s; of the group `default` 10 s where it is not listed."""
    max_gap: Annotated[int, Ge(0), Le(100)] = 8
    """Reads are merged over gaps of so many unused registers."""
    max_registers: Annotated[int, Ge(4), Le(125)] = 125
    """The most in one read; 125 by the protocol (Modbus Application Protocol 1.1b3, 6.3), some bear less."""
    maps: dict[str, Annotated[list[RegisterEntry], MinLen(1)]] = field(default_factory=dict)
    devices: list[DeviceEntry] = field(default_factory=list)
    points: list[PointEntry] = field(default_factory=list)

    def periods_s(self) -> dict[str, float]:
        """Give the period of each group, s."""
        return {DEFAULT_GROUP: 10.0} | self.groups

    def entries(self) -> Iterator[tuple[PointEntry, Path]]:
        """Give every register of every device, those of maps with their final address."""
        for place, entry in enumerate(self.points):
            yield entry, ("points", place)
        for place, device in enumerate(self.devices):
            for register in self.maps.get(device.map, ()):
                yield _moved(register, device), ("devices", place)

    def refs(self) -> Iterator[tuple[PointRef, Path]]:
        """Give the points that it names, each with its place in the entry."""
        for entry, path in self.entries():
            yield PointRef(entry.device, entry.point), path

    def asked_s(self) -> Iterator[tuple[PointRef, float]]:
        """Give the points with the periods of their groups, s."""
        periods_s = self.periods_s()
        for entry, _ in self.entries():
            yield PointRef(entry.device, entry.point), periods_s[entry.group]

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together, each with its place in the entry."""
        if not self.points and not self.devices:
            yield (), "no points: list them under points, or under maps with devices"
        for place, device in enumerate(self.devices):
            if device.map not in self.maps:
                known = ", ".join(self.maps) or "none"
                yield ("devices", place, "map"), f"no map {device.map!r}; there is {known}"
        written = [(each, ("points", place)) for place, each in enumerate(self.points)]
        mapped = [
            (each, ("maps", name, place))
            for name, rows in self.maps.items()
            for place, each in enumerate(rows)
        ]
        for entry, path in (*written, *mapped):
            for message in self._entry_faults(entry):
                yield path, message
        for moved, path in self.entries():
            if moved.address + width_of(moved.table, moved.type) > LAST_ADDRESS + 1:
                yield path, f"{moved.point} ends after address {LAST_ADDRESS}"

    def _entry_faults(self, entry: RegisterEntry) -> Iterator[str]:
        if fault := entry.conversion_fault():
            yield fault
        if entry.group not in self.periods_s():
            yield f"group: no group {entry.group!r}; give its period under groups"
        if entry.table in BIT_TABLES and (entry.type != "uint16" or entry.bit is not None):
            yield f"a {entry.table} is one bit: leave type and bit out"
        if entry.bit is not None and entry.type != "uint16":
            yield "bit: of a 16-bit register only; leave type out"
        if entry.writable and entry.write is None and entry.table not in WRITABLE_TABLES:
            yield f"writable: a register of the table {entry.table} cannot be written; say where under write"

    def registers(self) -> tuple[Register, ...]:
        """Give every register, complete."""
        return tuple(self._register(entry) for entry, _ in self.entries())

    def _register(self, entry: PointEntry) -> Register:
        target = entry.write or WriteTarget(
            address=entry.address, table=cast("Literal['holding', 'coil']", entry.table)
        )
        return Register(
            ref=PointRef(entry.device, entry.point),
            unit=self.unit if entry.unit is None else entry.unit,
            table=entry.table,
            address=entry.address,
            type=entry.type,
            word_order=entry.word_order or self.word_order,
            byte_order=entry.byte_order or self.byte_order,
            group=entry.group,
            conversion=entry.conversion(),
            bit=entry.bit,
            absent=entry.absent,
            writable=entry.writable,
            write_table=target.table,
            write_address=target.address,
        )


def _moved(register: RegisterEntry, device: DeviceEntry) -> PointEntry:
    """The register of a map as the device has it."""
    shared = {each.name: getattr(register, each.name) for each in fields(register)}
    entry = PointEntry(**shared, device=device.device, unit=device.unit)
    write = register.write and replace(register.write, address=register.write.address + device.base)
    return replace(entry, address=register.address + device.base, write=write)
