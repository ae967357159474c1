"""Units, properties and placements, read from entities made for the purpose."""

from __future__ import annotations

import json
from typing import Any

import ifcopenshell
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_pipeline.georeference import degrees
from bim_pipeline.placements import PlacementReader
from bim_pipeline.properties import Material, PropertyReader, read_classification, read_materials
from bim_pipeline.units import ProjectUnits, Unit, read_unit

MILLIMETRES = ProjectUnits(
    {"LENGTHUNIT": Unit("mm", 0.001), "AREAUNIT": Unit("m2", 1.0), "POWERUNIT": Unit("kW", 1e3)}
)


@pytest.fixture
def file() -> Any:
    return ifcopenshell.file(schema="IFC4")


def read(file: Any, *properties: Any) -> dict[str, tuple[Any, str]]:
    pset = file.create_entity("IfcPropertySet", GlobalId="0" * 22, Name="P", HasProperties=properties)
    return {p.name: (json.loads(p.value), p.unit) for p in PropertyReader(MILLIMETRES).read(pset)}


def single(file: Any, name: str, kind: str, value: Any, unit: Any = None) -> Any:
    return file.create_entity(
        "IfcPropertySingleValue", Name=name, NominalValue=file.create_entity(kind, value), Unit=unit
    )


def test_single_values_keep_their_kind_and_lengths_become_metres(file: Any) -> None:
    found = read(
        file,
        single(file, "text", "IfcLabel", "消防门"),
        single(file, "number", "IfcInteger", 7),
        single(file, "true", "IfcBoolean", True),
        single(file, "length", "IfcPositiveLengthMeasure", 2134.0),
        single(file, "power", "IfcPowerMeasure", 1.5),
        single(file, "ratio", "IfcRatioMeasure", 0.25),
        single(file, "unknown unit", "IfcThermalTransmittanceMeasure", 0.4),
    )
    assert found == {
        "text": ("消防门", ""),
        "number": (7, ""),
        "true": (True, ""),
        "length": (2.134, "m"),
        "power": (1.5, "kW"),
        "ratio": (0.25, "1"),
        "unknown unit": (0.4, ""),
    }


def test_a_property_s_own_unit_counts_before_the_project_s(file: Any) -> None:
    inch = file.create_entity(
        "IfcConversionBasedUnit",
        Dimensions=file.create_entity("IfcDimensionalExponents", 1, 0, 0, 0, 0, 0, 0),
        UnitType="LENGTHUNIT",
        Name="INCH",
        ConversionFactor=file.create_entity(
            "IfcMeasureWithUnit",
            ValueComponent=file.create_entity("IfcReal", 25.4),
            UnitComponent=file.create_entity(
                "IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI", Name="METRE"
            ),
        ),
    )
    assert read(file, single(file, "width", "IfcLengthMeasure", 10.0, inch)) == {"width": (0.254, "m")}


def test_lists_bounds_enumerations_tables_and_complex_properties(file: Any) -> None:
    labels = [file.create_entity("IfcLabel", text) for text in ("a", "b")]
    lengths = [file.create_entity("IfcLengthMeasure", value) for value in (1000.0, 3000.0)]
    inner = single(file, "inner", "IfcLabel", "x")
    found = read(
        file,
        file.create_entity("IfcPropertyEnumeratedValue", Name="enum", EnumerationValues=labels),
        file.create_entity("IfcPropertyListValue", Name="list", ListValues=lengths),
        file.create_entity(
            "IfcPropertyBoundedValue", Name="range", LowerBoundValue=lengths[0], UpperBoundValue=lengths[1]
        ),
        file.create_entity(
            "IfcPropertyTableValue", Name="table", DefiningValues=labels, DefinedValues=lengths
        ),
        file.create_entity("IfcComplexProperty", Name="outer", UsageName="u", HasProperties=[inner]),
        file.create_entity("IfcPropertySingleValue", Name="nothing"),
    )
    assert found == {
        "enum": (["a", "b"], ""),
        "list": ([1.0, 3.0], "m"),
        "range": ({"max": 3.0, "min": 1.0}, "m"),
        "table": ([["a", 1.0], ["b", 3.0]], "m"),
        "outer.inner": ("x", ""),
    }


def test_quantities_are_in_metres(file: Any) -> None:
    quantities = [
        file.create_entity("IfcQuantityLength", Name="Width", LengthValue=900.0),
        file.create_entity("IfcQuantityArea", Name="Area", AreaValue=12.5),
        file.create_entity("IfcQuantityCount", Name="Seats", CountValue=8),
    ]
    entity = file.create_entity("IfcElementQuantity", GlobalId="0" * 22, Name="Q", Quantities=quantities)
    found = {p.name: (json.loads(p.value), p.unit) for p in PropertyReader(MILLIMETRES).read(entity)}
    assert found == {"Width": (0.9, "m"), "Area": (12.5, "m2"), "Seats": (8, "")}


