"""A day's and a moment's figures from readings. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from twin.panels.energy.counters import (
    MS_PER_HOUR,
    Amount,
    Floats,
    integral,
    missing_hours,
    per_bucket,
    summed,
    total,
)
from twin.panels.energy.plant import NOWHERE, Flow, Plant
from twin.panels.energy.readings import Grid

Group = TypeVar("Group")


@dataclass(frozen=True, slots=True)
class Balance:
    """Energy of a span, kWh. `used` = grid + generated + discharged - charged; None where one of them is
    not known for the whole time.

    Storage has no counters here: what went in and out is from its power at the readings' times.
    """

    grid: Amount
    generated: Amount
    charged_kwh: float | None
    discharged_kwh: float | None
    vehicles: Amount
    used_kwh: float | None
    hours: float
    """How long the span is."""
    missing_hours: float
    """Of how much of it a reading of an intake is missing, at its ends or within."""


@dataclass(frozen=True, slots=True)
class Flows:
    """Power of a moment, kW; `storage_kw` is positive while it charges; None: not known."""

    grid_kw: float | None
    generated_kw: float | None
    storage_kw: float | None
    soc_percent: float | None
    vehicles_kw: float | None
    used_kw: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """A group's part of the circuits: `kw` now, `kwh` of the span; `missing` are circuits not known."""

    kw: float | None
    kwh: float | None
    missing: tuple[str, ...]
    is_metered: bool
    """Whether every circuit in it is wholly its own; else parts are shared out by rated power."""


def amount(grid: Grid, flow: Flow) -> Amount:
    """What a device's counter counted over the readings."""
    column = flow.energy
    if column == NOWHERE:
        return Amount(None)
    return total(grid.times_ms, grid.values[:, column], grid.read_ms[:, column], flow.max_kw)


def buckets(grid: Grid, flow: Flow) -> Floats:
    """What a device's counter counted between the readings, `(times - 1,)` kWh."""
    if flow.energy == NOWHERE:
        return np.full(len(grid.times_ms) - 1, np.nan)
    column = [flow.energy]
    limit = np.array([flow.max_kw])
    return per_bucket(grid.times_ms, grid.values[:, column], grid.read_ms[:, column], limit)[:, 0]


def balance(plant: Plant, grid: Grid) -> Balance:
    """Where the energy of a span came from and went."""
    taken = summed([amount(grid, plant.meters[root]) for root in plant.tree.roots])
    made = summed([amount(grid, each) for each in plant.inverters])
    charged, discharged = _stored(plant.storage, grid)
    used = None
    if taken.kwh is not None and _tells_all(plant, grid, taken, made):
        used = taken.kwh + (made.kwh or 0.0) + (discharged or 0.0) - (charged or 0.0)
    vehicles = summed([amount(grid, each) for each in plant.chargers])
    hours = float(grid.times_ms[-1] - grid.times_ms[0]) / MS_PER_HOUR
    return Balance(taken, made, charged, discharged, vehicles, used, hours, _missing(plant, grid, hours))


def _missing(plant: Plant, grid: Grid, hours: float) -> float:
    columns = [plant.meters[root].energy for root in plant.tree.roots]
    if not columns or NOWHERE in columns:
        return hours
    return missing_hours(grid.times_ms, grid.of(columns))


def _tells_all(plant: Plant, grid: Grid, taken: Amount, made: Amount) -> bool:
    """Whether generation and storage are known for all the time that the intake's readings cover."""
    if plant.inverters and (made.from_ms, made.to_ms) != (taken.from_ms, taken.to_ms):
        return False
    inside = (grid.times_ms >= (taken.from_ms or 0.0)) & (grid.times_ms <= (taken.to_ms or 0.0))
    power = grid.of([each.power for each in plant.storage])[inside]
    return not np.isnan(power).any()


def _stored(storage: Sequence[Flow], grid: Grid) -> tuple[float | None, float | None]:
    columns = [each.power for each in storage if each.power != NOWHERE]
    power = grid.of(columns)
    if not columns or len(power) < 2 or not (~np.isnan(power[1:]) & ~np.isnan(power[:-1])).any():
        return None, None
    into, out = integral(grid.times_ms, power)
    return float(into.sum()), float(out.sum())


