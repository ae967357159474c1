"""Air in rooms: temperature, CO2 and humidity of every space, as one vectorized step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.simulation.weather import Weather

Floats = NDArray[np.float64]

AIR_J_M3K = 1206.0  # density times specific heat of air
CO2_OUTDOOR_PPM = 425.0
CO2_PER_WATT_M3_S = 4.6e-8  # about 5.2e-6 m3/s for a person at 113 W (ASHRAE 62.1, appendix)
MASS_FACTOR = 9.0  # walls and furniture store this many times the heat of the air


@dataclass(frozen=True, slots=True)
class RoomParameters:
    """What does not change about the spaces; every array `(spaces,)`."""

    volume_m3: Floats
    area_m2: Floats
    envelope_w_k: Floats  # heat through walls and glass, W/K
    sun_gain: Floats  # W per W/m2 of irradiance on the horizontal
    setpoint_c: Floats  # NaN where not cooled
    heating_c: Floats  # below this they are heated; NaN where never
    cooling_w: Floats  # the most that the terminal units can take out, and two thirds of it put in
    ventilation_m3_s: Floats  # fresh air while the house is open
    outdoor: NDArray[np.bool_]


@dataclass(slots=True)
class RoomState:
    """Air now; every array `(spaces,)`."""

    temperature_c: Floats
    co2_ppm: Floats
    humidity_pct: Floats
    cooling_share: Floats  # of cooling_w, 0..1
    heating_share: Floats


def start_rooms(parameters: RoomParameters, weather: Weather) -> RoomState:
    """Rooms as they are in the morning: half way between outside and the set point."""
    wanted = np.where(np.isnan(parameters.setpoint_c), weather.temperature_c, parameters.setpoint_c)
    size = len(wanted)
    return RoomState(
        temperature_c=np.where(
            parameters.outdoor, weather.temperature_c, (wanted + weather.temperature_c) / 2
        ),
        co2_ppm=np.full(size, CO2_OUTDOOR_PPM + 30.0),
        humidity_pct=np.full(size, weather.humidity_pct),
        cooling_share=np.zeros(size),
        heating_share=np.zeros(size),
    )


def step_rooms(
    state: RoomState,
    parameters: RoomParameters,
    weather: Weather,
    heat_w: Floats,
    people_w: Floats,
    running: Floats,
    setpoint_c: Floats,
    step_s: float,
) -> RoomState:
    """The air after `step_s` seconds, each balance solved exactly for constant inputs (stable at any step).

    `heat_w` is all sensible heat of people, lamps and machines; `people_w` the people's part, which is what
    makes CO2; `running` the share 0..1 of ventilation and cooling that is switched on.
    """
    air = parameters.ventilation_m3_s * running + parameters.volume_m3 * 0.15 / 3600.0
    conductance = parameters.envelope_w_k + AIR_J_M3K * air
    cooling = _share(state.temperature_c - setpoint_c) * running
    heating = _share(parameters.heating_c - state.temperature_c) * running
    terminal = (heating / 1.5 - cooling) * parameters.cooling_w
    gains = heat_w + parameters.sun_gain * weather.irradiance_w_m2 + terminal
    rest = weather.temperature_c + gains / conductance
    keep = np.exp(-conductance * step_s / (AIR_J_M3K * parameters.volume_m3 * MASS_FACTOR))
    temperature = rest + (state.temperature_c - rest) * keep

    co2_rest = CO2_OUTDOOR_PPM + people_w * CO2_PER_WATT_M3_S / air * 1e6
    fresh = np.exp(-air * step_s / parameters.volume_m3)
    co2 = co2_rest + (state.co2_ppm - co2_rest) * fresh

    damp = np.clip(
        weather.humidity_pct - 1.8 * (temperature - weather.temperature_c) - 14.0 * cooling, 20.0, 98.0
    )
    damp = damp + np.minimum(people_w / parameters.volume_m3, 6.0) * 1.5
    humidity = damp + (state.humidity_pct - damp) * np.exp(-step_s / 1800.0)
    return RoomState(
        temperature_c=np.where(parameters.outdoor, weather.temperature_c, temperature),
        co2_ppm=np.where(parameters.outdoor, CO2_OUTDOOR_PPM, co2),
        humidity_pct=np.where(parameters.outdoor, weather.humidity_pct, np.clip(humidity, 15.0, 100.0)),
        cooling_share=cooling,
        heating_share=heating,
    )


def _share(error_k: Floats) -> Floats:
    """A proportional controller over one kelvin on each side of the set point; NaN (no set point) is off."""
    return np.nan_to_num(np.clip((error_k + 0.6) / 1.6, 0.0, 1.0))
