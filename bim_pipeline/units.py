"""Units of a model: how many metres its length unit is, and symbols for the units of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PREFIX = {
    "EXA": 1e18, "PETA": 1e15, "TERA": 1e12, "GIGA": 1e9, "MEGA": 1e6, "KILO": 1e3, "HECTO": 1e2, "DECA": 1e1,
    "DECI": 1e-1, "CENTI": 1e-2, "MILLI": 1e-3, "MICRO": 1e-6, "NANO": 1e-9, "PICO": 1e-12, "FEMTO": 1e-15,
    "ATTO": 1e-18,
}  # fmt: skip
_PREFIX_SYMBOL = {
    "EXA": "E", "PETA": "P", "TERA": "T", "GIGA": "G", "MEGA": "M", "KILO": "k", "HECTO": "h", "DECA": "da",
    "DECI": "d", "CENTI": "c", "MILLI": "m", "MICRO": "u", "NANO": "n", "PICO": "p", "FEMTO": "f",
    "ATTO": "a",
}  # fmt: skip
_SI_SYMBOL = {
    "METRE": "m", "SQUARE_METRE": "m2", "CUBIC_METRE": "m3", "GRAM": "g", "SECOND": "s", "AMPERE": "A",
    "KELVIN": "K", "MOLE": "mol", "CANDELA": "cd", "RADIAN": "rad", "STERADIAN": "sr", "HERTZ": "Hz",
    "NEWTON": "N", "PASCAL": "Pa", "JOULE": "J", "WATT": "W", "COULOMB": "C", "VOLT": "V", "FARAD": "F",
    "OHM": "Ohm", "SIEMENS": "S", "WEBER": "Wb", "TESLA": "T", "HENRY": "H", "DEGREE_CELSIUS": "Cel",
    "LUMEN": "lm", "LUX": "lx", "BECQUEREL": "Bq", "GRAY": "Gy", "SIEVERT": "Sv",
}  # fmt: skip
_CONVERTED_SYMBOL = {
    "DEGREE": "deg", "FOOT": "[ft_i]", "INCH": "[in_i]", "SQUARE FOOT": "[sft_i]", "CUBIC FOOT": "[cft_i]",
    "POUND": "[lb_av]", "GALLON": "[gal_us]", "LITRE": "L", "LITER": "L", "MINUTE": "min", "HOUR": "h",
    "DAY": "d", "TON": "t", "TONNE": "t", "BTU": "[Btu]", "KILOWATT HOUR": "kW.h", "FAHRENHEIT": "[degF]",
}  # fmt: skip
# Which unit type a measure is in, where the name alone does not say (IfcLengthMeasure -> LENGTHUNIT does).
_MEASURE_UNIT = {
    "IfcPositiveLengthMeasure": "LENGTHUNIT",
    "IfcNonNegativeLengthMeasure": "LENGTHUNIT",
    "IfcPositivePlaneAngleMeasure": "PLANEANGLEUNIT",
    "IfcQuantityLength": "LENGTHUNIT",
    "IfcQuantityArea": "AREAUNIT",
    "IfcQuantityVolume": "VOLUMEUNIT",
    "IfcQuantityWeight": "MASSUNIT",
    "IfcQuantityTime": "TIMEUNIT",
}
# Geometric measures are given in these, so that a twin's figures agree with its shapes.
_COHERENT = {"LENGTHUNIT": "m", "AREAUNIT": "m2", "VOLUMEUNIT": "m3"}
_RATIOS = ("IfcRatioMeasure", "IfcPositiveRatioMeasure", "IfcNormalisedRatioMeasure")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: a UCUM-like `symbol`, and `factor` to the SI unit without prefix."""

    symbol: str
    factor: float


