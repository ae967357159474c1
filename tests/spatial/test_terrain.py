import numpy as np
import pytest

from spatial.model import Columns, Storey
from spatial.terrain import ground_level, terrain_box

NONE = (np.nan,) * 6
BUILDING = (0, 0, -5, 60, 40, 25)
LAWN = (-40, -40, -0.36, 100, 80, -0.06)
ROAD = (-40, -60, -0.42, 100, -40, -0.17)
STOREY = 0


def storey(elevation_m: float) -> Storey:
    return Storey(STOREY, "", "1F", "", "", 0, elevation_m, 3.0)


def box_of(*rows: tuple[tuple[float, ...], str, int], ground_m: float = 0.0) -> tuple[float, ...] | None:
    """The terrain of elements given as box, class and storey."""
    names = tuple(sorted({row[1] for row in rows}))
    class_id = np.array([names.index(row[1]) for row in rows], dtype=np.int32)
    storeys = np.array([row[2] for row in rows], dtype=np.int32)
    columns = Columns(names, class_id, storeys, np.full(len(rows), -1, dtype=np.int32))
    return terrain_box(np.array([row[0] for row in rows], dtype=np.float64), columns, [storey(ground_m)])


def test_lawn_and_road_outside_the_storeys_are_terrain() -> None:
    house = (BUILDING, "IfcWall", STOREY)
    found = box_of(
        house, (LAWN, "IfcGeographicElement", -1), (ROAD, "IfcCovering", -1), (NONE, "IfcSite", -1)
    )
    assert found == pytest.approx((-40, -60, -0.42, 100, 80, -0.06))


@pytest.mark.parametrize(
    ("box", "class_name", "storey_index"),
    [
        (LAWN, "IfcSlab", STOREY),  # a storey's own floor
        ((0, 0, 24.6, 60, 40, 25), "IfcCovering", -1),  # a roof's covering
        ((0, 0, -0.3, 60, 40, 2.6), "IfcBuildingElementProxy", -1),  # a body, not ground
        ((0, 0, -0.1, 2, 1, 0.0), "IfcGeographicElement", -1),  # a flower bed
    ],
)
def test_what_is_no_terrain(box: tuple[float, ...], class_name: str, storey_index: int) -> None:
    assert box_of((BUILDING, "IfcWall", STOREY), (box, class_name, storey_index)) is None


def test_a_site_is_terrain_whatever_its_relief() -> None:
    relief = (-100, -100, -12, 150, 150, 9)
    assert box_of((BUILDING, "IfcWall", STOREY), (relief, "IfcSite", -1)) == pytest.approx(relief)


def test_scattered_paths_do_not_make_a_ground() -> None:
    paths = [((x, x, -0.1, x + 20, x + 20, 0.0), "IfcCovering", -1) for x in (-80, 80, 300)]
    assert box_of((BUILDING, "IfcWall", STOREY), *paths) is None


def test_a_model_without_bodies_has_none() -> None:
    assert box_of((NONE, "IfcWall", STOREY)) is None


def test_the_ground_is_at_zero_over_a_basement_else_at_the_lowest_storey() -> None:
    assert ground_level([storey(-5.1), storey(4.0)]) == 0
    assert ground_level([storey(12.5), storey(16.0)]) == 12.5
    assert ground_level([]) == 0
