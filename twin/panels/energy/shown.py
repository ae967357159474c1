"""Figures as the API answers them."""

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from spatial.package import ModelPackage
from twin.bound import BoundDevices
from twin.film.timeline import Gap
from twin.http.history import gap_out
from twin.http.present import rfc3339
from twin.http.schemas import Gap as GapOut
from twin.panels.energy import schemas
from twin.panels.energy.circuits import Circuit, CircuitTree, Kind
from twin.panels.energy.comparing import Comparison
from twin.panels.energy.energy_file import EnergyInfo
from twin.panels.energy.figures import Balance, Flows, Share, amount, power, series
from twin.panels.energy.plant import Plant
from twin.panels.energy.readings import Floats, Grid
from twin.panels.energy.service import Span
from twin.venue import Name

W_PER_KW = 1000.0
By = Literal["total", "circuit", "storey", "kind"]


def time_of(time_ms: float) -> str:
    """A time as the API writes it."""
    return rfc3339(time_ms)


def gaps_out(gaps: Iterable[Gap]) -> list[GapOut]:
    """Times of which nothing was recorded."""
    return [gap_out(each) for each in gaps]


def flows_out(time_ms: float, found: Flows) -> schemas.FlowsOut:
    """What flows at a moment."""
    return schemas.FlowsOut(
        time=rfc3339(time_ms),
        grid_kw=_short(found.grid_kw),
        generated_kw=_short(found.generated_kw),
        storage_kw=_short(found.storage_kw),
        soc_percent=_short(found.soc_percent),
        vehicles_kw=_short(found.vehicles_kw),
        used_kw=_short(found.used_kw),
    )


def balance_out(span: Span, found: Balance) -> schemas.BalanceOut:
    """What a day took."""
    grid = found.grid
    return schemas.BalanceOut(
        day=span.day.isoformat(),
        from_time=rfc3339(span.from_ms),
        to=rfc3339(span.to_ms),
        covered_from=None if grid.from_ms is None else rfc3339(grid.from_ms),
        covered_to=None if grid.to_ms is None else rfc3339(grid.to_ms),
        grid_kwh=_short(grid.kwh),
        generated_kwh=_short(found.generated.kwh),
        charged_kwh=_short(found.charged_kwh),
        discharged_kwh=_short(found.discharged_kwh),
        vehicles_kwh=_short(found.vehicles.kwh),
        used_kwh=_short(found.used_kwh),
        resets=grid.resets + found.generated.resets + found.vehicles.resets,
        missing_hours=round(found.missing_hours, 2),
    )


def comparison_out(days_before: int, other: Span, found: Comparison) -> schemas.ComparisonOut:
    """A day against another."""
    return schemas.ComparisonOut(
        day=other.day.isoformat(),
        days_before=days_before,
        measure=found.measure,
        share=None if found.share is None else round(found.share, 4),
        refusal=found.refusal,
        is_own=found.is_own,
    )


def storeys_out(package: ModelPackage, found: Mapping[int, Share]) -> list[schemas.StoreyEnergy]:
    """Storeys, the highest first; what is on none comes last."""
    storeys, areas = package.storey_by_index, _areas(package)
    order = sorted(found, key=lambda each: -storeys[each].position if each in storeys else np.inf)
    return [_storey_out(package, each, found[each], areas.get(each, 0.0)) for each in order]


def _storey_out(package: ModelPackage, index: int, share: Share, area_m2: float) -> schemas.StoreyEnergy:
    storey = package.storey_by_index.get(index)
    return schemas.StoreyEnergy(
        storey=storey.guid if storey else None,
        element_index=index if storey else None,
        area_m2=round(area_m2, 1),
        kw=_short(share.kw),
        kwh=_short(share.kwh),
        w_per_m2=_density(share.kw, area_m2),
        metered=share.is_metered,
        missing=list(share.missing),
    )


def _areas(package: ModelPackage) -> dict[int, float]:
    areas: dict[int, float] = {}
    for space in package.spaces:
        if space.storey_index is not None:
            areas[space.storey_index] = areas.get(space.storey_index, 0.0) + space.area_m2
    return areas


def _density(kw: float | None, area_m2: float) -> float | None:
    return None if kw is None or area_m2 <= 0 else _short(kw * W_PER_KW / area_m2)


