"""Registers of 16 bits into numbers and back. Pure.

Modbus sends each register with its high byte first, and says nothing of values that take several (Modbus
Application Protocol 1.1b3, 4.2): which register comes first, and whether bytes are swapped, is the vendor's
choice.
"""

import math
import struct
from collections.abc import Sequence

from telemetry_bridge.adapter_file_modbus import NumberType, Order, Register

CODES: dict[NumberType, str] = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
REGISTER_MASK = 0xFFFF


def decode(registers: Sequence[int], kind: NumberType, word_order: Order, byte_order: Order) -> float:
    """Give the number in `registers`, as many as the type takes, each 0..65535.

    An int64 beyond 2^53 loses its last digits: values are float64 everywhere.
    """
    data = _in_order(struct.pack(f">{len(registers)}H", *registers), word_order, byte_order)
    (number,) = struct.unpack(f">{CODES[kind]}", data)
    return float(number)


def encode(value: float, kind: NumberType, word_order: Order, byte_order: Order) -> list[int]:
    """Give the registers that hold a number; integers are rounded.

    Raises:
        ValueError: a number that the type cannot hold.
    """
    code = CODES[kind]
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that can be written")
    try:
        data = struct.pack(f">{code}", value if code in "fd" else round(value))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value:g} does not fit into {kind}") from error
    data = _in_order(data, word_order, byte_order)
    return list(struct.unpack(f">{len(data) // 2}H", data))


def _in_order(data: bytes, word_order: Order, byte_order: Order) -> bytes:
    """Turn words, and bytes in them, around where the vendor does; the same way back."""
    words = [data[place : place + 2] for place in range(0, len(data), 2)]
    if word_order == "little":
        words.reverse()
    return b"".join(word[::-1] if byte_order == "little" else word for word in words)


def raw_value(register: Register, content: Sequence[int]) -> float | None:
    """Give the number that a register holds, before scaling; None: the device has no reading.

    `content` is what was read at its address: as many registers as it is wide, or one bit.
    """
    if register.table in ("coil", "discrete"):
        return float(bool(content[0]))
    number = decode(content, register.type, register.word_order, register.byte_order)
    if register.bit is not None:
        return float(int(number) >> register.bit & 1)
    if register.absent is not None and number == register.absent:
        return None
    return number if math.isfinite(number) else None


def with_bit(content: int, bit: int, value: bool) -> int:
    """Give a register's content with one bit set or cleared."""
    return content | 1 << bit if value else content & ~(1 << bit) & REGISTER_MASK
