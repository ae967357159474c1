"""Equipment in the venue: what runs, what it draws, what its counters have counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.points import Device, DeviceType, Registry
from twin.simulation.circuits import Circuits, Load
from twin.simulation.faults import Faults
from twin.simulation.noise import keys_of, smooth, uniform
from twin.simulation.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOWHERE = -1
PEAK_PRICE_HOURS = (18.0, 21.5)  # storage gives back in the evening peak


@dataclass(frozen=True, slots=True)
class Role:
    """A way of behaving: which types have it, what they draw by default, how often they break."""

    name: str
    words: tuple[str, ...]  # of the type's id
    ifc: tuple[str, ...]  # IFC classes, where no word matches
    rated_kw: float
    faults_per_year: float


# The first role with a word in the type's id wins; a type that no word fits is placed by its IFC class.
ROLES: tuple[Role, ...] = (
    Role("emergency", ("emergency",), (), 0.004, 0.15),
    Role("lamp", ("luminaire", "lamp"), ("IfcLightFixture", "IfcLamp"), 0.04, 0.12),
    Role("pool", ("pool_heat", "boiler"), ("IfcBoiler", "IfcBurner"), 8.0, 0.6),
    Role("terminal", ("fan_coil", "air_conditioner", "terminal"),
         ("IfcAirTerminal", "IfcUnitaryEquipment"), 0.08, 0.25),
    Role("exhaust", ("exhaust_fan", "jet_fan"), ("IfcFan",), 1.5, 0.3),
    Role("opened", ("screen", "kiosk", "speaker", "vending", "dispenser", "appliance"),
         ("IfcElectricAppliance",), 0.3, 0.5),
    Role("plant", ("ahu", "chiller", "tower", "pump", "plant", "machine"),
         ("IfcChiller", "IfcPump", "IfcCoolingTower"), 7.5, 0.5),
    Role("charger", ("charger",), (), 7.0, 0.8),
    Role("pv", ("pv_",), ("IfcSolarDevice",), 0.0, 0.1),
    Role("inverter", ("inverter",), (), 0.0, 0.3),
    Role("storage", ("battery",), ("IfcElectricFlowStorageDevice",), 0.0, 0.3),
    Role("standby", ("generator", "ups"), ("IfcElectricGenerator",), 0.0, 0.2),
    Role("thermal", ("cooling_meter",), (), 450.0, 0.1),
    Role("meter", ("meter", "distribution_board", "transformer"),
         ("IfcFlowMeter", "IfcTransformer"), 0.0, 0.1),
    Role("lift", ("lift", "elevator"), ("IfcTransportElement",), 11.0, 1.0),
    Role("robot", ("robot",), (), 0.35, 1.5),
    Role("irrigation", ("irrigation",), (), 0.01, 0.2),
    Role("instrument", (), (), 0.003, 0.12),
)  # fmt: skip


LOAD_OF_ROLE = {
    "meter": Load.METER,
    "thermal": Load.NONE,
    "pv": Load.NONE,
    "inverter": Load.PRODUCER,
    "standby": Load.NONE,
}


def role_of(device_type: DeviceType) -> Role:
    """The role of a device type; `instrument` where nothing fits."""
    lowered = device_type.id.lower()
    by_word = (role for role in ROLES if any(word in lowered for word in role.words))
    by_class = (role for role in ROLES if device_type.ifc_class in role.ifc)
    return next(by_word, None) or next(by_class, ROLES[-1])


def number(attributes: Mapping[str, str], name: str, default: float) -> float:
    """A numeric attribute of a device, or the default where it is absent or no number."""
    try:
        return float(attributes[name])
    except (KeyError, ValueError):
        return default


class Equipment:
    """Every device's state; arrays are `(devices,)` in the registry's order."""

    def __init__(self, registry: Registry, world: World, space_of_device: Mapping[str, int]) -> None:
        """`space_of_device` gives the position of a device's space in the world; absent: none."""
        devices: Sequence[Device] = tuple(registry.devices.values())
        self.registry = registry
        self.world = world
        self.attributes = [device.attributes for device in devices]
        self.keys = keys_of(world.climate.seed, [device.id for device in devices])
        self.space: Ints = np.array(
            [space_of_device.get(device.id, NOWHERE) for device in devices], dtype=np.int64
        )
        self.roles = tuple(role_of(registry.types[device.type]) for device in devices)
        self.type_ids = tuple(device.type for device in devices)
        self.rated_kw = np.array(
            [
                number(d.attributes, "rated_kw", role.rated_kw)
                for d, role in zip(devices, self.roles, strict=True)
            ]
        )
        self.level = np.full(len(devices), np.nan)  # ordered share of full power, NaN: automatic
        self.faults = Faults(self.keys, np.array([role.faults_per_year for role in self.roles]))
        self._of_role = {
            role.name: np.array([i for i, each in enumerate(self.roles) if each is role], dtype=np.int64)
            for role in ROLES
        }
        self.circuits = Circuits(devices, [LOAD_OF_ROLE.get(role.name, Load.CONSUMER) for role in self.roles])
        self.capacity_kw = np.array([number(d.attributes, "capacity_kw", 50.0) for d in devices])
        self.capacity_kwh = np.array([number(d.attributes, "capacity_kwh", 200.0) for d in devices])
        self.share = np.zeros(len(devices))
        self.power_kw = np.zeros(len(devices))
        self.broken = np.zeros(len(devices), dtype=np.bool_)
        self.state_of_charge = 0.35 + 0.3 * uniform(self.keys, 0, channel=21)
        self.energy_kwh = np.zeros(len(devices))
        self.passages = np.zeros(len(devices))
        self.volume_m3 = np.zeros(len(devices))
        self.advance(0.0)
        self._start_counters()

    def of(self, role: str) -> Ints:
        """Positions of the devices with a role."""
        return self._of_role[role]

    def noise(self, devices: Ints, period_s: float, channel: int = 0) -> Floats:
        """Smooth noise in [-1, 1] of some devices."""
        return smooth(self.keys[devices], self.world.time_ms / 1000.0, period_s, channel)

    def chance(self, devices: Ints, slot_s: float, channel: int = 0) -> Floats:
        """A number in [0, 1) per device that changes every `slot_s` seconds, each at its own moment."""
        offset = uniform(self.keys[devices], 0, channel=99) * slot_s
        slots = np.floor((self.world.time_ms / 1000.0 + offset) / slot_s).astype(np.int64)
        return uniform(self.keys[devices], slots, channel)

    def in_space(self, column: NDArray[np.generic], devices: Ints, default: float) -> Floats:
        """A column of the world's spaces as seen by devices; `default` where a device is in no space."""
        position = self.space[devices]
        values = column.astype(np.float64)
        if not len(values):
            return np.full(len(devices), default)
        return np.where(position == NOWHERE, default, values[np.maximum(position, 0)])

    def advance(self, step_s: float) -> None:
        """Bring everything to the world's time, counting over the last `step_s` seconds."""
        self.broken = self.faults.at(self.world.time_ms / 1000.0)
        self._run()
        self.power_kw = np.where(self.share > 0, self.rated_kw * (0.04 + 0.96 * self.share), 0.0)
        self._generate()
        self._store(step_s)
        self.circuits.measure(self.power_kw, plugs=0.08 + 0.4 * self.crowd())
        self._count(step_s)

    # What runs

    def _run(self) -> None:
        world = self.world
        is_open = 1.0 if world.is_open else 0.0
        self.share[:] = 0.0
        self.share[self.of("instrument")] = 1.0
        self.share[self.of("emergency")] = 1.0
        self._run_lamps()
        self._run_air()
        self.share[self.of("opened")] = is_open * (0.55 + 0.25 * self.noise(self.of("opened"), 900, 5))
        self.share[self.of("lift")] = self.lift_moving() * is_open * 0.7
        self.share[self.of("charger")] = self._charging(self.of("charger"))
        self.share[self.of("robot")] = np.where(self.robot_phase(self.of("robot")) == 0, 0.4, 0.0)
        dry_dawn = 5.0 <= self.hour < 5.7 and world.weather.rain_mm_h == 0
        self.share[self.of("thermal")] = self.cooling_demand()
        self.share[self.of("irrigation")] = 1.0 if dry_dawn else 0.0
        ordered = ~np.isnan(self.level)
        self.share[ordered] = self.level[ordered]
        self.share[self.broken] = 0.0

    def _run_lamps(self) -> None:
        lamps = self.of("lamp")
        dark = 1.0 if self.world.weather.illuminance_lx < 350.0 else 0.0
        lit = self.in_space(self.world.lit, lamps, dark)
        # Switched off by hand, a lamp is back with the room's automation once that would have it off too.
        self.level[lamps[(self.level[lamps] == 0.0) & (lit == 0.0)]] = np.nan
        self.share[lamps] = lit * (1.0 - 0.3 * self.world.daylight_share())

    def _run_air(self) -> None:
        world, rooms = self.world, self.world.rooms
        work = np.maximum(rooms.cooling_share, rooms.heating_share)
        terminals = self.of("terminal")
        on = self.in_space(world.conditioned, terminals, 0.0)
        self.share[terminals] = on * (0.2 + 0.8 * self.in_space(work, terminals, 0.0))
        exhaust = self.of("exhaust")
        self.share[exhaust] = (0.5 + 0.3 * self.noise(exhaust, 1200, 6)) * (1.0 if world.is_open else 0.1)
        demand = self.cooling_demand()
        plant = self.of("plant")
        stage = (
            np.arange(len(plant)) % 3
        ) / 3.0  # machines are staged: the second starts when one is not enough
        self.share[plant] = np.clip((demand - 0.5 * stage) * 2.2, 0.0, 1.0) * (demand > 0.03)
        pool = self.of("pool")
        cold = np.clip((26.0 - world.weather.temperature_c) / 14.0, 0.15, 1.0)
        self.share[pool] = np.clip(cold + 0.15 * self.noise(pool, 2400, 7), 0.0, 1.0)

    def cooling_demand(self) -> float:
        """Share of all terminals' cooling that is in use, 0..1."""
        capacity = self.world.parameters.cooling_w
        total = float(capacity.sum())
        return float((self.world.rooms.cooling_share * capacity).sum() / total) if total > 0 else 0.0

    @property
    def hour(self) -> float:
        """Hour of the local day, 0..24."""
        return self.world.local_s % 86400.0 / 3600.0

    def crowd(self) -> float:
        """How busy the house is: people over what its area would hold on a good evening, 0..1."""
        inside = ~self.world.parameters.outdoor
        area = float(self.world.parameters.area_m2[inside].sum())
        return float(np.clip(self.world.people[inside].sum() / max(area * 0.045, 1.0), 0.0, 1.0))

    def lift_moving(self) -> Floats:
        """Whether each lift is under way, 1.0 or 0.0."""
        return (self.chance(self.of("lift"), 25.0, 31) < 0.15 + 0.6 * self.crowd()).astype(np.float64)

    def _charging(self, chargers: Ints) -> Floats:
        """Share of rated power: cars stay two hours and taper off at the end of theirs."""
        return np.where(self.charger_phase(chargers) == 1, 0.45 + 0.3 * self.noise(chargers, 600, 8), 0.0)

    def charger_phase(self, chargers: Ints) -> Ints:
        """0 idle, 1 charging, 3 finished and still plugged in."""
        wanted = self.chance(chargers, 7200.0, 32) < 0.1 + 0.5 * self.crowd()
        done = self.chance(chargers, 2400.0, 33) < 0.25
        return np.where(~wanted, 0, np.where(done, 3, 1)).astype(np.int64)

    def robot_phase(self, robots: Ints) -> Ints:
        """0 docked, 1 cleaning, 3 returning: cleaning rounds are at night and once at noon."""
        hour = (self.hour + 0.5 * uniform(self.keys[robots], 0, 34)) % 24
        out = ((hour > 22.6) | (hour < 1.5) | ((hour > 12.5) & (hour < 13.2))) & ~self.broken[robots]
        coming_home = out & (self.chance(robots, 600.0, 35) < 0.1)
        return np.where(coming_home, 3, np.where(out, 1, 0)).astype(np.int64)

    # What is generated, stored and counted

    def _generate(self) -> None:
        strings = self.of("pv")
        weather = self.world.weather
        cell = weather.temperature_c + weather.irradiance_w_m2 * 0.028
        yielded = weather.irradiance_w_m2 / 1000.0 * 0.9 * (1.0 - 0.004 * (cell - 25.0))
        peak = np.array([number(self.attributes[i], "kwp", 6.0) for i in strings])
        shade = 1.0 + 0.02 * self.noise(strings, 300, 9)
        self.power_kw[strings] = np.where(self.broken[strings], 0.0, peak * yielded * shade)
        inverters = self.of("inverter")
        self.power_kw[inverters] = 0.972 * self.circuits.into_inverters(self.power_kw)[inverters]
        self.power_kw[inverters] *= ~self.broken[inverters]

    def _store(self, step_s: float) -> None:
        """Storage charges from midday sun and the night tariff, and gives back in the evening peak."""
        units = self.of("storage")
        rated = self.capacity_kw[units]
        begin, end = PEAK_PRICE_HOURS
        giving = begin <= self.hour < end
        sunny = self.world.weather.irradiance_w_m2 > 350.0
        night = 1.0 <= self.hour < 5.0
        wish = -0.8 if giving else (0.7 if sunny else (0.35 if night else 0.0))
        wishes = np.where(np.isnan(self.level[units]), wish, self.level[units])
        charge = self.state_of_charge[units]
        room = np.where(wishes > 0, np.clip((0.95 - charge) * 12, 0, 1), np.clip((charge - 0.1) * 12, 0, 1))
        power = rated * wishes * room * ~self.broken[units]
        power = np.maximum(power, power * self._discharge_share(power))
        self.power_kw[units] = power
        stored = power * step_s / 3600.0 * np.where(power > 0, 0.95, 1 / 0.95)
        self.state_of_charge[units] = np.clip(charge + stored / self.capacity_kwh[units], 0.0, 1.0)

    def _discharge_share(self, power_kw: Floats) -> float:
        """Storage follows the load: it gives at most 70% of what the house draws, and feeds nothing out."""
        giving = -float(power_kw[power_kw < 0].sum())
        drawn = float(self.circuits.draw_kw(self.power_kw, self.of("storage")))
        return min(1.0, 0.7 * max(drawn, 0.0) / giving) if giving > 0 else 1.0

    def resume(self, counter: str, devices: Ints, values: Floats) -> None:
        """Let counters, named by their column, go on from what they showed last; NaN: not known."""
        known = np.isfinite(values)
        getattr(self, counter)[devices[known]] = values[known]

    def _start_counters(self) -> None:
        """Counters begin with what such equipment would have counted since the house opened in 2024."""
        hours = (self.world.time_ms / 1000.0 - 1_704_067_200.0) / 3600.0
        spread = 0.8 + 0.4 * uniform(self.keys, 0, channel=22)
        self.energy_kwh = np.maximum(0.45 * hours * self._usual_kw() * spread, 0.0)
        self.volume_m3 = np.maximum(hours * 0.35 * spread, 0.0)
        self.passages = np.floor(np.maximum(hours * 18.0 * spread, 0.0))

    def _usual_kw(self) -> Floats:
        usual = self.rated_kw.copy()
        for position in self.of("inverter"):
            usual[position] = self.capacity_kw[position] * 0.3
        self.circuits.measure(usual, plugs=0.3)
        usual[self.of("meter")] *= 0.2  # what is connected to a circuit is hardly ever on all at once
        return usual * np.where(usual > 0, 1.0, 0.0)

    def _count(self, step_s: float) -> None:
        hours = step_s / 3600.0
        self.energy_kwh += np.maximum(self.power_kw, 0.0) * hours
        self.volume_m3 += self.water_flow_m3_h() * hours
        rate = 6.0 + 120.0 * self.crowd() if self.world.is_open else 0.2
        mean = rate * hours * (0.5 + uniform(self.keys, 0, channel=23))
        draw = uniform(self.keys, int(self.world.time_ms), channel=24)
        self.passages += np.floor(mean + draw)

    def water_flow_m3_h(self) -> Floats:
        """Flow that each device would see if it were a water meter: it follows the people."""
        everyone = np.arange(len(self.keys))
        use = self.crowd() * 2.4 * (1.0 + 0.6 * self.noise(everyone, 120, 25))
        return np.where(self.chance(everyone, 40.0, 26) < 0.25 + 0.6 * self.crowd(), use, 0.0)