def test_derived_units_have_a_symbol(file: Any) -> None:
    def si(name: str, kind: str, prefix: str | None = None) -> Any:
        return file.create_entity("IfcSIUnit", UnitType=kind, Prefix=prefix, Name=name)

    parts = [(si("CUBIC_METRE", "VOLUMEUNIT"), 1), (si("SECOND", "TIMEUNIT"), -1)]
    elements = [
        file.create_entity("IfcDerivedUnitElement", Unit=unit, Exponent=power) for unit, power in parts
    ]
    unit = read_unit(
        file.create_entity("IfcDerivedUnit", Elements=elements, UnitType="VOLUMETRICFLOWRATEUNIT")
    )
    assert unit == Unit("m3/s", 1.0)
    litres = read_unit(si("CUBIC_METRE", "VOLUMEUNIT", "DECI"))
    assert litres is not None
    assert litres.factor == pytest.approx(1e-3)


def test_materials_in_all_their_forms(file: Any) -> None:
    brick, glass = (file.create_entity("IfcMaterial", Name=name) for name in ("Brick", "Glass"))
    layers = [
        file.create_entity("IfcMaterialLayer", Material=m, LayerThickness=t)
        for m, t in ((brick, 240.0), (glass, 6.0))
    ]
    layer_set = file.create_entity("IfcMaterialLayerSet", MaterialLayers=layers)
    usage = file.create_entity(
        "IfcMaterialLayerSetUsage",
        ForLayerSet=layer_set,
        LayerSetDirection="AXIS2",
        DirectionSense="POSITIVE",
        OffsetFromReferenceLine=0.0,
    )
    constituents = file.create_entity(
        "IfcMaterialConstituentSet",
        MaterialConstituents=[file.create_entity("IfcMaterialConstituent", Name="frame", Material=glass)],
    )
    both = (Material("Brick", 0.24), Material("Glass", 0.006))
    assert read_materials(usage, 0.001) == both
    assert read_materials(layer_set, 0.001) == both
    assert read_materials(constituents, 0.001) == (Material("Glass", None),)
    assert read_materials(file.create_entity("IfcMaterialList", Materials=[brick]), 0.001) == (
        Material("Brick", None),
    )
    assert read_materials(brick, 0.001) == (Material("Brick", None),)
    assert read_materials(None, 0.001) == ()


def test_a_classification_is_found_up_its_chain(file: Any) -> None:
    source = file.create_entity("IfcClassification", Name="Omniclass")
    parent = file.create_entity("IfcClassificationReference", Identification="23", ReferencedSource=source)
    child = read_classification(
        file.create_entity(
            "IfcClassificationReference", Identification="23-17", Name="Doors", ReferencedSource=parent
        )
    )
    assert child is not None
    assert (child.source, child.code, child.name) == ("Omniclass", "23-17", "Doors")
    assert read_classification(file.create_entity("IfcClassificationReference")) is None


def placement(
    file: Any, location: tuple[float, ...], axis: Any = None, reference: Any = None, parent: Any = None
) -> Any:
    def direction(ratios: Any) -> Any:
        return None if ratios is None else file.create_entity("IfcDirection", DirectionRatios=tuple(ratios))

    axes = file.create_entity(
        "IfcAxis2Placement3D",
        Location=file.create_entity("IfcCartesianPoint", Coordinates=location),
        Axis=direction(axis),
        RefDirection=direction(reference),
    )
    return file.create_entity("IfcLocalPlacement", PlacementRelTo=parent, RelativePlacement=axes)


vectors = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: float(np.linalg.norm(v)) > 0.1)


@settings(deadline=None)
@given(vectors, vectors)
def test_placements_are_rotations_whatever_their_directions(axis: Any, reference: Any) -> None:
    file = ifcopenshell.file(schema="IFC4")
    matrix = PlacementReader(1.0).read(placement(file, (1.0, 2.0, 3.0), axis, reference))
    assert matrix is not None
    assert matrix[:3, :3] @ matrix[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)
    assert matrix[:3, 2] == pytest.approx(np.array(axis) / np.linalg.norm(axis))


def test_placements_chain_in_metres(file: Any) -> None:
    outer = placement(file, (1000.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    inner = placement(file, (0.0, 500.0, 250.0), parent=outer)
    matrix = PlacementReader(0.001).read(inner)
    assert matrix is not None
    assert matrix[:3, 3] == pytest.approx([0.5, 0.0, 0.25])
    assert matrix[:3, 0] == pytest.approx([0.0, 1.0, 0.0])


def test_broken_placements_are_none(file: Any) -> None:
    one, two = placement(file, (0.0, 0.0, 0.0)), placement(file, (0.0, 0.0, 0.0))
    one.PlacementRelTo, two.PlacementRelTo = two, one
    reader = PlacementReader(1.0)
    assert reader.read(one) is None
    far = placement(file, (1.7e308, 0.0, 0.0))
    assert reader.read(placement(file, (1.7e308, 0.0, 0.0), parent=far)) is None
    assert reader.read(None) is None


def test_compound_angles() -> None:
    assert degrees((24, 29, 15, 500000)) == pytest.approx(24 + 29 / 60 + 15.5 / 3600)
    assert degrees((-33, -52, -10)) == pytest.approx(-33.869444444)
    assert degrees(None) is None
    assert degrees((9000,)) is None
