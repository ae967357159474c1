"""Where a model lies on the Earth: against other ways to compute it."""

from __future__ import annotations

import uuid

import ifcopenshell.guid
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from twin.export.earth import Earth, locate
from twin.export.identity import compressed, derived_id, element_id, expanded

CONVERSION = {
    "eastings_m": 500_000.0,
    "northings_m": 5_300_000.0,
    "orthogonal_height_m": 0.0,
    "rotation_deg": 30.0,
    "scale": 1.0,
}
GRID = {"crs": "EPSG:32632", "map_conversion": CONVERSION, "latitude": None, "longitude": None}


def lonlat(earth: Earth, x: float, y: float) -> tuple[float, float]:
    ((longitude, latitude),) = earth.to_map([[x, y]])
    return float(longitude), float(latitude)


def test_a_map_conversion_turns_and_moves() -> None:
    earth = locate(GRID, np.eye(4))
    expected = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True).transform(
        500_000 + 100 * np.cos(np.radians(30)), 5_300_000 + 100 * np.sin(np.radians(30))
    )
    assert lonlat(earth, 100, 0) == pytest.approx(expected, abs=1e-9)
    assert not earth.warnings


def test_the_shift_of_a_far_model_is_undone() -> None:
    source_from_local = np.eye(4)
    source_from_local[:3, 3] = (1000, 2000, 0)
    near = locate(GRID, np.eye(4))
    far = locate(GRID, source_from_local)
    assert lonlat(far, -1000, -2000) == pytest.approx(lonlat(near, 0, 0), abs=1e-9)


@given(
    latitude=st.floats(-80, 80),
    longitude=st.floats(-179, 179),
    north=st.floats(-180, 180),
    distance=st.floats(1, 2000),
    bearing=st.floats(0, 360),
)
def test_site_coordinates_give_true_distances_and_bearings(
    latitude: float, longitude: float, north: float, distance: float, bearing: float
) -> None:
    told = {"latitude": latitude, "longitude": longitude, "true_north_deg": north}
    earth = locate(told, np.eye(4), site_origin=(10.0, -5.0))
    assert lonlat(earth, 10.0, -5.0) == pytest.approx((longitude, latitude), abs=1e-8)
    # North lies `north` degrees clockwise of local y.
    angle = np.radians(north + bearing)
    there = lonlat(earth, 10 + distance * np.sin(angle), -5 + distance * np.cos(angle))
    forward, _, length = Geod(ellps="WGS84").inv(longitude, latitude, *there)
    assert length == pytest.approx(distance, abs=2e-3)
    assert np.cos(np.radians(forward - bearing)) == pytest.approx(1, abs=1e-5)


def test_nothing_known_is_local_metres_with_a_clear_warning() -> None:
    earth = locate(None, np.eye(4))
    assert not earth.is_wgs84
    assert earth.to_map([[1.5, 2.5]]).tolist() == [[1.5, 2.5]]
    assert "--latitude" in earth.warnings[0]
    assert locate(None, np.eye(4), fallback=(24.5, 118.1)).is_wgs84


def test_an_unknown_grid_falls_back_on_the_site() -> None:
    told = {**GRID, "crs": "the town's own grid", "latitude": 48.0, "longitude": 11.0}
    earth = locate(told, np.eye(4))
    assert earth.is_wgs84
    assert "the town's own grid" in earth.warnings[0]
    assert lonlat(earth, 0, 0) == pytest.approx((11.0, 48.0))


def test_contradiction_is_told() -> None:
    earth = locate({**GRID, "latitude": 42.0, "longitude": -71.0}, np.eye(4))
    assert "km apart" in earth.warnings[0]
    assert lonlat(earth, 0, 0)[1] == pytest.approx(47.85, abs=0.1)


@given(st.uuids())
def test_a_globalid_and_its_uuid_are_the_same_number(identifier: uuid.UUID) -> None:
    guid = compressed(identifier)
    assert len(guid) == 22
    assert expanded(guid) == identifier
    assert element_id(guid) == str(identifier)


def test_known_globalids_expand_as_buildingsmart_says() -> None:
    guid = "0122SqyAnJRxvf_hxL95aD"
    assert expanded(guid) == uuid.UUID(ifcopenshell.guid.expand(guid))


@given(st.text(max_size=30))
def test_what_is_no_globalid_still_has_a_lasting_id(text: str) -> None:
    assert uuid.UUID(element_id(text))
    assert element_id(text) == element_id(text)
    assert derived_id("a", text) != derived_id("b", text)
