"""Which reads fetch a set of registers: near ones together. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from telemetry_bridge.adapter_file_modbus import BIT_TABLES, Register, Table

#: The most coils in one read (Modbus Application Protocol 1.1b3, 6.1).
MAX_BITS = 2000


@dataclass(frozen=True, slots=True)
class Read:
    """One request: `count` registers or bits of a unit from `address`, and the points in them."""

    unit: int
    table: Table
    address: int
    count: int
    registers: tuple[Register, ...]

    @property
    def place(self) -> str:
        """What is read, for people."""
        last = self.address + self.count - 1
        return f"unit {self.unit} {self.table} {self.address}" + (f"-{last}" if self.count > 1 else "")

    def content(self, register: Register, answer: Sequence[int]) -> Sequence[int]:
        """Give the part of the answer that belongs to a register."""
        start = register.address - self.address
        return answer[start : start + register.width]

    def apart(self) -> tuple["Read", ...]:
        """Give one read for each register, for a device that refuses the whole."""
        return tuple(_read([register]) for register in self.registers)


def plan_reads(registers: Iterable[Register], max_gap: int, max_registers: int) -> tuple[Read, ...]:
    """Give the fewest reads in which each covers one unit and table, without gaps over `max_gap`.

    A value is never cut in two: what a device changes at once is read at once.
    """
    ordered = sorted(registers, key=lambda each: (each.unit, each.table, each.address, each.width))
    reads: list[Read] = []
    for (_, table), group in groupby(ordered, key=lambda each: (each.unit, each.table)):
        most = MAX_BITS if table in BIT_TABLES else max_registers
        reads += [_read(run) for run in _runs(list(group), max_gap, most)]
    return tuple(reads)


def _runs(ordered: Sequence[Register], max_gap: int, most: int) -> Iterator[list[Register]]:
    run = [ordered[0]]
    end = ordered[0].address + ordered[0].width
    for register in ordered[1:]:
        new_end = max(end, register.address + register.width)
        if register.address - end > max_gap or new_end - run[0].address > most:
            yield run
            run, new_end = [], register.address + register.width
        run.append(register)
        end = new_end
    yield run


def _read(run: Sequence[Register]) -> Read:
    first = run[0]
    end = max(each.address + each.width for each in run)
    return Read(first.unit, first.table, first.address, end - first.address, tuple(run))
