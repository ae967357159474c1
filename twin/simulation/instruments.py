"""What each point shows: from the state of the world and its equipment to one value per point.

A reader takes the equipment and the positions of some devices and gives one value per device, in the
point's unit. Which reader serves a point is decided by its class (a Brick class, or the venue's own).
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.points import Point
from twin.simulation.equipment import Equipment
from twin.simulation.noise import uniform

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Reader = Callable[[Equipment, Ints], Floats]

OFFLINE_SHARE = 0.4  # of faulty instruments, those that say nothing at all


def _switched(e: Equipment, d: Ints) -> Floats:
    return np.where(e.broken[d], 2.0, e.share[d] > 0)


def _healthy(e: Equipment, d: Ints) -> Floats:
    silent = uniform(e.keys[d], 0, 41) < OFFLINE_SHARE
    return np.where(e.broken[d], np.where(silent, 0.0, 2.0), 1.0)


def _power(e: Equipment, d: Ints) -> Floats:
    return np.maximum(e.power_kw[d] * (1.0 + 0.01 * e.noise(d, 20, 42)), 0.0)


def _percent(e: Equipment, d: Ints) -> Floats:
    return np.round(100.0 * e.share[d])


def _scaled(e: Equipment, d: Ints, low: float, high: float, noise: float = 0.0) -> Floats:
    """From `low` when off to `high` at full share."""
    return low + (high - low) * e.share[d] + noise * e.noise(d, 180, 43)


def _steady(e: Equipment, d: Ints, middle: float, swing: float, period_s: float = 3600.0) -> Floats:
    """A quantity that stays near a value of its own."""
    own = middle + swing * (uniform(e.keys[d], 0, 44) - 0.5)
    return own + 0.4 * swing * e.noise(d, period_s, 45)


def _room(e: Equipment, d: Ints, column: str, default: float, swing: float) -> Floats:
    values = e.in_space(getattr(e.world.rooms, column), d, default)
    return values + swing * (uniform(e.keys[d], 0, 46) - 0.5) + 0.25 * swing * e.noise(d, 240, 47)


def _zone_temperature(e: Equipment, d: Ints) -> Floats:
    return _room(e, d, "temperature_c", e.world.weather.temperature_c, 0.5)


def _setpoint(e: Equipment, d: Ints) -> Floats:
    return np.round(np.nan_to_num(e.in_space(e.world.setpoints(), d, 26.0), nan=26.0) * 2) / 2


def _supply_air(e: Equipment, d: Ints) -> Floats:
    """Cold air while cooling, warm while heating, the room's air when off."""
    rooms = e.world.rooms
    room = e.in_space(rooms.temperature_c, d, e.world.weather.temperature_c)
    cooling = np.maximum(e.in_space(rooms.cooling_share, d, e.cooling_demand()), 0.0)
    heating = e.in_space(rooms.heating_share, d, 0.0)
    blown = room - 10.5 * cooling**0.5 + 11.0 * heating**0.5
    return np.where(e.share[d] > 0, blown, room) + 0.3 * e.noise(d, 200, 48)


def _people(e: Equipment, d: Ints) -> Floats:
    counted = e.in_space(e.world.people, d, 0.0)
    return np.round(counted / np.maximum(_sharing(e, d), 1.0))


def _sharing(e: Equipment, d: Ints) -> Floats:
    """How many of these devices share each one's space: counters of one hall add up to its people."""
    position = e.space[d]
    counts = np.bincount(position[position >= 0], minlength=max(len(e.world.spaces), 1))
    return np.where(position >= 0, counts[np.maximum(position, 0)], 1).astype(np.float64)


def _illuminance(e: Equipment, d: Ints) -> Floats:
    lamps = np.where(e.in_space(e.world.lit, d, 0.0) > 0, 320.0, 0.0)
    sun = min(e.world.weather.illuminance_lx * 0.012, 900.0)
    return np.maximum(lamps + sun * (0.4 + uniform(e.keys[d], 0, 49)) + 6.0 * e.noise(d, 60, 50), 0.0)


def _sky(e: Equipment, d: Ints, field: str, noise: float, least: float = 0.0) -> Floats:
    shown = float(getattr(e.world.weather, field)) + noise * e.noise(d, 90, 51)
    return np.maximum(shown, least)


def _motion(e: Equipment, d: Ints) -> Floats:
    near = e.in_space(e.world.people, d, 6.0 if e.world.is_open else 0.05)
    return (e.chance(d, 15.0, 52) < -np.expm1(-near / 4.0)).astype(np.float64)


def _door_open(e: Equipment, d: Ints) -> Floats:
    return (e.chance(d, 20.0, 53) < (0.02 + 0.3 * e.crowd() if e.world.is_open else 0.001)).astype(np.float64)


