"""What the energy routes answer. Power kW, energy kWh; null: not known."""

from pydantic import BaseModel, Field

from twin.http.schemas import Gap
from twin.panels.energy.comparing import ComparedEnergy, ComparisonRefusal
from twin.venue import Name


class FlowsOut(BaseModel):
    """Power at `time`, kW."""

    time: str
    grid_kw: float | None
    generated_kw: float | None
    storage_kw: float | None = Field(description="Positive: charging.")
    soc_percent: float | None = Field(description="Mean over the storage units.")
    vehicles_kw: float | None
    used_kw: float | None = Field(description="Grid + generated - into storage.")


class BalanceOut(BaseModel):
    """Energy from `from_time` to `to`, kWh, and what of that time the intake's readings cover."""

    day: str
    from_time: str
    to: str
    covered_from: str | None
    covered_to: str | None
    grid_kwh: float | None
    generated_kwh: float | None
    charged_kwh: float | None
    discharged_kwh: float | None
    vehicles_kwh: float | None
    used_kwh: float | None
    resets: int = Field(description="Counters that began anew or were replaced meanwhile.")
    missing_hours: float = Field(description="Of how much of this time a reading of an intake is missing.")


class ComparisonOut(BaseModel):
    """Today against another day up to the same time; `share` null: it would not be honest, see `refusal`."""

    day: str
    days_before: int
    measure: ComparedEnergy = Field(
        description="What is compared: all that was used, or the grid's energy alone."
    )
    share: float | None = Field(description="0.1: a tenth more than that day.")
    refusal: ComparisonRefusal | None
    is_own: bool = Field(description="The refusal is for today's record, not for the other day's.")


class StoreyEnergy(BaseModel):
    """A storey's part; `metered` false: some circuits were shared out by rated power."""

    storey: str | None = Field(description="Null: what is bound to no storey.")
    element_index: int | None
    area_m2: float
    kw: float | None
    kwh: float | None
    w_per_m2: float | None
    metered: bool
    missing: list[str] = Field(description="Circuits of which nothing is known.")


class KindEnergy(BaseModel):
    """A use's part."""

    kind: str
    kw: float | None
    kwh: float | None
    metered: bool
    missing: list[str]


class CarbonOut(BaseModel):
    """What the energy from the grid emitted; null where no factor is set."""

    kg: float | None
    kgco2e_per_kwh: float
    source: str


class CostOut(BaseModel):
    """What the energy from the grid cost."""

    amount: float | None
    currency: str
    per_kwh: float
    source: str


class EnergySummary(BaseModel):
    """A day: now, so far, and two days before up to the same time."""

    timezone: str
    now: FlowsOut
    today: BalanceOut
    yesterday: BalanceOut
    last_week: BalanceOut
    comparisons: list[ComparisonOut]
    storeys: list[StoreyEnergy]
    kinds: list[KindEnergy]
    carbon: CarbonOut | None
    cost: CostOut | None
    gaps: list[Gap]


class CircuitOut(BaseModel):
    """A circuit of the meter tree; `rest_kwh` went through it but through no meter below."""

    id: str
    name: Name
    parent: str | None
    role: str
    meter: str
    kw: float | None
    kwh: float | None
    rest_kwh: float | None
    elements: list[int] = Field(description="Element indices of the meter and the loads.")


class CircuitList(BaseModel):
    """The meter tree, parents before children."""

    day: str
    to: str
    items: list[CircuitOut]


class SpaceEnergy(BaseModel):
    """A room's loads, by their own readings of power."""

    space: str
    element_index: int
    kw: float | None
    kwh: float | None
    w_per_m2: float | None


class SpaceList(BaseModel):
    """The rooms that draw most first."""

    day: str
    to: str
    items: list[SpaceEnergy]


class SeriesOut(BaseModel):
    """One curve; `kwh[i]` is of the time from `times[i]` to `times[i + 1]`."""

    key: str
    kwh: list[float | None]


class SeriesList(BaseModel):
    """Curves over the same times; one time more than values."""

    by: str
    step: str
    times: list[str]
    items: list[SeriesOut]
    gaps: list[Gap]