@dataclass(frozen=True, slots=True)
class ProjectUnits:
    """The units a model declares, by IFC unit type (`LENGTHUNIT`, `USERDEFINED.VOLUMETRICFLOWRATEUNIT`)."""

    by_type: Mapping[str, Unit] = field(default_factory=dict)

    @property
    def metres_per_unit(self) -> float:
        """Metres in one length unit of the source; 1 where the model does not say."""
        unit = self.by_type.get("LENGTHUNIT")
        return unit.factor if unit else 1.0

    def measure(self, measure: str) -> tuple[float, str]:
        """Give (factor, symbol) for values of a measure or quantity class such as `IfcLengthMeasure`."""
        if measure in _RATIOS:
            return 1.0, "1"
        kind = (
            _MEASURE_UNIT.get(measure) or measure.removeprefix("Ifc").removesuffix("Measure").upper() + "UNIT"
        )
        unit = self.by_type.get(kind)
        if unit is None:
            return 1.0, _COHERENT.get(kind, "")
        return presented(kind, unit)


def presented(kind: str, unit: Unit) -> tuple[float, str]:
    """Give (factor, symbol) by which values are kept: metres for geometry, the source's unit for the rest."""
    if kind in _COHERENT:
        return unit.factor, _COHERENT[kind]
    return 1.0, unit.symbol


def read_units(model: Any) -> ProjectUnits:
    """Read the units of the project; a unit that cannot be read is left out."""
    projects = model.by_type("IfcProject") or _contexts(model)
    assignment = getattr(projects[0], "UnitsInContext", None) if projects else None
    found: dict[str, Unit] = {}
    for entity in getattr(assignment, "Units", None) or ():
        unit = read_unit(entity)
        if unit is not None:
            found.setdefault(_unit_type(entity), unit)
    return ProjectUnits(found)


def _contexts(model: Any) -> list[Any]:
    return [] if model.schema == "IFC2X3" else list(model.by_type("IfcContext"))


def _unit_type(entity: Any) -> str:
    return str(getattr(entity, "UnitType", None) or "MONETARYUNIT")


def read_unit(entity: Any) -> Unit | None:
    """Read one IfcUnit; None for what has no meaning as a number's unit."""
    if entity.is_a("IfcSIUnit"):
        return _si_unit(entity)
    if entity.is_a("IfcConversionBasedUnit"):
        return _converted_unit(entity)
    if entity.is_a("IfcDerivedUnit"):
        return _derived_unit(entity)
    if entity.is_a("IfcMonetaryUnit"):
        return Unit(str(entity.Currency), 1.0)
    return None


def _si_unit(entity: Any) -> Unit:
    power = {"SQUARE_METRE": 2, "CUBIC_METRE": 3}.get(entity.Name, 1)
    prefix = entity.Prefix
    symbol = _PREFIX_SYMBOL.get(prefix, "") + _SI_SYMBOL.get(entity.Name, str(entity.Name).lower())
    factor = float(_PREFIX.get(prefix, 1.0)) ** power
    return Unit(symbol, factor)


def _converted_unit(entity: Any) -> Unit | None:
    measure = entity.ConversionFactor
    base = read_unit(measure.UnitComponent) if measure is not None and measure.UnitComponent else None
    value = getattr(getattr(measure, "ValueComponent", None), "wrappedValue", None)
    if base is None or not isinstance(value, int | float) or value <= 0:
        return None
    name = str(entity.Name or "").upper()
    return Unit(_CONVERTED_SYMBOL.get(name, name.lower()), float(value) * base.factor)


def _derived_unit(entity: Any) -> Unit | None:
    above: list[str] = []
    below: list[str] = []
    factor = 1.0
    for element in entity.Elements:
        unit = read_unit(element.Unit)
        if unit is None:
            return None
        power = int(element.Exponent)
        factor *= unit.factor**power
        (above if power > 0 else below).append(unit.symbol + (str(abs(power)) if abs(power) > 1 else ""))
    symbol = ".".join(above) or "1"
    return Unit("/".join([symbol, *below]), factor)