def _lock(e: Equipment, d: Ints) -> Floats:
    automatic = 1.0 if e.world.is_open else 0.0
    return np.where(np.isnan(e.level[d]), automatic, e.level[d])


def _bay(e: Equipment, d: Ints) -> Floats:
    """Bays fill in an order of their own, those by the lifts first, as the house fills."""
    rank = uniform(e.keys[d], 0, 54) + 0.12 * e.noise(d, 5400, 55)
    return (rank < 0.06 + 0.85 * e.crowd()).astype(np.float64)


def _charge(e: Equipment, d: Ints) -> Floats:
    """State of charge, %: storage's own; robots' goes up and down; batteries in standby are nearly full."""
    role = np.array([e.roles[i].name for i in d])
    out = np.where(role == "robot", 62.0 + 30.0 * e.noise(d, 5400, 56), 97.0 + 2.0 * e.noise(d, 86400, 57))
    return np.clip(np.where(role == "storage", 100.0 * e.state_of_charge[d], out), 0.0, 100.0)


def _storage_status(e: Equipment, d: Ints) -> Floats:
    return np.where(e.broken[d], 2.0, np.abs(e.power_kw[d]) > 0.5)


def _storage_setpoint(e: Equipment, d: Ints) -> Floats:
    """What a cabinet was told, whatever its charge lets it do; else what its own control does."""
    told = np.where(np.isnan(e.level[d]), e.power_kw[d], e.level[d] * e.capacity_kw[d])
    return np.asarray(np.round(told, 1), dtype=np.float64)


def _charger_status(e: Equipment, d: Ints) -> Floats:
    return np.where(e.broken[d], 2.0, e.charger_phase(d))


def _robot_status(e: Equipment, d: Ints) -> Floats:
    return np.where(e.broken[d], 2.0, e.robot_phase(d))


def _lift_floor(e: Equipment, d: Ints) -> Floats:
    """The floor it stopped at last; the ground floor is where lifts wait."""
    storeys = np.array([len(e.attributes[i].get("stops", "1;2;3;4;5").split(";")) for i in d])
    at = np.floor(e.chance(d, 25.0, 58) * storeys)
    return np.where(e.world.is_open, at, 0.0).astype(np.float64)


def _lift_direction(e: Equipment, d: Ints) -> Floats:
    moving = e.share[d] > 0
    return np.where(moving, np.where(e.chance(d, 25.0, 59) < 0.5, 1.0, 2.0), 0.0)


def _flow(e: Equipment, d: Ints) -> Floats:
    """Air or water through a device with a rated flow, by its share."""
    rated = np.array([float(e.attributes[i].get("flow_m3h") or 300.0) for i in d])
    return np.maximum(rated * e.share[d] * (1.0 + 0.02 * e.noise(d, 60, 60)), 0.0)


def _water_flow(e: Equipment, d: Ints) -> Floats:
    metering = np.array([e.roles[i].name == "meter" for i in d])
    return np.where(metering, e.water_flow_m3_h()[d], 2.5 * e.share[d])


def _load_percent(e: Equipment, d: Ints) -> Floats:
    through = np.array([e.roles[i].name == "meter" for i in d])
    rated = np.maximum(e.rated_kw[d], 1.0)
    loaded = np.clip(e.power_kw[d] / np.where(rated > 1.0, rated, 800.0), 0.0, 1.1)
    return 100.0 * np.where(through, loaded, e.share[d])


def _warm_machine(e: Equipment, d: Ints) -> Floats:
    return (
        28.0
        + 0.2 * (e.world.weather.temperature_c - 20.0)
        + 22.0 * np.clip(e.share[d], 0, 1)
        + e.noise(d, 900, 61)
    )


def _string_voltage(e: Equipment, d: Ints) -> Floats:
    return np.where(e.power_kw[d] > 0.02, 610.0 + 25.0 * e.noise(d, 300, 62), 0.0)


def _string_current(e: Equipment, d: Ints) -> Floats:
    volts = _string_voltage(e, d)
    return np.divide(1000.0 * e.power_kw[d], volts, out=np.zeros(len(d)), where=volts > 0)


def _reported_level(e: Equipment, d: Ints) -> Floats:
    """What a switch is set to: the order, else what the automatic control chose."""
    return np.where(np.isnan(e.level[d]), e.share[d] > 0, e.level[d] > 0).astype(np.float64)


def _carbon_monoxide(e: Equipment, d: Ints) -> Floats:
    return np.maximum(2.0 + 9.0 * e.crowd() + 2.0 * e.noise(d, 400, 64), 0.0)


def _quiet(_e: Equipment, d: Ints) -> Floats:
    return np.zeros(len(d))


