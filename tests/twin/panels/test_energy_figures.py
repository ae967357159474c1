"""Figures of a day and a moment, from readings made by hand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spatial.conftest import folder, package
from tests.twin.panels.energy_house import (
    DEVICES,
    GROUND,
    HALL,
    OFFICE,
    UPPER,
    UPPER_HALL,
    device,
    grid_of,
    plant_in,
)
from twin.panels.energy.circuits import Kind
from twin.panels.energy.comparing import ComparedEnergy, Comparison, ComparisonRefusal, compare
from twin.panels.energy.counters import Amount
from twin.panels.energy.figures import Balance, balance, divided, flows, room_energy, series

__all__ = ["folder", "package"]

NAN = float("nan")
DAY: dict[str, list[float]] = {
    "m-main/energy": [100, 110, 125],
    "m-light/energy": [50, 54, 60],
    "m-power/energy": [70, 75, 80],
    "sun/energy": [900, 906, 910],
    "bat/power": [4, 4, -4],
    "car/energy": [10, 10, 13],
}


def test_what_came_in_and_was_made_less_what_was_stored_was_used(package: Any) -> None:
    registry, plant = plant_in(package)
    found = balance(plant, grid_of(registry, plant, DAY))
    assert (found.grid.kwh, found.generated.kwh, found.vehicles.kwh) == (25.0, 10.0, 3.0)
    # 4 kW in for an hour, then half an hour down to nothing and half an hour out: triangles of 1 kWh.
    assert (found.charged_kwh, found.discharged_kwh) == (5.0, 1.0)
    assert found.used_kwh == 25 + 10 + 1 - 5
    assert (found.hours, found.missing_hours) == (2.0, 0.0)


@pytest.mark.parametrize(
    "lost",
    [
        {"sun/energy": [900, 906, NAN]},
        {"sun/energy": [NAN, NAN, NAN]},
        {"bat/power": [4, NAN, -4]},
        {"m-main/energy": [NAN, NAN, 125]},
    ],
)
def test_use_is_not_told_where_a_part_of_it_is_unknown(package: Any, lost: dict[str, list[float]]) -> None:
    registry, plant = plant_in(package)
    assert balance(plant, grid_of(registry, plant, {**DAY, **lost})).used_kwh is None


def test_missing_hours_are_those_of_any_intake_at_the_ends_too(package: Any) -> None:
    second = device("m-second", "meter", None, circuit="SECOND")
    registry, plant = plant_in(package, (*DEVICES, second))
    main = {**DAY, "m-main/energy": [NAN, 110, 125, 130, 140], "m-second/energy": [1, 2, 3, NAN, 4]}
    found = balance(plant, grid_of(registry, plant, main))
    assert found.grid == Amount(33.0, 0.0, 4 * 3_600_000.0)
    assert found.missing_hours == 3.0  # one at the start, two around the reading that is missing
    silent = balance(plant, grid_of(registry, plant, {**main, "m-second/energy": [NAN] * 5}))
    assert (silent.missing_hours, silent.hours) == (4.0, 4.0)


def test_a_venue_without_an_intake_misses_all_its_hours(package: Any) -> None:
    registry, plant = plant_in(package, (device("lamp", "lamp", None),))
    found = balance(
        plant, replace(grid_of(registry, plant, {"lamp/power": []}), times_ms=np.array([0.0, 3.6e6]))
    )
    assert (found.grid.kwh, found.used_kwh, found.missing_hours) == (None, None, 1.0)


def moment(registry: Any, plant: Any, **readings: float) -> Any:
    named = {key.replace("__", "/").replace("_", "-"): [value] for key, value in readings.items()}
    return grid_of(registry, plant, named).values[0]


def test_flows_balance_and_a_battery_that_charges_is_no_use(package: Any) -> None:
    registry, plant = plant_in(package)
    now = {
        "m_main__power": 10.0,
        "sun__power": 6.0,
        "bat__power": 4.0,
        "car__power": 7.0,
        "bat__charge": 55.0,
    }
    found = flows(plant, moment(registry, plant, **now))
    assert (found.grid_kw, found.generated_kw, found.storage_kw) == (10.0, 6.0, 4.0)
    assert (found.used_kw, found.vehicles_kw, found.soc_percent) == (12.0, 7.0, 55.0)
    out = flows(plant, moment(registry, plant, **{**now, "bat__power": -5.0}))
    assert out.used_kw == 21.0


@pytest.mark.parametrize("lost", ["m_main__power", "sun__power", "bat__power"])
def test_a_flow_that_is_unknown_leaves_the_use_unknown(package: Any, lost: str) -> None:
    registry, plant = plant_in(package)
    now = {"m_main__power": 10.0, "sun__power": 6.0, "bat__power": 4.0, lost: NAN}
    found = flows(plant, moment(registry, plant, **now))
    assert found.used_kw is None
    assert found.vehicles_kw is None


def test_storeys_get_their_share_of_a_circuit_by_rated_power(package: Any) -> None:
    registry, plant = plant_in(package)
    grid = grid_of(registry, plant, DAY)
    row = moment(registry, plant, m_light__power=4.0)
    found = divided(plant, plant.by_storey, grid, row)
    # LIGHT used 10 kWh: 2 of 8 kW on the ground floor; POWER used 10 kWh, all there, plugs included.
    assert found[GROUND].kwh == pytest.approx(12.5)
    assert found[UPPER].kwh == pytest.approx(7.5)
    assert (found[GROUND].kw, found[UPPER].kw) == (1.0, 3.0)
    assert not found[GROUND].is_metered
    uses = divided(plant, plant.by_kind, grid, row)
    assert uses[Kind.LIGHTING].is_metered
    assert uses[Kind.CHARGING].kwh == pytest.approx(7.0)
    assert uses[Kind.SOCKETS].kwh == pytest.approx(3.0)


def test_a_circuit_that_is_not_known_is_named_not_guessed(package: Any) -> None:
    registry, plant = plant_in(package)
    grid = grid_of(registry, plant, {**DAY, "m-light/energy": [NAN] * 3})
    found = divided(plant, plant.by_storey, grid, grid.values[0])
    assert (found[UPPER].kwh, found[UPPER].missing) == (None, ("LIGHT",))
    assert (found[GROUND].kwh, found[GROUND].missing) == (10.0, ("LIGHT",))


used = st.lists(st.floats(0, 9), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the package is only read
@given(light=used, power=used)
def test_storeys_and_uses_add_up_to_the_leaves(package: Any, light: list[float], power: list[float]) -> None:
    registry, plant = plant_in(package)
    count = min(len(light), len(power))
    readings = {
        "m-light/energy": np.cumsum([5.0, *light[:count]]).tolist(),
        "m-power/energy": np.cumsum([5.0, *power[:count]]).tolist(),
    }
    grid = grid_of(registry, plant, readings)
    whole = sum(light[:count]) + sum(power[:count])
    both: list[Mapping[str, Mapping[Any, float]]] = [plant.by_storey, plant.by_kind]
    for parts in both:
        shared = divided(plant, parts, grid, grid.values[0])
        assert sum(each.kwh or 0.0 for each in shared.values()) == pytest.approx(whole, abs=1e-6)
        leaves = {leaf: parts[leaf] for leaf in plant.tree.leaves}
        curves = series(plant, leaves, grid)
        hourly = np.sum([*curves.values()], axis=0)
        assert hourly == pytest.approx([a + b for a, b in zip(light, power, strict=False)], abs=1e-6)


def test_an_hour_without_any_reading_of_a_group_is_open_in_its_curve(package: Any) -> None:
    registry, plant = plant_in(package)
    grid = grid_of(registry, plant, {**DAY, "m-light/energy": [50.0, NAN, 60.0]})
    curves = series(plant, {"MAIN": {"all": 1.0}, "LIGHT": {"light": 1.0}}, grid)
    assert curves["all"].tolist() == [10.0, 15.0]
    assert np.isnan(curves["light"]).all()


def test_rooms_have_what_their_own_loads_read(package: Any) -> None:
    registry, plant = plant_in(package)
    readings: dict[str, list[float]] = {
        "lamp-1/power": [2, 2, 0],
        "lamp-2/power": [NAN, 6, NAN],
        "car/power": [7, 7, 7],
    }
    grid = grid_of(registry, plant, readings)
    found = room_energy(plant, grid, grid.values[1])
    assert found[HALL] == (2.0, 3.0)
    assert found[UPPER_HALL] == (6.0, None)  # a reading alone is no energy
    assert found[OFFICE] == (7.0, 14.0)  # the lamp there hangs on no circuit


WHOLE = Balance(Amount(100.0, 0.0, 1.0), Amount(20.0), 5.0, 5.0, Amount(3.0, resets=9), 120.0, 24.0, 0.0)


def rounded(found: Comparison) -> Comparison:
    return replace(found, share=None if found.share is None else round(found.share, 9))


def test_days_are_compared_by_use_where_it_is_known_of_both() -> None:
    more = replace(WHOLE, used_kwh=132.0, grid=Amount(90.0))
    assert rounded(compare(more, WHOLE)) == Comparison(ComparedEnergy.USED, 0.1)
    other = replace(WHOLE, used_kwh=None)
    assert rounded(compare(more, other)) == Comparison(ComparedEnergy.GRID, -0.1)


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ({"grid": Amount(None), "used_kwh": None}, ComparisonRefusal.UNKNOWN),
        ({"missing_hours": 0.75}, ComparisonRefusal.GAP),
        ({"hours": 2.0, "missing_hours": 0.25}, ComparisonRefusal.GAP),
        ({"grid": Amount(100.0, resets=1)}, ComparisonRefusal.RESET),
        ({"generated": Amount(20.0, resets=1)}, ComparisonRefusal.RESET),
    ],
)
def test_what_is_not_honest_is_refused_with_its_reason(
    fault: dict[str, Any], refusal: ComparisonRefusal
) -> None:
    faulty = replace(WHOLE, **fault)
    for found, is_own in ((compare(faulty, WHOLE), True), (compare(WHOLE, faulty), False)):
        assert (found.share, found.refusal, found.is_own) == (None, refusal, is_own)


def test_what_does_not_touch_the_compared_energy_does_not_refuse() -> None:
    assert compare(replace(WHOLE, missing_hours=0.5), WHOLE).share == 0.0  # one reading of a day
    by_grid = replace(WHOLE, used_kwh=None, generated=Amount(20.0, resets=1))
    assert compare(by_grid, by_grid).share == 0.0
    nothing = replace(WHOLE, used_kwh=0.0)
    assert compare(WHOLE, nothing).refusal is ComparisonRefusal.ZERO


@given(st.floats(0.1, 1e6), st.floats(0, 1e6))
def test_the_share_gives_one_day_from_the_other(other: float, today: float) -> None:
    share = compare(replace(WHOLE, used_kwh=today), replace(WHOLE, used_kwh=other)).share
    assert share is not None
    assert other * (1 + share) == pytest.approx(today, abs=1e-6)
