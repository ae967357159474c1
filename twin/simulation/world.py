"""The venue as the simulation sees it: spaces with people, air and light, moved on in fixed steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.simulation.noise import keys_of, normal, uniform
from twin.simulation.opening import Opening
from twin.simulation.people import SESSION_TURNOVER_S, Demand, move_people
from twin.simulation.profiles import Profile, profile_of
from twin.simulation.programme import Programme
from twin.simulation.rooms import RoomParameters, RoomState, start_rooms, step_rooms
from twin.simulation.weather import Climate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PLANT_LEAD_S = 1800.0  # air conditioning starts this long before the doors open
LAMP_W_M2 = 7.0  # GB 50034: installed lighting power of public rooms is 6 to 9 W/m2
DARK_LX = 350.0  # outdoors, lamps are lit below this
LIGHT_HOLD_S = 600.0  # a room's lamps stay on this long after the last person left
WARM_UP_S = 26 * 3600.0
WARM_UP_STEP_S = 300.0


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """What the model says of a space; m and m2."""

    guid: str
    function: str
    name: str
    long_name: str
    area_m2: float
    height_m: float
    top_storey: bool = False


class World:
    """State of all spaces at `time_ms`; `advance` moves it on."""

    def __init__(
        self,
        spaces: list[SpaceInfo],
        climate: Climate,
        opening: Opening,
        programme: Programme,
        time_ms: float,
    ) -> None:
        """Start so that at `time_ms` the rooms have a day behind them."""
        self.spaces = spaces
        self.climate = climate
        self.opening = opening
        self.programme = programme
        self._names = [space.name for space in spaces]
        self.keys = keys_of(climate.seed, [space.guid for space in spaces])
        self.profiles = tuple(profile_of(each.function, each.long_name, each.name) for each in spaces)
        self.parameters = room_parameters(spaces, self.profiles)
        self._demand = Demand(
            self.profiles, self.parameters.area_m2, programme, 1.0 + 0.25 * normal(self.keys, 0, channel=3)
        )
        # The night watch's room and the pool hall are kept at all hours.
        self._day_and_night = np.array([profile.name in {"control", "pool"} for profile in self.profiles])
        self._sensible_w = np.array([profile.activity_w for profile in self.profiles])
        self._machines_w_m2 = np.array([profile.machines_w_m2 for profile in self.profiles])
        self.ordered_setpoint = np.full(len(spaces), np.nan)
        self.time_ms = time_ms - WARM_UP_S * 1000.0
        self.weather = climate.at(self.time_ms)
        self.rooms = start_rooms(self.parameters, self.weather)
        self.people = np.zeros(len(spaces), dtype=np.int64)
        self.lit = np.zeros(len(spaces), dtype=np.bool_)
        self.conditioned = np.zeros(len(spaces))
        self._last_person_ms = np.full(len(spaces), -np.inf)
        while self.time_ms < time_ms:
            self._step(WARM_UP_STEP_S)

    @property
    def local_s(self) -> float:
        """Seconds since 1970 on the venue's clocks."""
        return self.opening.local_s(self.time_ms)

    @property
    def is_open(self) -> bool:
        """Whether the doors are open."""
        return self.opening.is_open(self.local_s)

    def advance(self, time_ms: float, step_s: float) -> None:
        """Move on to `time_ms` (never back) in steps of at most `step_s` seconds."""
        while self.time_ms < time_ms:
            self._step(min(step_s, (time_ms - self.time_ms) / 1000.0))

    def daylight_share(self) -> float:
        """How much of its light the sun gives, 0 at night to 1 in full day."""
        return float(np.clip(self.weather.illuminance_lx / 20_000.0, 0.0, 1.0))

    def _step(self, step_s: float) -> None:
        self.time_ms += step_s * 1000.0
        self.weather = self.climate.at(self.time_ms)
        local = self.local_s
        target = self._demand.target(local, is_open=self.opening.is_open(local))
        booked = self.programme.visits.people_at(self.time_ms, self._names)
        # Whoever booked comes and goes with the slot, as for a session of the programme.
        near = self.programme.visits.near(self.time_ms, self._names)
        stay_s = np.where(near, SESSION_TURNOVER_S, self._demand.stay_s(local))
        rng = np.random.default_rng([self.climate.seed % 2**32, int(self.time_ms)])
        self.people = move_people(self.people, target + booked, stay_s, step_s, rng)
        self._last_person_ms[self.people > 0] = self.time_ms
        self.lit = self._lights(local)
        plant_runs = self.opening.is_open(local, PLANT_LEAD_S)
        self.conditioned = np.where(self._day_and_night | plant_runs, 1.0, 0.0)
        self.rooms = self._air(step_s)

    def _air(self, step_s: float) -> RoomState:
        sensible = self._sensible_w * self.people.astype(np.float64)
        lamps = np.where(self.lit, LAMP_W_M2, 0.0) * self.parameters.area_m2
        machines = self._machines_w_m2 * self.parameters.area_m2
        heat = sensible + lamps + machines * np.maximum(self.conditioned, 0.25)
        wanted = self.setpoints()
        return step_rooms(
            self.rooms, self.parameters, self.weather, heat, sensible, self.conditioned, wanted, step_s
        )

    def setpoints(self) -> Floats:
        """Set point of each space, degC: the operator's where given, else the function's."""
        return np.where(np.isnan(self.ordered_setpoint), self.parameters.setpoint_c, self.ordered_setpoint)

    def _lights(self, local: float) -> Bools:
        is_open = self.opening.is_open(local, 900.0)
        recent = self.time_ms - self._last_person_ms < LIGHT_HOLD_S * 1000.0
        dark = self.weather.illuminance_lx < DARK_LX
        late = 1.0 <= local % 86400.0 / 3600.0 < 5.0
        choice = {
            "people": recent | self.programme.in_use(local),
            "open": np.full(len(self.spaces), is_open) | recent,
            "dusk": np.full(len(self.spaces), dark and not late),
            "never": np.zeros(len(self.spaces), dtype=np.bool_),
        }
        return np.array(
            [choice[profile.lights][i] for i, profile in enumerate(self.profiles)], dtype=np.bool_
        )


