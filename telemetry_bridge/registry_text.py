"""The text of `device_types.yaml` and `devices.csv` into types and devices; every fault names its line."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from telemetry_bridge.errors import Fault, RegistryError
from telemetry_bridge.points import (
    DEFAULT_PERIOD_S,
    Device,
    DeviceType,
    Label,
    PointType,
    State,
    id_fault,
)
from telemetry_bridge.yaml_lines import line_of, load_yaml

DEVICE_COLUMNS = ("device", "type", "name_zh", "name_en", "guid", "tag")
REQUIRED_COLUMNS = ("device", "type")
MAX_STATES = 256


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelEntry(_Strict):
    """A name in two languages, as written."""

    zh: str = ""
    en: str = ""

    def label(self) -> Label:
        """Give the name as the rest of the program holds it."""
        return Label(self.zh, self.en)


class StateEntry(_Strict):
    """One value of an enumeration, as written."""

    key: str = Field(min_length=1)
    zh: str = ""
    en: str = ""

    @field_validator("key", mode="before")
    @classmethod
    def _yaml_truth(cls, value: Any) -> Any:
        # YAML 1.1 reads a bare on, off, yes or no as a truth value; as a state's key it is a word.
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class PointEntry(_Strict):
    """One point of a type, as written."""

    name: str
    label: LabelEntry = LabelEntry()
    point_class: str = Field(default="", alias="class")
    unit: str = "1"
    range: tuple[float | None, float | None] | None = None
    states: list[StateEntry] = Field(default=[], max_length=MAX_STATES)
    writable: bool = False
    period_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = DEFAULT_PERIOD_S

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name: str) -> str:
        if fault := id_fault(name):
            raise ValueError(f"the name {fault}")
        return name

    @model_validator(mode="after")
    def _consistent(self) -> "PointEntry":
        keys = [state.key for state in self.states]
        if len(set(keys)) != len(keys):
            raise ValueError("two states have the same key")
        low, high = self.bounds()
        if not low < high and not (self.states and low == high):
            raise ValueError(f"range: {low} is not below {high}")
        return self

    def bounds(self) -> tuple[float, float]:
        """Give the range, open ends as infinities; an enumeration's range is its positions."""
        if self.states:
            return 0.0, float(len(self.states) - 1)
        low, high = self.range or (None, None)
        return -np.inf if low is None else low, np.inf if high is None else high

    def point_type(self) -> PointType:
        """Give the point's type as the rest of the program holds it."""
        low, high = self.bounds()
        states = tuple(State(state.key, state.zh, state.en) for state in self.states)
        return PointType(
            name=self.name,
            point_class=self.point_class,
            unit=self.unit,
            low=low,
            high=high,
            states=states,
            writable=self.writable,
            period_s=self.period_s,
            label=self.label.label(),
        )


class TypeEntry(_Strict):
    """One device type, as written."""

    name: LabelEntry = LabelEntry()
    ifc_class: str | list[str] = ""
    predefined_type: str | list[str] = ""
    brick: str = ""
    points: list[PointEntry] = []

    @model_validator(mode="after")
    def _points_once(self) -> "TypeEntry":
        names = [point.name for point in self.points]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"points of the same name: {', '.join(twice)}")
        return self

    def device_type(self, type_id: str) -> DeviceType:
        """Give the type as the rest of the program holds it."""
        classes = self.ifc_classes()
        points = tuple(point.point_type() for point in self.points)
        return DeviceType(type_id, self.name.label(), classes[0] if classes else "", self.brick, points)

    def ifc_classes(self) -> list[str]:
        """Give the IFC classes that this type stands for by default."""
        return _listed(self.ifc_class)

    def predefined_types(self) -> list[str]:
        """Give the predefined types to which it is limited; none: all."""
        return _listed(self.predefined_type)


def _listed(value: str | list[str]) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return value


_TYPES = TypeAdapter(dict[str, TypeEntry])


def parse_type_entries(text: str, file: str) -> dict[str, TypeEntry]:
    """Read `device_types.yaml`: a mapping from type ids.

    Raises:
        RegistryError: all faults, each with its line.
    """
    value, lines = load_yaml(text, file)
    try:
        return _TYPES.validate_python(value)
    except ValidationError as error:
        faults = [
            Fault(f"{file}:{line_of(each['loc'], lines)}", _message(each["loc"], each["msg"]))
            for each in error.errors(include_url=False)
        ]
        raise RegistryError(faults) from error


def parse_device_types(text: str, file: str) -> list[DeviceType]:
    """Read `device_types.yaml` into types. RegistryError: all faults, each with its line."""
    return [entry.device_type(type_id) for type_id, entry in parse_type_entries(text, file).items()]


def _message(loc: Sequence[str | int], message: str) -> str:
    return f"{'.'.join(map(str, loc)) or 'document'}: {message.removeprefix('Value error, ')}"


def parse_devices(text: str, file: str, types: Iterable[str]) -> list[Device]:
    """Read `devices.csv`; columns beyond the fixed ones become attributes, where they are not blank.

    Raises:
        RegistryError: all faults, each with its line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="", strict=True)
    known, faults, seen = frozenset(types), list[Fault](), dict[str, int]()
    devices = []
    try:
        missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise RegistryError([Fault(f"{file}:1", f"columns missing: {', '.join(missing)}")])
        for row in reader:
            where = f"{file}:{reader.line_num}"
            found = _row_faults(row, known, seen)
            faults += [Fault(where, message) for message in found]
            if not found:
                seen[row["device"]] = reader.line_num
                devices.append(_device(row))
    except csv.Error as error:
        faults.append(Fault(f"{file}:{reader.reader.line_num}", f"not CSV: {error}"))
    if faults:
        raise RegistryError(faults)
    return devices


def _row_faults(row: Mapping[str, Any], types: frozenset[str], seen: Mapping[str, int]) -> list[str]:
    if "" in row:
        return ["more fields than columns; quote a field that holds a comma"]
    if None in row.values():
        return ["fewer fields than columns"]
    faults = []
    if fault := id_fault(row["device"]):
        faults.append(f"the device id {row['device']!r} {fault}")
    if row["device"] in seen:
        faults.append(f"device {row['device']} is there already, on line {seen[row['device']]}")
    if row["type"] not in types:
        faults.append(f"type {row['type']!r} is not in device_types.yaml")
    return faults


def _device(row: Mapping[str, str]) -> Device:
    extra = {name: text for name, text in row.items() if name not in DEVICE_COLUMNS and text}
    return Device(
        id=row["device"],
        type=row["type"],
        label=Label(row.get("name_zh", ""), row.get("name_en", "")),
        guid=row.get("guid") or None,
        tag=row.get("tag", ""),
        attributes=MappingProxyType(extra),
    )
