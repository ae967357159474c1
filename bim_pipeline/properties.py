"""Property sets, quantities, materials and classifications, as rows for the catalogue."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from ifcopenshell import ifcopenshell_wrapper

from bim_pipeline.units import ProjectUnits, presented, read_unit

_HEAD = ("GlobalId", "OwnerHistory", "Name", "Description")


@dataclass(frozen=True, slots=True)
class Property:
    """One property: `value` is JSON text, `unit` a UCUM-like symbol or ''."""

    pset: str
    name: str
    value: str
    unit: str

    def __reduce__(self) -> tuple[type[Property], tuple[str, str, str, str]]:
        """Let it be pickled as a call: there are tens of thousands, and a state for each takes long."""
        return Property, (self.pset, self.name, self.value, self.unit)


class PropertyReader:
    """Reads each property set once, however many elements share it."""

    def __init__(self, units: ProjectUnits) -> None:
        self._units = units
        self._known: dict[int, tuple[Property, ...]] = {}

    def read(self, definition: Any) -> tuple[Property, ...]:
        """Give the properties of an IfcPropertySet, IfcElementQuantity or predefined set."""
        step_id = definition.id()
        known = self._known.get(step_id)
        if known is None:
            known = self._known[step_id] = tuple(self._properties(definition))
        return known

    def _properties(self, definition: Any) -> Iterator[Property]:
        pset = str(definition.Name or definition.is_a().removeprefix("Ifc"))
        if definition.is_a("IfcPropertySet"):
            for entity in definition.HasProperties or ():
                yield from self._property(pset, "", entity)
        elif definition.is_a("IfcElementQuantity"):
            for entity in definition.Quantities or ():
                yield from self._quantity(pset, "", entity)
        else:
            yield from self._predefined(pset, definition)

    def _property(self, pset: str, prefix: str, entity: Any) -> Iterator[Property]:
        # By position (Name, Description, NominalValue, Unit): by name, attributes cost four times as much.
        name = prefix + str(entity.get_argument(0) or "")
        if entity.is_a() == "IfcPropertySingleValue":
            value, unit = self._measure(entity.get_argument(2), entity.get_argument(3))
            if value is not None and name:
                yield Property(pset, name, _json(value), unit)
            return
        if entity.is_a("IfcComplexProperty"):
            for part in entity.HasProperties or ():
                yield from self._property(pset, f"{name}.", part)
            return
        value, unit = self._value(entity)
        if value is not None and name:
            yield Property(pset, name, _json(value), unit)

    def _value(self, entity: Any) -> tuple[Any, str]:
        readers: dict[str, Callable[[], tuple[Any, str]]] = {
            "IfcPropertyEnumeratedValue": lambda: self._list(entity.EnumerationValues, None),
            "IfcPropertyListValue": lambda: self._list(entity.ListValues, entity.Unit),
            "IfcPropertyBoundedValue": lambda: self._bounds(entity),
            "IfcPropertyTableValue": lambda: self._table(entity),
            "IfcPropertyReferenceValue": lambda: _reference(entity.PropertyReference),
        }
        reader = readers.get(entity.is_a())
        return reader() if reader else (None, "")

    def _table(self, entity: Any) -> tuple[Any, str]:
        rows, _ = self._list(entity.DefiningValues, entity.DefiningUnit)
        values, unit = self._list(entity.DefinedValues, entity.DefinedUnit)
        return [list(pair) for pair in zip(rows or (), values or (), strict=False)] or None, unit

    def _bounds(self, entity: Any) -> tuple[Any, str]:
        found: dict[str, Any] = {}
        unit = ""
        parts = ("UpperBoundValue", "max"), ("LowerBoundValue", "min"), ("SetPointValue", "set_point")
        for attribute, key in parts:
            value, symbol = self._measure(getattr(entity, attribute, None), entity.Unit)
            if value is not None:
                found[key], unit = value, symbol
        return found or None, unit

    def _list(self, values: Iterable[Any] | None, unit: Any) -> tuple[list[Any] | None, str]:
        pairs = [self._measure(value, unit) for value in values or ()]
        return ([value for value, _ in pairs] or None), (pairs[0][1] if pairs else "")

    def _measure(self, value: Any, unit: Any) -> tuple[Any, str]:
        """Give a plain value and its unit's symbol; lengths, areas and volumes in metres."""
        if value is None:
            return None, ""
        plain = value.get_argument(0)
        if isinstance(plain, bool) or not isinstance(plain, int | float):
            return (list(plain) if isinstance(plain, tuple) else plain), ""
        own = read_unit(unit) if unit is not None else None
        if own is not None:
            factor, symbol = presented(str(getattr(unit, "UnitType", "")), own)
        else:
            factor, symbol = self._units.measure(value.is_a())
        return _scaled(plain, factor), symbol

    def _quantity(self, pset: str, prefix: str, entity: Any) -> Iterator[Property]:
        name = prefix + str(entity.Name or "")
        if entity.is_a("IfcPhysicalComplexQuantity"):
            for part in entity.HasQuantities or ():
                yield from self._quantity(pset, f"{name}.", part)
            return
        value = entity[3]
        own = read_unit(entity.Unit) if entity.Unit is not None else None
        if own is not None:
            factor, symbol = presented(str(getattr(entity.Unit, "UnitType", "")), own)
        else:
            factor, symbol = self._units.measure(entity.is_a())
        if isinstance(value, int | float) and name:
            yield Property(pset, name, _json(_scaled(value, factor)), symbol)

    def _predefined(self, pset: str, definition: Any) -> Iterator[Property]:
        """Give the set attributes of a predefined set such as IfcDoorLiningProperties."""
        info = definition.get_info(include_identifier=False, recursive=False)
        for name, value in info.items():
            if name in ("type", *_HEAD) or value is None or not isinstance(value, str | int | float | bool):
                continue
            length = isinstance(value, float) and _is_length(definition, name)
            factor = self._units.metres_per_unit if length else 1.0
            shown = value if isinstance(value, str | bool) else _scaled(value, factor)
            yield Property(pset, name, _json(shown), "m" if length else "")