def flows(plant: Plant, row: Floats) -> Flows:
    """What flows at a moment; `row` (points,) are its readings."""
    taken = _known_sum(row, (plant.meters[root].power for root in plant.tree.roots))
    made = _known_sum(row, (each.power for each in plant.inverters))
    stored = _known_sum(row, (each.power for each in plant.storage))
    is_known = (
        taken is not None
        and (made is not None or not plant.inverters)
        and (stored is not None or not plant.storage)
    )
    used = max((taken or 0.0) + (made or 0.0) - (stored or 0.0), 0.0) if is_known else None
    charge = [float(row[each.soc]) for each in plant.storage if each.soc != NOWHERE]
    known = [each for each in charge if not np.isnan(each)]
    return Flows(
        grid_kw=taken,
        generated_kw=made,
        storage_kw=stored,
        soc_percent=sum(known) / len(known) if known else None,
        vehicles_kw=_known_sum(row, (each.power for each in plant.chargers)),
        used_kw=used,
    )


def power(row: Floats, column: int) -> float | None:
    """One reading; None where nothing is known."""
    value = float("nan") if column == NOWHERE else float(row[column])
    return None if np.isnan(value) else value


def _known_sum(row: Floats, columns: Iterable[int]) -> float | None:
    known = [value for column in columns if (value := power(row, column)) is not None]
    return sum(known) if known else None


def divided(
    plant: Plant, parts: Mapping[str, Mapping[Group, float]], grid: Grid, row: Floats
) -> dict[Group, Share]:
    """Power of a moment and energy of a span, divided by the circuits' shares: leaves of the tree alone."""
    leaves = plant.tree.leaves
    kwh = {each: amount(grid, plant.meters[each]).kwh for each in leaves}
    kw = {each: power(row, plant.meters[each].power) for each in leaves}
    groups = {group for leaf in leaves for group in parts[leaf]}
    return {group: _share(group, leaves, parts, kw, kwh) for group in groups}


def _share(
    group: Group,
    leaves: Sequence[str],
    parts: Mapping[str, Mapping[Group, float]],
    kw: Mapping[str, float | None],
    kwh: Mapping[str, float | None],
) -> Share:
    own = [leaf for leaf in leaves if parts[leaf].get(group, 0.0) > 0]
    return Share(
        kw=_weighted([(parts[leaf][group], kw[leaf]) for leaf in own]),
        kwh=_weighted([(parts[leaf][group], kwh[leaf]) for leaf in own]),
        missing=tuple(leaf for leaf in own if kwh[leaf] is None),
        is_metered=all(len(parts[leaf]) == 1 for leaf in own),
    )


def _weighted(parts: Sequence[tuple[float, float | None]]) -> float | None:
    known = [share * value for share, value in parts if value is not None]
    return sum(known) if known else None


def series(plant: Plant, parts: Mapping[str, Mapping[Group, float]], grid: Grid) -> dict[Group, Floats]:
    """Energy per bucket and group, `(times - 1,)` kWh; NaN where no circuit of the group is known."""
    counted = {leaf: buckets(grid, plant.meters[leaf]) for leaf in parts}
    groups = {group for leaf in parts for group in parts[leaf]}
    return {
        group: _stacked([counted[leaf] * parts[leaf][group] for leaf in parts if group in parts[leaf]])
        for group in groups
    }


def _stacked(columns: Sequence[Floats]) -> Floats:
    table = np.array(columns)
    result: Floats = np.where(np.isnan(table).all(axis=0), np.nan, np.nansum(table, axis=0))
    return result


def room_energy(plant: Plant, grid: Grid, row: Floats) -> dict[int, tuple[float | None, float | None]]:
    """By space what its loads draw, kW, and drew by their power at the readings' times, kWh.

    What is plugged in there is on no load's reading and so not in it.
    """
    found: dict[int, tuple[float | None, float | None]] = {}
    for space, columns in plant.spaces.items():
        values = grid.of(columns)
        seen = len(values) > 1 and bool((~np.isnan(values[1:]) & ~np.isnan(values[:-1])).any())
        kwh = float(integral(grid.times_ms, values)[0].sum()) if seen else None
        found[space] = (_known_sum(row, columns), kwh)
    return found
