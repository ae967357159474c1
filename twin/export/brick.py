"""Which Brick class (brickschema.org, 1.3 on) stands for an IFC class or system. Pure tables."""

from __future__ import annotations

from collections.abc import Mapping

#: By class and predefined type; a None type is for all the others of the class.
_EQUIPMENT: Mapping[str, Mapping[str | None, str]] = {
    "IfcAirTerminal": {None: "Air_Diffuser"},
    "IfcAirTerminalBox": {"VARIABLEFLOWPRESSUREDEPENDANT": "VAV", "VARIABLEFLOWPRESSUREINDEPENDANT": "VAV",
                          None: "Terminal_Unit"},
    "IfcAirToAirHeatRecovery": {None: "Heat_Exchanger"},
    "IfcAlarm": {None: "Fire_Safety_Equipment"},
    "IfcAudioVisualAppliance": {"CAMERA": "Surveillance_Camera", None: "Audio_Visual_Equipment"},
    "IfcBoiler": {None: "Boiler"},
    "IfcChiller": {None: "Chiller"},
    "IfcCoil": {"HYDRONICCOIL": "Coil", "WATERCOOLINGCOIL": "Cooling_Coil",
                "WATERHEATINGCOIL": "Heating_Coil", None: "Coil"},
    "IfcCompressor": {None: "Compressor"},
    "IfcCondenser": {None: "Condenser"},
    "IfcCooledBeam": {None: "Chilled_Beam"},
    "IfcCoolingTower": {None: "Cooling_Tower"},
    "IfcDamper": {None: "Damper"},
    "IfcElectricDistributionBoard": {None: "Breaker_Panel"},
    "IfcElectricFlowStorageDevice": {"BATTERY": "Battery", None: "Energy_Storage"},
    "IfcElectricMotor": {None: "Motor"},
    "IfcFan": {None: "Fan"},
    "IfcFilter": {None: "Filter"},
    "IfcFireSuppressionTerminal": {None: "Fire_Safety_Equipment"},
    "IfcFlowMeter": {"ENERGYMETER": "Electrical_Meter", "GASMETER": "Gas_Meter", "WATERMETER": "Water_Meter",
                     None: "Meter"},
    "IfcHeatExchanger": {None: "Heat_Exchanger"},
    "IfcHumidifier": {None: "Humidifier"},
    "IfcLamp": {None: "Lighting_Equipment"},
    "IfcLightFixture": {None: "Luminaire"},
    "IfcProtectiveDevice": {None: "Electrical_Equipment"},
    "IfcPump": {None: "Pump"},
    "IfcSolarDevice": {"SOLARPANEL": "PV_Panel", None: "Equipment"},
    "IfcSpaceHeater": {"RADIATOR": "Radiator", None: "Space_Heater"},
    "IfcSwitchingDevice": {None: "Switch"},
    "IfcTransformer": {None: "Transformer"},
    "IfcTransportElement": {"ELEVATOR": "Elevator", None: "Equipment"},
    "IfcUnitaryEquipment": {"AIRHANDLER": "AHU", "AIRCONDITIONINGUNIT": "HVAC_Equipment",
                            "ROOFTOPUNIT": "Rooftop_Unit", None: "HVAC_Equipment"},
    "IfcValve": {"ISOLATING": "Isolation_Valve", None: "Valve"},
}  # fmt: skip

#: By the end of the words that IFC has for kinds of equipment; they carry what flows but are no machines.
_CARRIERS = ("Segment", "Fitting", "IfcDistributionChamberElement", "IfcJunctionBox", "IfcOutlet")

_SYSTEM_OF_TYPE: Mapping[str, str] = {
    "AIRCONDITIONING": "Air_System",
    "CHILLEDWATER": "Chilled_Water_System",
    "COMPRESSEDAIR": "System",
    "CONDENSERWATER": "Condenser_Water_System",
    "DOMESTICCOLDWATER": "Water_System",
    "DOMESTICHOTWATER": "Domestic_Hot_Water_System",
    "ELECTRICAL": "Electrical_System",
    "EXHAUST": "Ventilation_Air_System",
    "FIREPROTECTION": "Fire_Safety_System",
    "GAS": "Gas_System",
    "HEATING": "Hot_Water_System",
    "LIGHTING": "Lighting_System",
    "VENTILATION": "Ventilation_Air_System",
    "WATERSUPPLY": "Water_System",
}

#: Units of the catalogue and the registry in QUDT's words.
UNIT_NAMES: Mapping[str, str] = {
    "degC": "DEG_C", "kW": "KiloW", "kWh": "KiloW-HR", "W": "W", "m3": "M3", "m3/h": "M3-PER-HR",
    "%": "PERCENT", "ppm": "PPM", "lx": "LUX", "Pa": "PA", "kPa": "KiloPA", "V": "V", "A": "A", "Hz": "HZ",
    "m/s": "M-PER-SEC", "m2": "M2", "m": "M", "dB": "DeciB",
}  # fmt: skip

_FLOW_ELEMENTS = frozenset({
    "IfcDistributionElement", "IfcDistributionFlowElement", "IfcDistributionControlElement",
    "IfcFlowController", "IfcFlowFitting", "IfcFlowMovingDevice", "IfcFlowSegment", "IfcFlowStorageDevice",
    "IfcFlowTerminal", "IfcFlowTreatmentDevice", "IfcEnergyConversionDevice",
})  # fmt: skip


def equipment_class(ifc_class: str, predefined_type: str | None) -> str | None:
    """The Brick class of an element by its IFC class; None for what is no equipment."""
    types = _EQUIPMENT.get(ifc_class)
    if types is not None:
        return types.get((predefined_type or "").upper(), types[None])
    if ifc_class.endswith(_CARRIERS) or ifc_class in _FLOW_ELEMENTS:
        return "Equipment"
    return None


def system_class(ifc_class: str, predefined_type: str | None) -> str:
    """The Brick class of a system, zone or group."""
    if ifc_class in ("IfcZone", "IfcSpatialZone"):
        return "Zone"
    return _SYSTEM_OF_TYPE.get((predefined_type or "").upper(), "System")
