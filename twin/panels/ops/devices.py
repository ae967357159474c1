"""The ledger of devices: what each is, who made it, where it is. Pure, but for look-ups in the package."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spatial.model import Element, Space, Storey
from spatial.package import ModelPackage
from telemetry_bridge.points import Device, Label, Registry
from twin.bound import BoundDevices
from twin.devices.facts import Facts

TYPE_INFORMATION = "Pset_ManufacturerTypeInformation"
OCCURRENCE = "Pset_ManufacturerOccurrence"


@dataclass(frozen=True, slots=True)
class Plate:
    """What is on a device's name plate, from IFC's property sets on manufacture; '' where nobody said."""

    manufacturer: str = ""
    model: str = ""
    reference: str = ""
    serial: str = ""
    barcode: str = ""
    acquired: str = ""
    made: str = ""


NO_PLATE = Plate()

#: Field of the plate: names of IFC properties that may hold it, the first that does counts.
#: Source: IFC4 ADD2 TC1, 5.4.4 Pset_ManufacturerTypeInformation and Pset_ManufacturerOccurrence.
PLATE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "manufacturer": ("Manufacturer",),
    "model": ("ModelLabel",),
    "reference": ("ModelReference", "ArticleNumber", "GlobalTradeItemNumber"),
    "serial": ("SerialNumber", "BatchReference"),
    "barcode": ("BarCode",),
    "acquired": ("AcquisitionDate",),
    "made": ("ManufacturingDate", "ProductionYear"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A device of the ledger: all of it that does not change while it runs; `row` is its place by id."""

    row: int
    device: Device
    type_label: Label
    element: Element | None
    storey: Storey | None
    space: Space | None
    plate: Plate
    text: str
    """What a search looks through, case-folded."""


def read_plates(package: ModelPackage) -> dict[int, Plate]:
    """The name plates in a model, by element_index; elements without one are absent."""
    kinds, single = package.values_of(TYPE_INFORMATION), package.values_of(OCCURRENCE)
    return {index: plate_of(kinds.get(index, {}) | single.get(index, {})) for index in {*kinds, *single}}


def plate_of(values: Mapping[str, Any]) -> Plate:
    """The plate that some properties make."""
    return Plate(**{field: _first(values, names) for field, names in PLATE_FIELDS.items()})


def _first(values: Mapping[str, Any], names: Iterable[str]) -> str:
    found = (values.get(name) for name in names)
    return next((str(value) for value in found if value not in (None, "")), "")


def make_entries(
    package: ModelPackage,
    registry: Registry,
    bound: BoundDevices,
    plates: Mapping[int, Plate],
    facts: Mapping[str, Facts],
) -> tuple[Entry, ...]:
    """The ledger, by device id; `facts` (by device id) win over the model's name plates."""
    entries = []
    for row, device in enumerate(registry.devices.values()):
        element = bound.element_of.get(device.id)
        plate = NO_PLATE if element is None else plates.get(element.element_index, NO_PLATE)
        known = facts.get(device.id)
        entries.append(
            _entry(package, registry, row, device, element, plate if known is None else told(plate, known))
        )
    return tuple(entries)


def told(plate: Plate, facts: Facts) -> Plate:
    """A name plate with what the venue's files and people say of the device."""
    return replace(
        plate,
        manufacturer=facts.manufacturer or plate.manufacturer,
        model=facts.model or plate.model,
        serial=facts.serial or plate.serial,
    )


def _entry(
    package: ModelPackage,
    registry: Registry,
    row: int,
    device: Device,
    element: Element | None,
    plate: Plate,
) -> Entry:
    label = registry.types[device.type].label
    space, storey = _space_of(package, element), _storey_of(package, element)
    words = [device.id, device.tag, device.label.zh, device.label.en, device.type, label.zh, label.en]
    words += [plate.manufacturer, plate.model, plate.reference, plate.serial, plate.barcode]
    words += [] if space is None else [space.name, space.long_name, space.name_en]
    return Entry(row, device, label, element, storey, space, plate, "\n".join(words).casefold())


def _space_of(package: ModelPackage, element: Element | None) -> Space | None:
    """The space that an element is in; a space itself, whose sensors are bound to it, is in itself."""
    within = () if element is None else (element.space_index, element.element_index)
    return next((package.space_by_index[i] for i in within if i in package.space_by_index), None)


def _storey_of(package: ModelPackage, element: Element | None) -> Storey | None:
    return None if element is None else package.storey_by_index.get(element.storey_index or -1)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which devices; what is empty does not filter. Every word of `text` must be found."""

    text: str = ""
    type: str = ""
    storey: str = ""
    space: str = ""


def matching(entries: Iterable[Entry], wanted: EntryFilter) -> list[Entry]:
    """The entries that meet every given part of a filter, in their order."""
    words = wanted.text.casefold().split()
    return [
        entry
        for entry in entries
        if wanted.type in ("", entry.device.type)
        and (not wanted.storey or (entry.storey is not None and entry.storey.guid == wanted.storey))
        and (not wanted.space or (entry.space is not None and entry.space.guid == wanted.space))
        and all(word in entry.text for word in words)
    ]