def _reference(entity: Any) -> tuple[Any, str]:
    return getattr(entity, "Name", None) or (entity.is_a() if entity is not None else None), ""


def _is_length(entity: Any, attribute: str) -> bool:
    return "Length" in attribute_type(entity, attribute)


def attribute_type(entity: Any, attribute: str) -> str:
    """Give the name of an attribute's declared type, such as `IfcPositiveLengthMeasure`; '' if unnamed."""
    schema, name = entity.is_a(True).split(".", 1)
    declaration = ifcopenshell_wrapper.schema_by_name(schema).declaration_by_name(name).as_entity()
    for known in declaration.all_attributes() if declaration else ():
        if known.name() == attribute:
            declared = known.type_of_attribute().as_named_type()
            return str(declared.declared_type().name()) if declared else ""
    return ""


def _scaled(value: float, factor: float) -> float:
    if factor == 1.0:
        return value
    # Twelve digits hide the noise of a multiplication such as 2134 mm * 0.001.
    return float(f"{value * factor:.12g}")


def _json(value: Any) -> str:
    if type(value) is str:
        return encode_basestring(value)
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)


@dataclass(frozen=True, slots=True)
class Material:
    """A material of an element, in the order of its layers; `thickness_m` only for layers."""

    name: str
    thickness_m: float | None


_USAGES = (("IfcMaterialLayerSetUsage", "ForLayerSet"), ("IfcMaterialProfileSetUsage", "ForProfileSet"))
_SETS = (
    ("IfcMaterialLayerSet", "MaterialLayers"),
    ("IfcMaterialProfileSet", "MaterialProfiles"),
    ("IfcMaterialConstituentSet", "MaterialConstituents"),
    ("IfcMaterialList", "Materials"),
)


def read_materials(association: Any, metres_per_unit: float) -> tuple[Material, ...]:
    """Give the materials behind an IfcMaterialSelect: layers with their thickness, constituents, lists."""
    if association is None:
        return ()
    for usage, definition in _USAGES:
        if association.is_a(usage):
            return read_materials(getattr(association, definition), metres_per_unit)
    for kind, parts in _SETS:
        if association.is_a(kind):
            return tuple(_part(part, metres_per_unit) for part in getattr(association, parts) or ())
    part = _part(association, metres_per_unit)
    return (part,) if part.name else ()


def _part(part: Any, metres_per_unit: float) -> Material:
    if part.is_a("IfcMaterialLayer"):
        return _layer(part, metres_per_unit)
    return Material(_part_name(part), None)


def _layer(layer: Any, metres_per_unit: float) -> Material:
    thickness = layer.LayerThickness
    metres = _scaled(float(thickness), metres_per_unit) if thickness is not None else None
    return Material(_part_name(layer), metres if metres is not None and math.isfinite(metres) else None)


def _part_name(part: Any) -> str:
    material = getattr(part, "Material", None)
    return str(getattr(material, "Name", None) or getattr(part, "Name", None) or "")


@dataclass(frozen=True, slots=True)
class Classification:
    """A reference into a classification: its `source` (`Uniclass 2015`), `code` and `name`."""

    source: str
    code: str
    name: str


def read_classification(reference: Any) -> Classification | None:
    """Read an IfcClassificationReference; None for what names nothing."""
    if reference is None or not reference.is_a("IfcClassificationReference"):
        return None
    code = getattr(reference, "Identification", None) or getattr(reference, "ItemReference", None) or ""
    name = reference.Name or ""
    if not code and not name:
        return None
    return Classification(_classification_source(reference), str(code), str(name))


def _classification_source(reference: Any) -> str:
    source = reference.ReferencedSource
    for _ in range(16):
        if source is None or source.is_a("IfcClassification"):
            break
        source = source.ReferencedSource
    return str(getattr(source, "Name", None) or "")