def kinds_out(found: Mapping[Kind, Share]) -> list[schemas.KindEnergy]:
    """Uses, in a fixed order."""
    return [
        schemas.KindEnergy(
            kind=kind,
            kw=_short(found[kind].kw),
            kwh=_short(found[kind].kwh),
            metered=found[kind].is_metered,
            missing=list(found[kind].missing),
        )
        for kind in Kind
        if kind in found
    ]


def carbon_out(info: EnergyInfo, grid_kwh: float | None) -> schemas.CarbonOut | None:
    """What the grid's energy emitted."""
    factor = info.emission_factor
    if factor is None:
        return None
    kg = None if grid_kwh is None else _short(grid_kwh * factor.kgco2e_per_kwh)
    return schemas.CarbonOut(kg=kg, kgco2e_per_kwh=factor.kgco2e_per_kwh, source=factor.source)


def cost_out(info: EnergyInfo, grid_kwh: float | None) -> schemas.CostOut | None:
    """What the grid's energy cost."""
    tariff = info.tariff
    if tariff is None:
        return None
    amount = None if grid_kwh is None else round(grid_kwh * tariff.per_kwh, 2)
    return schemas.CostOut(
        amount=amount, currency=tariff.currency, per_kwh=tariff.per_kwh, source=tariff.source
    )


def circuits_out(plant: Plant, bound: BoundDevices, grid: Grid, row: Floats) -> list[schemas.CircuitOut]:
    """The tree, parents before children."""
    tree = plant.tree
    kwh = {key: amount(grid, plant.meters[key]).kwh for key in tree.circuits}
    order = [each for root in tree.roots for each in tree.below(root)]
    return [_circuit_out(tree, tree.circuits[key], plant, bound, kwh, row) for key in order]


def _circuit_out(
    tree: CircuitTree,
    circuit: Circuit,
    plant: Plant,
    bound: BoundDevices,
    kwh: Mapping[str, float | None],
    row: Floats,
) -> schemas.CircuitOut:
    devices = (circuit.meter, *circuit.loads)
    return schemas.CircuitOut(
        id=circuit.id,
        name=Name(zh=circuit.label.zh, en=circuit.label.en),
        parent=tree.parent(circuit.id),
        role=circuit.role,
        meter=circuit.meter,
        kw=_short(power(row, plant.meters[circuit.id].power)),
        kwh=_short(kwh[circuit.id]),
        rest_kwh=_short(tree.rest(circuit.id, kwh)),
        elements=sorted(
            {bound.element_of[each].element_index for each in devices if each in bound.element_of}
        ),
    )


def spaces_out(
    package: ModelPackage, found: Mapping[int, tuple[float | None, float | None]]
) -> list[schemas.SpaceEnergy]:
    """Rooms, the greatest power first."""
    order = sorted(found, key=lambda each: -(found[each][0] or 0.0))
    return [
        schemas.SpaceEnergy(
            space=package.space_by_index[each].guid,
            element_index=each,
            kw=_short(found[each][0]),
            kwh=_short(found[each][1]),
            w_per_m2=_density(found[each][0], package.space_by_index[each].area_m2),
        )
        for each in order
        if each in package.space_by_index
    ]


def series_out(plant: Plant, package: ModelPackage, by: By, grid: Grid) -> list[schemas.SeriesOut]:
    """One curve a group; storeys by guid, '' for what is on none."""
    tree = plant.tree
    if by == "storey":
        curves = series(plant, {leaf: plant.by_storey[leaf] for leaf in tree.leaves}, grid)
        names = {index: storey.guid for index, storey in package.storey_by_index.items()}
        return [_curve(names.get(each, ""), curves[each]) for each in sorted(curves)]
    if by == "kind":
        kinds = series(plant, {leaf: plant.by_kind[leaf] for leaf in tree.leaves}, grid)
        return [_curve(kind, kinds[kind]) for kind in Kind if kind in kinds]
    wanted = tree.roots if by == "total" else list(tree.circuits)
    each_own = series(plant, {key: {key: 1.0} for key in wanted}, grid)
    return [_curve(key, each_own[key]) for key in wanted]


def _curve(key: str, kwh: Floats) -> schemas.SeriesOut:
    return schemas.SeriesOut(key=key, kwh=[None if np.isnan(each) else round(float(each), 3) for each in kwh])


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
