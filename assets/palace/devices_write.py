"""Devices into the model: a product is a type with mapped geometry, a device an occurrence of it."""

# ruff: noqa: E501  (tables and the arguments of a placing read better in rows)

from collections.abc import Mapping, Sequence

from assets.palace.devices_list import device_key
from assets.palace.devices_mesh import Mesh
from assets.palace.devices_models import Model, model
from assets.palace.devices_spec import DeviceSpec
from assets.palace.ifc_writer import Entity, Frame, IfcWriter, Part, Psets, TypeHandle, Value

#: Systems: key, Chinese and English name, IfcDistributionSystemEnum.
SYSTEMS = {
    "supply_air": ("空调送风系统", "Supply air", "AIRCONDITIONING"),
    "exhaust": ("排风系统", "Exhaust air", "EXHAUST"),
    "chilled_water": ("冷冻水系统", "Chilled water", "CHILLEDWATER"),
    "condenser_water": ("冷却水系统", "Condenser water", "CONDENSERWATER"),
    "cold_water": ("生活给水系统", "Domestic cold water", "DOMESTICCOLDWATER"),
    "hot_water": ("生活热水系统", "Domestic hot water", "DOMESTICHOTWATER"),
    "pool": ("泳池水处理系统", "Pool water treatment", "WATERSUPPLY"),
    "fire": ("消防给水系统", "Fire water", "FIREPROTECTION"),
    "fire_alarm": ("火灾自动报警系统", "Fire alarm", "SIGNAL"),
    "power": ("动力配电系统", "Power distribution", "ELECTRICAL"),
    "lighting": ("照明系统", "Lighting", "LIGHTING"),
    "pv": ("光伏发电系统", "Photovoltaic generation", "POWERGENERATION"),
    "data": ("综合布线与网络", "Data network", "DATA"),
    "security": ("安防系统", "Security", "SECURITY"),
    "control": ("楼宇自控系统", "Building control", "CONTROL"),
    "av": ("信息发布与广播系统", "Audio and video", "AUDIOVISUAL"),
}
#: Attributes of a device that the model carries too, by their property's name and IFC measure.
PROPERTIES = {
    "rated_kw": ("RatedPower", "IfcPowerMeasure", 1000.0),
    "cooling_kw": ("CoolingCapacity", "IfcPowerMeasure", 1000.0),
    "heating_kw": ("HeatingCapacity", "IfcPowerMeasure", 1000.0),
    "capacity_kw": ("Capacity", "IfcPowerMeasure", 1000.0),
    "kwp": ("PeakPower", "IfcPowerMeasure", 1000.0),
    "flow_m3h": ("NominalFlow", "IfcVolumetricFlowRateMeasure", 1 / 3600),
}
LABELS = {
    "circuit": "Circuit",
    "serves": "Serves",
    "unit": "Unit",
    "door": "Door",
    "bay": "Bay",
    "zone": "Zone",
}


def write_systems(writer: IfcWriter) -> dict[str, Entity]:
    """Write the building's distribution systems; gives them by key."""
    return {
        key: writer.system("IfcDistributionSystem", key, zh, kind, en)
        for key, (zh, en, kind) in SYSTEMS.items()
    }


def write_devices(
    writer: IfcWriter, specs: Sequence[DeviceSpec], systems: Mapping[str, Entity]
) -> dict[str, Entity]:
    """Write the devices' types and occurrences; gives the occurrences by device id."""
    types = {key: write_type(writer, model(key)) for key in dict.fromkeys(spec.model for spec in specs)}
    written = {}
    for spec in specs:
        entity = _occurrence(writer, spec, types[spec.model])
        for system in spec.systems:
            writer.assign(systems[system], [entity])
        written[spec.id] = entity
    return written


def write_type(writer: IfcWriter, product: Model) -> TypeHandle:
    """Write a product as an IFC type with its shape."""
    userdefined = product.predefined.islower()
    attributes = {"ElementType": product.predefined} if userdefined else {}
    return writer.type(
        f"{product.ifc_class}Type", f"device/{product.key}", product.name_zh,
        [Part(Mesh(mesh.vertices, tuple(mesh.triangles())), finish) for mesh, finish in product.items],
        predefined="USERDEFINED" if userdefined else product.predefined,
        name_en=product.name_en, attributes=attributes,
        psets={
            "Pset_ManufacturerTypeInformation": {
                "Manufacturer": product.manufacturer, "ModelReference": product.article, "ModelLabel": product.name_zh,
            }
        },
    )  # fmt: skip


def _occurrence(writer: IfcWriter, spec: DeviceSpec, handle: TypeHandle) -> Entity:
    product = model(spec.model)
    userdefined = product.predefined.islower()
    return writer.element(
        product.ifc_class, device_key(spec.id), spec.name_zh, Frame(*spec.position, spec.yaw_deg), spec.space.key,
        type=handle, tag=spec.id, name_en=spec.name_en, psets=_psets(spec),
        predefined="USERDEFINED" if userdefined else None,
        object_type=product.predefined if userdefined else None,
    )  # fmt: skip


def _psets(spec: DeviceSpec) -> Psets:
    facts: dict[str, Value] = {"DeviceType": spec.type}
    for name, text in spec.attributes.items():
        if name in PROPERTIES:
            label, measure, factor = PROPERTIES[name]
            facts[label] = (measure, round(float(text) * factor, 6))
        elif name in LABELS and text:
            facts[LABELS[name]] = text
    occurrence: dict[str, Value] = {"SerialNumber": spec.serial, "BarCode": spec.id}
    return {"Pset_ManufacturerOccurrence": occurrence, "Venue_Device": facts}
