"""Sparkplug B payloads: bytes in, metrics out, and back. Pure.

The message is Google protobuf, its fields those of the Sparkplug 3.0.0 specification, section 6.4. They are
declared here as a table instead of a generated file; what is not in the table is passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from telemetry_bridge.errors import PayloadError
from telemetry_bridge.wire import Quality

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "venue_twin.sparkplug_b"
#: Per message its fields: name, number, type, whether it repeats; those of `value` are a choice.
_MESSAGES: Final[dict[str, tuple[tuple[str, int, Any, bool], ...]]] = {
    "PropertyValue": (
        ("is_null", 2, _Field.TYPE_BOOL, False),
        ("int_value", 3, _Field.TYPE_UINT32, False),
        ("long_value", 4, _Field.TYPE_UINT64, False),
    ),
    "PropertySet": (
        ("keys", 1, _Field.TYPE_STRING, True),
        ("values", 2, "PropertyValue", True),
    ),
    "Metric": (
        ("name", 1, _Field.TYPE_STRING, False),
        ("alias", 2, _Field.TYPE_UINT64, False),
        ("timestamp", 3, _Field.TYPE_UINT64, False),
        ("datatype", 4, _Field.TYPE_UINT32, False),
        ("is_historical", 5, _Field.TYPE_BOOL, False),
        ("is_null", 7, _Field.TYPE_BOOL, False),
        ("properties", 9, "PropertySet", False),
        ("int_value", 10, _Field.TYPE_UINT32, False),
        ("long_value", 11, _Field.TYPE_UINT64, False),
        ("float_value", 12, _Field.TYPE_FLOAT, False),
        ("double_value", 13, _Field.TYPE_DOUBLE, False),
        ("boolean_value", 14, _Field.TYPE_BOOL, False),
        ("string_value", 15, _Field.TYPE_STRING, False),
        ("bytes_value", 16, _Field.TYPE_BYTES, False),
        ("dataset_value", 17, _Field.TYPE_BYTES, False),  # a message; nobody looks into it here
        ("template_value", 18, _Field.TYPE_BYTES, False),
    ),
    "Payload": (
        ("timestamp", 1, _Field.TYPE_UINT64, False),
        ("metrics", 2, "Metric", True),
        ("seq", 3, _Field.TYPE_UINT64, False),
    ),
}
_FIRST_VALUE: Final = 10


class DataType(IntEnum):
    """The types that a point can have (6.4.16)."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    TEXT = 14


_SIGNED_BITS = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_LONG = {DataType.INT64, DataType.UINT64}
_TEXTS = {DataType.STRING, DataType.TEXT}
#: The quality codes of the property `Quality` (6.4.14).
_QUALITIES = {0: Quality.BAD, 192: Quality.GOOD, 500: Quality.STALE}


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a device: `name` or `alias` say which; `datatype` 0: as at birth. `value` None: null."""

    name: str = ""
    alias: int | None = None
    time_ms: float | None = None
    datatype: int = 0
    value: object = None
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Payload:
    """A message; `seq` None: it has none, as deaths and commands."""

    time_ms: float | None
    seq: int | None
    metrics: tuple[Metric, ...]


def _message_class() -> Any:
    """Make the class of `Payload` out of the table."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind, repeats in fields:
            label = _Field.LABEL_REPEATED if repeats else _Field.LABEL_OPTIONAL
            field = message.field.add(name=field_name, number=number, label=label)
            if isinstance(kind, str):
                field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                field.type = kind
            if name == "Metric" and number >= _FIRST_VALUE:
                field.oneof_index = 0
        if name == "Metric":
            message.oneof_decl.add(name="value")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


_Payload: Final = _message_class()


def decode_payload(data: bytes) -> Payload:
    """Read a payload. PayloadError: it is none."""
    try:
        message = _Payload.FromString(data)
    except DecodeError as error:
        raise PayloadError("wrong_shape", f"no Sparkplug B payload: {error}") from None
    return Payload(
        float(message.timestamp) if message.HasField("timestamp") else None,
        message.seq if message.HasField("seq") else None,
        tuple(_metric(each) for each in message.metrics),
    )


def _metric(metric: Any) -> Metric:
    kind = None if metric.is_null else metric.WhichOneof("value")
    value = None if kind is None else getattr(metric, kind)
    return Metric(
        metric.name,
        metric.alias if metric.HasField("alias") else None,
        float(metric.timestamp) if metric.HasField("timestamp") else None,
        metric.datatype,
        # The shortest text of a single float, so that 20.1 does not become 20.100000381469727.
        float(str(np.float32(value))) if kind == "float_value" else value,
        _quality(metric) if metric.HasField("properties") else Quality.GOOD,
    )


def _quality(metric: Any) -> Quality:
    properties = metric.properties
    for key, value in zip(properties.keys, properties.values, strict=False):
        if key == "Quality":
            return _QUALITIES.get(value.int_value or value.long_value, Quality.BAD)
    return Quality.GOOD


def signed(value: object, datatype: int) -> object:
    """Give the number that is meant: negative ones travel as two's complement; others pass as they are."""
    try:
        bits = _SIGNED_BITS.get(DataType(datatype))
    except ValueError:
        return value
    if bits is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def encode_payload(time_ms: float, metrics: Iterable[Metric], seq: int | None = None) -> bytes:
    """Write a payload; each metric needs its datatype.

    Raises:
        ValueError: a value that its datatype cannot hold.
    """
    message = _Payload(timestamp=int(time_ms))
    if seq is not None:
        message.seq = seq
    for metric in metrics:
        written = message.metrics.add(timestamp=int(metric.time_ms or time_ms), datatype=metric.datatype)
        if metric.name:
            written.name = metric.name
        if metric.alias is not None:
            written.alias = metric.alias
        _write_value(written, metric)
    data: bytes = message.SerializeToString()
    return data


def _write_value(written: Any, metric: Metric) -> None:
    value, datatype = metric.value, DataType(metric.datatype)
    if value is None:
        written.is_null = True
    elif datatype is DataType.BOOLEAN:
        written.boolean_value = bool(value)
    elif datatype in _TEXTS:
        written.string_value = str(value)
    elif not isinstance(value, int | float):
        raise ValueError(f"{datatype.name} takes a number, not {value!r}")
    elif datatype is DataType.FLOAT:
        written.float_value = value
    elif datatype is DataType.DOUBLE:
        written.double_value = value
    else:
        _write_integer(written, value, datatype)


def _write_integer(written: Any, value: float, datatype: DataType) -> None:
    number = int(value)
    bits = _SIGNED_BITS.get(datatype) or {5: 8, 6: 16, 7: 32, 8: 64}[datatype]
    low, high = (
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if datatype in _SIGNED_BITS else (0, (1 << bits) - 1)
    )
    if number != value or not low <= number <= high:
        raise ValueError(f"{datatype.name} cannot hold {value:g}")
    # Two's complement of the type's own width, as the reference implementations write it.
    if datatype in _LONG:
        written.long_value = number & ((1 << bits) - 1)
    else:
        written.int_value = number & ((1 << bits) - 1)
