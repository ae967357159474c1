"""A Modbus TCP server of pymodbus as the peer of the tests, which set its registers and see its writes."""

import contextlib
from collections.abc import AsyncIterator
from typing import cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
SIZE = 400
UNIT_AT = 6


class PeerUnit:
    """One unit: SIZE addresses of each table.

    A `silent` one does not answer, `absent` addresses are refused, `sticky` ones keep what they have.
    """

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.silent = False
        self.absent: set[int] = set()
        self.refusal: ExcCodes | None = None
        self.sticky: set[int] = set()
        self.reads: list[tuple[int, int, int]] = []
        self.writes: list[tuple[int, int, list[int]]] = []
        self._pending: list[tuple[int, int, int]] = []
        self._registers: dict[int, list[int]] = {}

    def device(self) -> SimDevice:
        bits = [SimData(0, values=[False] * SIZE, datatype=DataType.BITS)]
        words = [SimData(0, values=[0] * SIZE, datatype=DataType.REGISTERS)]
        return SimDevice(self.unit, simdata=(bits, bits, words, words), action=self._act)

    def set(self, function: int, address: int, *values: int) -> None:
        """Let reads with a function code give these values from an address on."""
        self._pending += [(function, address + place, value) for place, value in enumerate(values)]

    def holding(self, address: int) -> int:
        """What a holding register has now."""
        return self._registers[READ_HOLDING][address]

    async def _act(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        table = {5: 1, 15: 1, 6: 3, 16: 3}.get(function, function)
        self._registers[table] = registers
        self._apply(table, registers)
        if self.refusal is not None:
            return self.refusal
        if self.absent & set(range(address, address + count)):
            return ExcCodes.ILLEGAL_ADDRESS
        if values is None:
            self.reads.append((function, address, count))
        else:
            self.writes.append((function, address, [int(each) for each in values]))
            for place in self.sticky & set(range(address, address + count)):
                cast("list[int]", values)[place - address] = registers[place]
        return None

    def _apply(self, table: int, registers: list[int]) -> None:
        for change in [each for each in self._pending if each[0] == table]:
            self._pending.remove(change)
            _, address, value = change
            if table in (READ_COILS, READ_DISCRETE):
                mask = 1 << address % 16
                word = registers[address // 16]
                registers[address // 16] = word | mask if value else word & ~mask
            else:
                registers[address] = value


class Peer:
    """The server: stop it and start it again on the same port."""

    def __init__(self, port: int, *units: int) -> None:
        self.port = port
        self.units = {unit: PeerUnit(unit) for unit in units}
        self._server: ModbusTcpServer | None = None

    async def start(self) -> None:
        devices = [unit.device() for unit in self.units.values()]
        self._server = ModbusTcpServer(
            devices, address=("127.0.0.1", self.port), trace_packet=self._without_silent
        )
        await self._server.serve_forever(background=True)

    def _without_silent(self, sending: bool, packet: bytes) -> bytes:
        unit = self.units.get(packet[UNIT_AT]) if sending else None
        return b"" if unit is not None and unit.silent else packet

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None


@contextlib.asynccontextmanager
async def modbus_peer(port: int, *units: int) -> AsyncIterator[Peer]:
    """A running server, until the block ends."""
    peer = Peer(port, *units)
    await peer.start()
    try:
        yield peer
    finally:
        await peer.stop()
