"""Modbus TCP: polls registers in groups, writes registers and reads them back.

One request is under way at a time, as most devices and all serial gateways want it. A unit that does not
answer is left alone for a while, so that it does not take the others' time.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from telemetry_bridge.adapter_file_modbus import BIT_TABLES, ModbusSettings, Register
from telemetry_bridge.adapters.delivery import Sample
from telemetry_bridge.adapters.listed_points import ListedPoints
from telemetry_bridge.adapters.modbus_plan import Read, plan_reads
from telemetry_bridge.adapters.modbus_registers import encode, raw_value, with_bit
from telemetry_bridge.adapters.rest import NoAnswerError, Rest
from telemetry_bridge.adapters.schedule import Schedule
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.said import Said, located, said_of

LOG = logging.getLogger(__name__)

ILLEGAL_ADDRESS = 2
#: Modbus Application Protocol 1.1b3, 7.
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge: still working",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
READ_BACK_PAUSES_S = (0.0, 0.2, 0.5, 1.0)
ROUNDING = 0.5
NO_READING = Said("the device says that it has no reading", "no-reading")


class RefusedError(Exception):
    """A request that the device answered with an exception; `code` is the protocol's."""

    def __init__(self, code: int) -> None:
        self.code = code
        text = f"exception {code}, {EXCEPTIONS.get(code, 'unknown')}"
        super().__init__(Said(text, "device-refused", text=text))


