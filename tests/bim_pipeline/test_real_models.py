"""Real models through the whole pipeline: which rooms their doors, passages and stairs join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import pytest
from shapely.geometry import shape

from spatial.package import ModelPackage


@dataclass(frozen=True)
class Expected:
    """What a model's portals are: counted by hand on its plan."""

    doors_between_two_rooms: int
    doors_of_one_room: int
    stairs: int
    rooms_that_hang_together: tuple[int, ...]


MODELS = {
    # Each of the two flats has ten rooms; the roof is reached by no door.
    "Duplex_baseline": Expected(10, 4, 2, (10, 10, 1)),
    "BW_LargeBuilding": Expected(8, 10, 0, (4, 4)),
    "AC11-FZK-Haus": Expected(3, 2, 1, (7,)),
    "AC20-FZK-Haus_SB55": Expected(3, 2, 1, (4,)),
    # A lift shaft and two plant rooms are the only rooms without a door to the rest.
    "Office_A": Expected(87, 6, 2, (96, 1, 1, 1)),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, real_package: Callable[[str], Path]) -> tuple[str, ModelPackage]:
    name = str(request.param)
    return name, ModelPackage.open(real_package(name))


def test_doors_stairs_and_passages_join_the_rooms_they_join(model: tuple[str, ModelPackage]) -> None:
    name, package = model
    doors = [portal for portal in package.portals if portal.kind == "door"]
    rooms = Counter(
        len({portal.space_a, portal.space_b} - {None}) for portal in doors if portal.space_a != portal.space_b
    )
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(space.element_index for space in package.spaces)
    graph.add_edges_from(
        (portal.space_a, portal.space_b)
        for portal in package.portals
        if portal.space_a is not None and portal.space_b is not None
    )
    parts = sorted(map(len, nx.connected_components(graph)), reverse=True)
    stairs = sum(portal.kind == "stair" for portal in package.portals)
    assert Expected(rooms[2], rooms[1], stairs, tuple(parts)) == MODELS[name]


def test_one_stands_in_the_rooms_that_a_portal_names(model: tuple[str, ModelPackage]) -> None:
    _, package = model
    for portal in package.portals:
        for place, room in ((portal.a, portal.space_a), (portal.b, portal.space_b)):
            if room is None:
                continue
            space = package.space_by_index[room]
            x, y, z = place
            assert shape({"type": "Point", "coordinates": (x, y)}).distance(space.footprint) < 0.05
            assert z == pytest.approx(space.floor_z_m, abs=0.01)


def test_every_storey_has_a_plan_with_the_rooms_of_it(model: tuple[str, ModelPackage]) -> None:
    _, package = model
    for storey in package.storeys:
        shown = {
            feature["properties"]["element_index"]
            for feature in package.plan(storey)["features"]
            if feature["properties"]["kind"] == "space"
        }
        assert shown == {s.element_index for s in package.spaces if s.storey_index == storey.element_index}


def test_the_middle_of_a_room_is_located_in_it(model: tuple[str, ModelPackage]) -> None:
    _, package = model
    for space in package.spaces:
        inside = space.footprint.representative_point()
        found = package.locate(inside.x, inside.y, space.floor_z_m + 1.0)
        assert found.space is not None
        # A room may have a smaller one inside; then that one is told.
        assert found.space == space or found.space.area_m2 <= space.area_m2
        if space.storey_index is not None:
            assert found.storey == package.storey_by_index[space.storey_index]
