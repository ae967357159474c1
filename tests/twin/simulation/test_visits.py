"""Bookings that people make, in the simulated house: they come, they leave, the light obeys."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Device, Registry
from telemetry_bridge.registry import load_registry
from tests.twin.simulation.test_world import COURT, HOUR_MS, LIBRARY, SPACES, ms, world_at
from twin.simulation.equipment import Equipment
from twin.simulation.programme import Visit, Visits

NIGHT = "2026-11-18T03:30"  # the house is closed: nobody walks in
DEVICE_TYPES = Path(__file__).parents[3] / "assets/palace/venue/device_types.yaml"


def test_who_has_booked_comes_and_goes_with_the_slot() -> None:
    world = world_at(NIGHT)
    start_ms = world.time_ms + HOUR_MS
    world.programme.visits.expected = (Visit(SPACES[COURT].name, start_ms, start_ms + HOUR_MS, 40),)
    assert world.people[COURT] == 0
    world.advance(start_ms + 0.5 * HOUR_MS, 10.0)
    assert 20 <= world.people[COURT] <= 60
    assert world.people[LIBRARY] == 0
    world.advance(start_ms + 2 * HOUR_MS, 10.0)
    assert world.people[COURT] == 0


@given(st.integers(0, 500), st.floats(-HOUR_MS, 3 * HOUR_MS))
def test_never_more_come_than_have_booked(people: int, gone_ms: float) -> None:
    visits = Visits((Visit("A", 0.0, HOUR_MS, people), Visit("elsewhere", 0.0, HOUR_MS, 9)))
    (here, other) = visits.people_at(gone_ms, ["A", "B"])
    assert 0 <= here <= people
    assert other == 0
    if not -0.25 * HOUR_MS < gone_ms < 1.25 * HOUR_MS:
        assert here == 0


@pytest.fixture(scope="module")
def lamp(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    nobody = tmp_path_factory.mktemp("venue") / "devices.csv"
    nobody.write_text("device,type,name_zh,name_en,guid,tag\n")
    types = load_registry(DEVICE_TYPES, nobody).types
    return Registry(types.values(), [Device("lamp", "luminaire_highbay")])


def test_a_lamp_obeys_and_is_its_rooms_again_after_being_switched_off(lamp: Registry) -> None:
    world = world_at(NIGHT)
    equipment = Equipment(lamp, world, {"lamp": COURT})
    world.lit[COURT] = False
    equipment.level[0] = 1.0
    equipment.advance(0.0)
    assert equipment.share[0] == 1.0
    world.lit[COURT] = True
    equipment.level[0] = 0.0
    equipment.advance(0.0)
    assert equipment.share[0] == 0.0
    world.lit[COURT] = False
    equipment.advance(0.0)
    assert np.isnan(equipment.level[0])
    world.lit[COURT] = True
    equipment.advance(0.0)
    assert equipment.share[0] > 0.5


def test_the_clock_of_visits_is_the_worlds() -> None:
    assert world_at(NIGHT).time_ms == ms(NIGHT)