class ModbusAdapter(ListedPoints[Register]):
    """One Modbus TCP device or gateway."""

    def __init__(
        self, settings: ModbusSettings, registry: Registry, patience: Patience | None = None
    ) -> None:
        """Plan the reads of every group."""
        troubles = (ModbusException, NoAnswerError, RefusedError)
        super().__init__(settings.id, settings.registers(), registry, troubles, patience)
        self._settings = settings
        self._reads = dict(self._planned())
        self._rest = Rest(settings.timeout_s)
        self._client: AsyncModbusTcpClient | None = None
        self._turn = asyncio.Lock()

    @property
    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _planned(self) -> Iterator[tuple[str, tuple[Read, ...]]]:
        settings = self._settings
        for group in settings.periods_s():
            members = [each for each in self._entries.values() if each.group == group]
            if members:
                yield group, plan_reads(members, settings.max_gap, settings.max_registers)

    async def _work(self) -> None:
        client = self._new_client()
        try:
            if not await client.connect():
                raise ConnectionError(f"no connection with {self._address}")
            self._client = client
            self._upkeep.is_up()
            await self._poll(client)
        finally:
            self._client = None
            client.close()

    def _new_client(self) -> AsyncModbusTcpClient:
        settings = self._settings
        return AsyncModbusTcpClient(
            settings.host,
            port=settings.port,
            name=settings.id,
            timeout=settings.timeout_s,
            retries=0,
            reconnect_delay=0,  # reconnecting is ours
        )

    async def _poll(self, client: AsyncModbusTcpClient) -> None:
        loop = asyncio.get_running_loop()
        periods_s = self._settings.periods_s()
        schedule = Schedule({group: periods_s[group] for group in self._reads}, loop.time())
        while client.connected:
            for group in schedule.due(loop.time()):
                for read in self._reads[group]:
                    await self._fetch(group, read)
            await asyncio.sleep(schedule.wait_s(loop.time()))
        raise ConnectionError("the connection was lost")

    async def _fetch(self, group: str, read: Read) -> None:
        """Ask for one read and deliver what came of it."""
        now_s = asyncio.get_running_loop().time()
        if self._rest.rests(read.unit, now_s):
            return
        try:
            answer = await self._ask(read)
        except NoAnswerError as error:
            self._rest.silent(read.unit, asyncio.get_running_loop().time())
            self._delivery.take([Sample(each.ref, fault=said_of(error)) for each in self._of_unit(read.unit)])
        except RefusedError as error:
            if error.code == ILLEGAL_ADDRESS and len(read.registers) > 1:
                await self._fetch_apart(group, read)
            else:
                fault = located(said_of(error), place=read.place)
                self._delivery.take([Sample(each.ref, fault=fault) for each in read.registers])
        else:
            self._delivery.take([_sample(each, read.content(each, answer)) for each in read.registers])

    async def _fetch_apart(self, group: str, read: Read) -> None:
        """One wrong address, or a gap that the device lacks, must not take its neighbours along."""
        parts = read.apart()
        reads = list(self._reads[group])
        place = reads.index(read)
        self._reads[group] = (*reads[:place], *parts, *reads[place + 1 :])
        LOG.warning("%s: %s is refused as a whole; read apart from now on", self._settings.id, read.place)
        for part in parts:
            await self._fetch(group, part)

    def _of_unit(self, unit: int) -> list[Register]:
        return [each for each in self._entries.values() if each.unit == unit]

    async def _ask(self, read: Read) -> Sequence[int]:
        """Give the registers or bits that were read. NoAnswerError, RefusedError; OSError: disconnected."""
        client = self._connected()
        method = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }[read.table]
        answer = await self._request(method, read.unit, address=read.address, count=read.count)
        content: Sequence[int] = answer.bits if read.table in BIT_TABLES else answer.registers
        if len(content) < read.count:
            raise NoAnswerError(f"{read.place}: only {len(content)} of {read.count} came")
        return content

    async def _request(self, method: Any, unit: int, **arguments: Any) -> Any:
        async with self._turn:
            try:
                answer = await method(device_id=unit, **arguments)
            except ModbusException as error:
                if self._client is None or not self._client.connected:
                    raise ConnectionError("the connection was lost") from error
                seconds = f"{self._settings.timeout_s:g} s"
                said = f"unit {unit} does not answer within {seconds}"
                raise NoAnswerError(Said(said, "unit-silent", unit=unit, wait=seconds)) from error
        self._rest.answered(unit)
        if answer.isError():
            raise RefusedError(answer.exception_code)
        return answer

    def _connected(self) -> AsyncModbusTcpClient:
        if self._client is None or not self._client.connected:
            raise ConnectionError(f"no connection: {self._upkeep.trouble}")
        return self._client

    async def _write(self, entry: Register, point: Point, value: float) -> None:
        raw = entry.conversion.write(value, point)
        await self._write_raw(entry, raw)
        await self._read_back(entry, raw)

    async def _write_raw(self, register: Register, raw: float) -> None:
        client, unit, address = self._connected(), register.unit, register.write_address
        if register.write_table == "coil":
            await self._request(client.write_coil, unit, address=address, value=bool(raw))
            return
        if register.bit is not None:
            await self._write_bit(register, bool(raw))
            return
        content = encode(raw, register.type, register.word_order, register.byte_order)
        if len(content) == 1:
            await self._request(client.write_register, unit, address=address, value=content[0])
        else:
            await self._request(client.write_registers, unit, address=address, values=content)

    async def _write_bit(self, register: Register, value: bool) -> None:
        """Change one bit of a register and leave the others as the device has them."""
        client, unit, address = self._connected(), register.unit, register.write_address
        answer = await self._request(client.read_holding_registers, unit, address=address, count=1)
        content = with_bit(answer.registers[0], register.bit or 0, value)
        await self._request(client.write_register, unit, address=address, value=content)

    async def _read_back(self, register: Register, raw: float) -> None:
        """Deliver what the device says now; give it a moment to follow."""
        (read,) = plan_reads([register], 0, self._settings.max_registers)
        reported: float | None = None
        for pause_s in READ_BACK_PAUSES_S:
            await asyncio.sleep(pause_s)
            content = await self._ask(read)
            reported = raw_value(register, content)
            self._delivery.take([_sample(register, content)])
            if reported is not None and abs(reported - raw) <= _slack(register, raw):
                return
        if register.reads_what_is_written:  # else it is a report that may take its time: it is polled
            raise ValueError(f"was written as {raw:g} but reads back as {reported}")


def _slack(register: Register, raw: float) -> float:
    """What writing may round: integers to whole numbers, float32 to its digits."""
    return max(1e-6 * abs(raw), 1e-9) if register.type.startswith("float") else ROUNDING


def _sample(register: Register, content: Sequence[int]) -> Sample:
    raw = raw_value(register, content)
    if raw is None:
        return Sample(register.ref, fault=located(NO_READING, place=register.place))
    try:
        return Sample(register.ref, register.conversion.read(raw))
    except ValueError as error:
        return Sample(register.ref, fault=located(said_of(error), place=register.place))