def room_parameters(spaces: list[SpaceInfo], profiles: tuple[Profile, ...]) -> RoomParameters:
    """Thermal figures of each space from its size and use.

    Envelope: about a third of a room's perimeter faces outside at U = 1.5 W/m2K and, on the top storey, its
    roof at U = 0.5 (GB 55015, hot summer and warm winter zone). Cooling: 160 W/m2 plus the peak's people.
    """
    area = np.array([max(space.area_m2, 1.0) for space in spaces])
    height = np.array([max(space.height_m, 2.0) for space in spaces])
    top = np.array([space.top_storey for space in spaces])
    outdoor = np.array([profile.outdoor for profile in profiles])
    below = np.array([profile.name in {"parking", "plant"} for profile in profiles])
    facade = np.where(below, 0.1, 0.33) * 4.0 * np.sqrt(area) * height
    setpoint = np.array([np.nan if p.setpoint_c is None else p.setpoint_c for p in profiles])
    spread = 0.4 * (uniform(keys_of(7, [space.guid for space in spaces]), 0) - 0.5)
    density = np.array([max(profile.density, 0.08) * profile.activity_w for profile in profiles])
    return RoomParameters(
        volume_m3=area * height,
        area_m2=area,
        envelope_w_k=facade * 1.5 + np.where(top, area * 0.5, 0.0),
        sun_gain=np.where(below | outdoor, 0.0, facade * 0.08 + np.where(top, area * 0.02, 0.0)),
        setpoint_c=setpoint + spread,
        heating_c=np.array([_heating_c(profile) for profile in profiles]),
        cooling_w=np.where(np.isnan(setpoint), 0.0, (160.0 + density) * area),
        ventilation_m3_s=area * height * np.array([p.ventilation_ach for p in profiles]) / 3600.0,
        outdoor=outdoor,
    )


def _heating_c(profile: Profile) -> float:
    """A pool hall is kept as warm as its water, other rooms above 18 degC (GB 50736, hot summer zone)."""
    if profile.setpoint_c is None:
        return np.nan
    return profile.setpoint_c - 0.8 if profile.name == "pool" else 17.5
