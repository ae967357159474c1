"""Ways on random floors: valid, near the optimum, honest about closed doors."""

from __future__ import annotations

import math
import random
import statistics
from functools import lru_cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from navigation.errors import NoRouteError
from navigation.graph import gate_of
from navigation.model import Place, Route
from navigation.navigator import Navigator
from navigation.profiles import Profile
from tests.navigation.buildings import Paper, random_floor, whole_floor, with_wide_opening
from tests.navigation.optimum import WholeFloor

PLAIN = Profile("plain", walk_m_s=1.0, door_s=0.0, heavy_door_s=0.0, turn_s=0.0, intrude_s=0.0)
"""Nothing counts but metres."""
TOLERANCE_M = 5e-3
seeds = st.integers(0, 400)


@lru_cache(64)
def floor_of(seed: int) -> tuple[Paper, Navigator]:
    paper = random_floor(seed)
    paper = with_wide_opening(paper) if seed % 3 == 0 else paper
    return paper, Navigator.of(paper.package)


def places_on(navigator: Navigator, dice: random.Random) -> Place:
    """Somewhere on the free floor."""
    room = navigator.built.rooms[dice.choice(sorted(navigator.built.rooms))]
    x0, y0, x1, y1 = room.free.area.bounds
    x, y = room.free.snap(dice.uniform(x0, x1), dice.uniform(y0, y1))
    return navigator.places.at((x, y, 0.0), "position", "", None)


def two_places(navigator: Navigator, seed: int) -> tuple[Place, Place]:
    dice = random.Random(seed)
    return places_on(navigator, dice), places_on(navigator, dice)


def line_of(route: Route) -> LineString:
    return LineString(np.concatenate([leg.polyline for leg in route.legs])[:, :2])


@settings(max_examples=60)
@given(seeds, seeds)
def test_a_way_stays_on_the_free_floor_and_is_no_shorter_than_the_straight_line(
    floor: int, pair: int
) -> None:
    _, navigator = floor_of(floor)
    start, goal = two_places(navigator, pair)
    route = navigator.route(start, goal)
    free = whole_floor([room.free.area for room in navigator.built.rooms.values()])
    assert line_of(route).difference(free.buffer(TOLERANCE_M)).length == 0
    assert route.length_m >= math.dist(start.position, goal.position) - 1e-9
    assert route.legs[0].polyline[0] == pytest.approx(start.position)
    assert route.legs[-1].polyline[-1] == pytest.approx(goal.position)
    assert line_of(route).length == pytest.approx(route.length_m)


@settings(max_examples=60)
@given(seeds, seeds)
def test_instructions_cover_the_way(floor: int, pair: int) -> None:
    _, navigator = floor_of(floor)
    route = navigator.route(*two_places(navigator, pair))
    assert sum(step.distance_m for step in route.steps) == pytest.approx(route.length_m)
    assert sum(step.duration_s for step in route.steps) == pytest.approx(route.duration_s)
    assert route.steps[0].maneuver == "depart"
    assert route.steps[-1].maneuver == "arrive"
    doors = [crossing.element_index for crossing in route.crossings if crossing.kind == "door"]
    told = [step for step in route.steps if step.maneuver == "door"]
    assert len(told) == len(doors)
    spaces = [crossing.to_space for crossing in route.crossings]
    assert (
        spaces
        == [crossing.from_space for crossing in route.crossings][1:] + [route.goal.space][: len(spaces)]
    )


@settings(max_examples=60)
@given(seeds, seeds)
def test_there_and_back_take_as_long(floor: int, pair: int) -> None:
    _, navigator = floor_of(floor)
    start, goal = two_places(navigator, pair)
    there, back = navigator.route(start, goal, PLAIN), navigator.route(goal, start, PLAIN)
    assert there.length_m == pytest.approx(back.length_m, rel=0.03)
    compiled = navigator.compiled(PLAIN)
    links = navigator.links(start, PLAIN), navigator.links(goal, PLAIN)
    first = compiled.path(*links, compiled.weights)
    second = compiled.path(*links[::-1], compiled.weights)
    assert first is not None
    assert second is not None
    assert first[1] == pytest.approx(second[1])


@settings(max_examples=60)
@given(seeds, seeds, seeds)
def test_closing_doors_never_shortens_and_is_obeyed(floor: int, pair: int, shut: int) -> None:
    paper, navigator = floor_of(floor)
    start, goal = two_places(navigator, pair)
    doors = sorted(portal.element_index for portal in paper.portals if portal.element_index is not None)
    closed = frozenset(random.Random(shut).sample(doors, min(3, len(doors))))
    before = navigator.route(start, goal, PLAIN)
    after = _route_or_reason(navigator, start, goal, closed)
    if isinstance(after, NoRouteError):
        assert after.reason == "locked"
        known = {element.guid for door in closed if (element := navigator.names.element(door))}
        assert known >= {each.guid for each in after.blockers}
        return
    assert after.length_m >= before.length_m * 0.99
    assert not closed & {crossing.element_index for crossing in after.crossings}
    for portal in paper.portals:
        if portal.element_index in closed:
            assert not line_of(after).crosses(_leaf(portal))


def _route_or_reason(
    navigator: Navigator, start: Place, goal: Place, closed: frozenset[int]
) -> Route | NoRouteError:
    try:
        return navigator.route(start, goal, PLAIN, closed)
    except NoRouteError as error:
        return error


def _leaf(portal: object) -> LineString:
    """The line of a closed door's leaf."""
    gate = gate_of(portal, "a")  # type: ignore[arg-type]
    assert gate is not None
    (x, y), (nx_, ny_), half = gate.middle, gate.normal, gate.width_m / 2
    return LineString([(x - ny_ * half, y + nx_ * half), (x + ny_ * half, y - nx_ * half)])


def test_ways_are_near_the_optimum() -> None:
    ratios = []
    for seed in range(1, 13):
        _, navigator = floor_of(seed)
        optimum = WholeFloor(whole_floor([room.free.area for room in navigator.built.rooms.values()]))
        for pair in range(12):
            start, goal = two_places(navigator, 1000 * seed + pair)
            best = optimum.length(start.position[:2], goal.position[:2])
            if best > 1.0:
                ratios.append(navigator.route(start, goal, PLAIN).length_m / best)
    assert len(ratios) > 100
    assert min(ratios) >= 0.995
    assert statistics.median(ratios) <= 1.01
    assert max(ratios) <= 1.10


def test_natural_ways_are_hardly_longer_than_shortest_ones() -> None:
    ratios = []
    for seed in range(20, 30):
        _, navigator = floor_of(seed)
        for pair in range(10):
            places = two_places(navigator, 1000 * seed + pair)
            shortest = navigator.route(*places, PLAIN).length_m
            if shortest > 1.0:
                ratios.append(navigator.route(*places).length_m / shortest)
    assert statistics.median(ratios) <= 1.01
    assert statistics.mean(ratios) <= 1.05


@settings(max_examples=40)
@given(seeds)
def test_free_floors_keep_their_distance_from_walls_and_furniture(floor: int) -> None:
    paper, navigator = floor_of(floor)
    solid = [shapely.geometry.shape(each["geometry"]) for found in paper.features.values() for each in found]
    for room in navigator.built.rooms.values():
        assert room.free.clearance_m == pytest.approx(0.25)
        for outline in solid:
            assert room.free.area.distance(outline) >= 0.25 - TOLERANCE_M
