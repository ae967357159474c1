"""Where on Earth a model says it is, in all the ways in which models say it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import ifcopenshell
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bim_pipeline.georeference import degrees, read_georeference

FILES = Path(__file__).parents[3] / "shared" / "ifc"


def ifc4(scale: float | None, map_unit: str | None, turn_deg: float = 0.0) -> Any:
    """A model with a map conversion, its lengths in millimetres, 500 km east and 3000 km north."""
    file = ifcopenshell.file(schema="IFC4")
    prefix = "MILLI" if map_unit == "mm" else None
    unit = None
    if map_unit:
        unit = file.create_entity("IfcSIUnit", UnitType="LENGTHUNIT", Prefix=prefix, Name="METRE")
    factor = 1000.0 if map_unit in ("mm", None) else 1.0
    crs = file.create_entity(
        "IfcProjectedCRS", Name="EPSG:32650", GeodeticDatum="WGS84", MapZone="50N", MapUnit=unit
    )
    context = file.create_entity(
        "IfcGeometricRepresentationContext",
        CoordinateSpaceDimension=3,
        TrueNorth=file.create_entity("IfcDirection", DirectionRatios=(0.0, 1.0)),
    )
    file.create_entity(
        "IfcMapConversion",
        SourceCRS=context,
        TargetCRS=crs,
        Eastings=500e3 * factor,
        Northings=3000e3 * factor,
        OrthogonalHeight=12.5 * factor,
        XAxisAbscissa=math.cos(math.radians(turn_deg)),
        XAxisOrdinate=math.sin(math.radians(turn_deg)),
        Scale=scale,
    )
    return file


@pytest.mark.parametrize(
    ("scale", "map_unit", "expected"),
    [
        (None, "mm", 1.0),
        (0.9996, "mm", 0.9996),
        (0.0009996, "m", 0.9996),  # IFC's way: the scale converts units too
        (1.0, "m", 1.0),  # ... which many exporters forget
        (0.9996, "m", 0.9996),
        (1.0, None, 1.0),
        (-1.0, "mm", 1.0),
        (1e9, "mm", 1.0),
    ],
)
def test_a_map_conversion_is_in_metres_whatever_its_units(
    scale: float | None, map_unit: str | None, expected: float
) -> None:
    found = read_georeference(ifc4(scale, map_unit), 0.001)
    assert found is not None
    assert found["crs"] == "EPSG:32650"
    assert found["projected_crs"]["map_zone"] == "50N"
    assert found["true_north_deg"] == 0.0
    conversion = found["map_conversion"]
    assert conversion["eastings_m"] == pytest.approx(500e3)
    assert conversion["northings_m"] == pytest.approx(3000e3)
    assert conversion["orthogonal_height_m"] == pytest.approx(12.5)
    assert conversion["scale"] == pytest.approx(expected)


@given(st.floats(-179, 179))
def test_the_grid_s_turn_is_read_from_the_x_axis(turn: float) -> None:
    found = read_georeference(ifc4(1.0, "m", turn), 0.001)
    assert found is not None
    assert found["map_conversion"]["rotation_deg"] == pytest.approx(turn, abs=1e-6)


def pset(file: Any, name: str, **values: Any) -> None:
    """Give the model's site a property set."""
    sites = file.by_type("IfcSite") or [file.create_entity("IfcSite", GlobalId=ifcopenshell.guid.new())]
    kinds = {str: "IfcLabel", float: "IfcReal"}
    properties = [
        file.create_entity(
            "IfcPropertySingleValue", Name=key, NominalValue=file.create_entity(kinds[type(value)], value)
        )
        for key, value in values.items()
    ]
    made = file.create_entity(
        "IfcPropertySet", GlobalId=ifcopenshell.guid.new(), Name=name, HasProperties=properties
    )
    file.create_entity(
        "IfcRelDefinesByProperties",
        GlobalId=ifcopenshell.guid.new(),
        RelatedObjects=[sites[0]],
        RelatingPropertyDefinition=made,
    )


def test_ifc2x3_tells_its_map_in_property_sets() -> None:
    file = ifcopenshell.file(schema="IFC2X3")
    pset(
        file,
        "ePSet_MapConversion",
        Eastings=85000.0,
        Northings=447000.0,
        XAxisAbscissa=0.0,
        XAxisOrdinate=1.0,
    )
    pset(file, "ePSet_ProjectedCRS", Name="EPSG:7415", MapUnit="METRE")
    found = read_georeference(file, 0.001)
    assert found is not None
    assert found["crs"] == "EPSG:7415"
    assert found["map_conversion"] == {
        "eastings_m": 85000.0, "northings_m": 447000.0, "orthogonal_height_m": 0.0,
        "rotation_deg": 90.0, "scale": 1.0,
    }  # fmt: skip


def test_a_conversion_without_a_place_is_none() -> None:
    file = ifcopenshell.file(schema="IFC2X3")
    pset(file, "ePSet_MapConversion", Scale=1.0)
    assert read_georeference(file, 1.0) is None
    assert read_georeference(ifcopenshell.file(schema="IFC4"), 1.0) is None


@given(st.integers(0, 89), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999), st.booleans())
def test_angles_have_one_sign_wherever_it_is_written(d: int, m: int, s: int, u: int, south: bool) -> None:
    exact = (d + m / 60 + (s + u / 1e6) / 3600) * (-1 if south else 1)
    everywhere = tuple(-part for part in (d, m, s, u)) if south else (d, m, s, u)
    assert degrees(everywhere) == pytest.approx(exact, abs=1e-9)
    if south and d:
        assert degrees((-d, m, s, u)) == pytest.approx(exact, abs=1e-9)


def test_places_off_the_earth_are_none() -> None:
    assert degrees((91, 0, 0), 90.0) is None
    assert degrees((-180, 0, 1), 180.0) is None
    assert degrees((90,), 90.0) == 90.0


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [("Duplex_baseline", 41.8744, -87.6394), ("AC20-FZK-Haus_SB55", 49.100435, 8.436539)],
)
def test_real_sites(name: str, latitude: float, longitude: float) -> None:
    source = FILES / f"{name}.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    found = read_georeference(ifcopenshell.open(str(source)), 1.0)
    assert found is not None
    assert (found["latitude"], found["longitude"]) == pytest.approx((latitude, longitude), abs=1e-6)


def test_a_real_map_conversion() -> None:
    source = FILES / "PCERT_infra-bridge.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    found = read_georeference(ifcopenshell.open(str(source)), 0.001)
    assert found is not None
    assert found["crs"] == "EPSG:32760"
    assert found["map_conversion"]["eastings_m"] == pytest.approx(729011.2258823584)
    assert found["map_conversion"]["northings_m"] == pytest.approx(9063960.607644705)