def _sos(e: Equipment, d: Ints) -> Floats:
    """Somebody presses a help button about once in two years each, and is helped within ten minutes."""
    pressed = e.chance(d, 600.0, 65) < (1.0 / (2 * 52_596) if e.world.is_open else 0.0)
    return pressed.astype(np.float64)


def _always(value: float) -> Reader:
    return lambda _e, d: np.full(len(d), value)


#: Points that count, by class, with the column of `Equipment` that they show.
COUNTERS = {
    "Electric_Energy_Sensor": "energy_kwh",
    "Energy_Generation_Sensor": "energy_kwh",
    "Venue_Thermal_Energy_Sensor": "energy_kwh",
    "Water_Usage_Sensor": "volume_m3",
    "Venue_Passage_Count_Sensor": "passages",
}

READERS: dict[str, Reader] = {
    # Status and switches
    "On_Off_Status": _switched,
    "Run_Status": _switched,
    "Status": _healthy,
    "Fault_Status": lambda e, d: e.broken[d].astype(np.float64),
    "Venue_Storage_Status": _storage_status,
    "Venue_Charger_Status": _charger_status,
    "Venue_Robot_Status": _robot_status,
    "On_Off_Command": _reported_level,
    "Switch_Status": lambda e, d: np.where(e.broken[d], 2.0, 1.0),
    # Power and energy
    "Active_Power_Sensor": _power,
    "Electric_Power_Sensor": _power,
    "Venue_Generated_Power_Sensor": _power,
    "Venue_DC_Power_Sensor": _power,
    "Venue_Storage_Power_Sensor": lambda e, d: e.power_kw[d],
    "Venue_Storage_Power_Setpoint": _storage_setpoint,
    "Venue_Power_Limit_Setpoint": lambda e, d: e.rated_kw[d],
    "Electric_Energy_Sensor": lambda e, d: e.energy_kwh[d],
    "Energy_Generation_Sensor": lambda e, d: e.energy_kwh[d],
    "Thermal_Power_Sensor": _power,
    "Venue_Thermal_Energy_Sensor": lambda e, d: e.energy_kwh[d],
    "Power_Factor_Sensor": partial(_steady, middle=0.94, swing=0.05),
    "Venue_State_Of_Charge_Sensor": _charge,
    "State_Of_Charge_Sensor": _charge,
    "Voltage_Sensor": _string_voltage,
    "PV_Current_Output_Sensor": _string_current,
    "Venue_Load_Ratio_Sensor": _load_percent,
    "Venue_Fuel_Level_Sensor": partial(_steady, middle=86.0, swing=8.0, period_s=864000.0),
    # Light and screens
    "Lighting_Level_Command": _percent,
    "Luminance_Command": _percent,
    "Venue_Sound_Volume_Command": partial(_scaled, low=0.0, high=55.0),
    "Illuminance_Sensor": _illuminance,
    # Air
    "Zone_Air_Temperature_Sensor": _zone_temperature,
    "Zone_Air_Humidity_Sensor": partial(_room, column="humidity_pct", default=70.0, swing=3.0),
    "Humidity_Sensor": partial(_room, column="humidity_pct", default=70.0, swing=3.0),
    "CO2_Level_Sensor": partial(_room, column="co2_ppm", default=430.0, swing=24.0),
    "CO_Level_Sensor": _carbon_monoxide,
    "PM2.5_Level_Sensor": partial(_steady, middle=18.0, swing=12.0, period_s=7200.0),
    "Zone_Air_Temperature_Setpoint": _setpoint,
    "Supply_Air_Temperature_Sensor": _supply_air,
    "Return_Air_Temperature_Sensor": _zone_temperature,
    "Supply_Air_Temperature_Setpoint": _always(16.0),
    "Supply_Air_Flow_Sensor": _flow,
    "Venue_Exhaust_Air_Flow_Sensor": _flow,
    "Damper_Position_Command": _percent,
    "Valve_Position_Command": _percent,
    "Position_Sensor": _percent,
    "Speed_Sensor": _percent,
    "Fan_Speed_Command": lambda e, d: np.ceil(3.0 * np.clip(e.share[d], 0.0, 1.0)),
    "Frequency_Command": partial(_scaled, low=0.0, high=50.0),
    "Filter_Differential_Pressure_Sensor": partial(_scaled, low=4.0, high=160.0, noise=4.0),
    # Water
    "Supply_Water_Temperature_Sensor": partial(_steady, middle=12.0, swing=3.0),
    "Return_Water_Temperature_Sensor": partial(_steady, middle=17.0, swing=3.0),
    "Leaving_Chilled_Water_Temperature_Sensor": partial(_scaled, low=16.0, high=7.0, noise=0.3),
    "Entering_Chilled_Water_Temperature_Sensor": partial(_scaled, low=17.0, high=12.2, noise=0.3),
    "Supply_Chilled_Water_Temperature_Setpoint": _always(7.0),
    "Leaving_Condenser_Water_Temperature_Sensor": partial(_scaled, low=24.0, high=31.5, noise=0.5),
    "Leaving_Hot_Water_Temperature_Sensor": partial(_scaled, low=34.0, high=46.0, noise=0.6),
    "Water_Temperature_Setpoint": _always(45.0),
    "Water_Temperature_Sensor": partial(_steady, middle=28.0, swing=0.8, period_s=14400.0),
    "Water_Pressure_Sensor": partial(_steady, middle=420.0, swing=90.0),
    "Water_Flow_Sensor": _water_flow,
    "Flow_Sensor": _water_flow,
    "Water_Usage_Sensor": lambda e, d: e.volume_m3[d],
    "Water_Level_Sensor": partial(_steady, middle=1.8, swing=0.6, period_s=5400.0),
    "Collection_Basin_Water_Level_Sensor": partial(_steady, middle=0.45, swing=0.1),
    "Level_Sensor": partial(_steady, middle=72.0, swing=20.0),
    "Venue_PH_Sensor": partial(_steady, middle=7.35, swing=0.2),
    "Venue_Free_Chlorine_Sensor": partial(_steady, middle=0.6, swing=0.25),
    "Venue_Turbidity_Sensor": partial(_steady, middle=0.3, swing=0.2),
    "Temperature_Sensor": _warm_machine,
    # People and doors
    "Occupancy_Count_Sensor": _people,
    "Occupancy_Sensor": lambda e, d: (e.in_space(e.world.people, d, 0.0) > 0).astype(np.float64),
    "Occupancy_Status": _bay,
    "Motion_Sensor": _motion,
    "Open_Close_Status": lambda e, d: _door_open(e, d) * _opens(e, d),
    "Mode_Command": _quiet,
    "Venue_Lock_Status": _lock,
    "Venue_Lock_Command": _lock,
    "Venue_Door_Status": _door_open,
    "Venue_Passage_Count_Sensor": lambda e, d: e.passages[d],
    "Venue_Session_Count_Sensor": lambda e, d: np.floor(e.passages[d] / 9.0),
    "Venue_Client_Count_Sensor": lambda e, d: np.floor(40.0 * e.crowd() * (0.4 + uniform(e.keys[d], 0, 66))),
    "Venue_Locker_Usage_Sensor": lambda e, d: np.round(
        100.0 * np.clip(e.crowd() + 0.1 * e.noise(d, 1800, 67), 0, 1)
    ),
    "Venue_Lift_Floor_Sensor": _lift_floor,
    "Direction_Status": _lift_direction,
    # Weather
    "Outside_Air_Temperature_Sensor": partial(_sky, field="temperature_c", noise=0.15, least=-60.0),
    "Outside_Air_Humidity_Sensor": partial(_sky, field="humidity_pct", noise=1.0),
    "Solar_Irradiance_Sensor": partial(_sky, field="irradiance_w_m2", noise=2.0),
    "Wind_Speed_Sensor": partial(_sky, field="wind_m_s", noise=0.4),
    "Wind_Direction_Sensor": lambda e, d: (120.0 + 70.0 * e.noise(d, 9000, 68)) % 360.0,
    "Rain_Level_Sensor": partial(_sky, field="rain_mm_h", noise=0.0),
    # Alarms: nothing burns and nothing leaks in an ordinary month
    "Smoke_Detection_Alarm": _quiet,
    "Fire_Alarm": _quiet,
    "Leak_Alarm": _quiet,
    "Alarm": _quiet,
    "Emergency_Push_Button_Status": _sos,
    # Wear and stock
    "Venue_Stock_Level_Sensor": partial(_steady, middle=60.0, swing=50.0, period_s=172800.0),
    "Venue_Filter_Life_Sensor": partial(_steady, middle=55.0, swing=60.0, period_s=864000.0),
    "Venue_Cleaned_Area_Sensor": lambda e, d: np.floor(e.passages[d] * 1.7),
}


def _opens(e: Equipment, d: Ints) -> Floats:
    """Gates and lift doors open; fire cabinets stay shut."""
    moving = {"gate", "vehicle_barrier", "lift_controller"}
    return np.array([1.0 if e.type_ids[i] in moving else 0.0 for i in d])


def reader_of(point: Point) -> Reader:
    """The reader for a point: by class, else its first state, else a slow wander inside its range."""
    known = READERS.get(point.point_class)
    if known is not None:
        return known
    if point.states or point.range is None:
        return _quiet
    low, high = (float(np.clip(end, -1e4, 1e4)) for end in point.range)
    return partial(_steady, middle=low + 0.4 * (high - low), swing=0.1 * (high - low))


__all__ = ["COUNTERS", "READERS", "reader_of"]
