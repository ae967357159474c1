"""Which space a point is in, against shapely asked about each space by itself."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from spatial.errors import QueryError
from spatial.index import Floats
from spatial.model import Space
from spatial.places import FLOOR_TOLERANCE_M, SpaceLocator


def space(number: int, footprint: shapely.Geometry, floor: float, height: float) -> Space:
    outline = footprint if isinstance(footprint, Polygon | shapely.MultiPolygon) else Polygon()
    return Space(number, str(number), "", "", "", "", None, floor, height, round(outline.area, 6), outline)


def rooms(seed: int, count: int) -> list[Space]:
    """Rooms on a coarse grid: rectangles, triangles, some with a court, in two parts, or not valid."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        x, y = rng.integers(-6, 6, 2)
        w, h = rng.integers(1, 6, 2)
        outer = shapely.box(x, y, x + w, y + h)
        kind = rng.integers(0, 5)
        if kind == 0:
            outer = Polygon([(x, y), (x + w, y + 1), (x + 1, y + h + 1)])
        elif kind == 1:
            outer = shapely.box(x, y, x + 4, y + 4).difference(shapely.box(x + 1, y + 1, x + 2, y + 3))
        elif kind == 2:
            outer = shapely.union(outer, shapely.box(x + w + 1, y, x + w + 2, y + 2))
        elif kind == 3:
            outer = Polygon([(x, y), (x + w, y + h), (x + w, y), (x, y + h)])  # a bow tie: not valid
        found.append(space(number, outer, float(rng.integers(0, 3)) * 3, 3.0 if kind else -1.0))
    return found


def by_hand(spaces: list[Space], point: Floats) -> int:
    x, y, z = point
    ranked = [
        (z < each.floor_z_m, each.area_m2, number)
        for number, each in enumerate(spaces)
        if each.floor_z_m - FLOOR_TOLERANCE_M <= z <= each.floor_z_m + each.height_m
        and shapely.intersects_xy(each.footprint, x, y)
    ]
    return min(ranked)[2] if ranked else -1


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 25), st.integers(0, 60))
def test_points_are_located_as_shapely_locates_them(seed: int, count: int, asked: int) -> None:
    spaces = rooms(seed, count)
    rng = np.random.default_rng(seed)
    points = rng.integers(-28, 48, (asked, 3)) / 4.0
    points[:, 2] = rng.choice([-0.1, -0.2, 0.0, 1.0, 2.9, 3.0, 5.9, 6.0, 9.0, 9.1], asked)
    found = SpaceLocator(spaces).locate(points)
    assert found.tolist() == [by_hand(spaces, point) for point in points]


@settings(deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 2), min_size=3, max_size=8),
    st.floats(0, 1),
    st.integers(-3, 3),
)
def test_beside_an_edge_not_even_the_last_bit_is_guessed(
    corners: list[tuple[float, float]], share: float, steps: int
) -> None:
    """Points a few last bits off the edges of slanted outlines far from the origin."""
    outline = Polygon(corners)
    if not outline.is_valid or outline.is_empty:
        return
    edges = np.array(corners)
    spots = edges + share * (np.roll(edges, -1, axis=0) - edges)
    spots[:, 0] += steps * np.spacing(spots[:, 0])
    points = np.hstack([np.vstack([spots, edges]), np.ones((2 * len(spots), 1))])
    spaces = [space(0, outline, 0.0, 3.0)]
    assert SpaceLocator(spaces).locate(points).tolist() == [by_hand(spaces, point) for point in points]


def test_no_spaces_and_no_points() -> None:
    assert SpaceLocator([]).locate(np.zeros((2, 3))).tolist() == [-1, -1]
    assert SpaceLocator(rooms(1, 4)).locate(np.zeros((0, 3))).tolist() == []


def test_a_point_that_is_none_is_refused() -> None:
    with pytest.raises(QueryError, match="coordinates"):
        SpaceLocator(rooms(1, 4)).locate(np.array([[0.0, np.nan, 0.0]]))
