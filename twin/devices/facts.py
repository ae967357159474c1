"""What is known of a device beside its points: who made it, whose it is, how long its warranty is. Pure.

The venue's devices.csv and the model say it first; what people write over it wins, field by field.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from telemetry_bridge.points import Device

LENGTHS = {"note": 1000, "protocol": 32}
LENGTH = 200
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DATES = ("installed", "warranty_until")


@dataclass(frozen=True, slots=True)
class Facts:
    """A device's facts, '' where nobody said. Dates are ISO 8601 (`2026-03-31`).

    `area` and `organisation` are whose it is; `maintenance` says why it must be left alone, '' while it is in
    service.
    """

    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    area: str = ""
    organisation: str = ""
    installed: str = ""
    warranty_until: str = ""
    protocol: str = ""
    note: str = ""
    maintenance: str = ""


FIELDS = tuple(field.name for field in fields(Facts))
#: Those that tables of devices hold; whether a device is being mended is no property of it.
TABLE_FIELDS = tuple(name for name in FIELDS if name != "maintenance")

#: Fact: IFC properties that tell it, with their sets, the first that is there counts.
#: Source: IFC4 ADD2 TC1, 5.4.4 Pset_ManufacturerTypeInformation, Pset_ManufacturerOccurrence, Pset_Warranty.
IFC_FACTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "manufacturer": (("Pset_ManufacturerTypeInformation", "Manufacturer"),),
    "model": (
        ("Pset_ManufacturerTypeInformation", "ModelLabel"),
        ("Pset_ManufacturerTypeInformation", "ModelReference"),
    ),
    "serial": (("Pset_ManufacturerOccurrence", "SerialNumber"),),
    "warranty_until": (("Pset_Warranty", "WarrantyEndDate"),),
}
IFC_SETS = tuple(dict.fromkeys(pset for places in IFC_FACTS.values() for pset, _ in places))


def base_facts(device: Device, plate: Mapping[str, str] | None = None) -> Facts:
    """What the venue's files say: the device's own columns, else the model's name plate (by fact).

    A column that can be no such fact says nothing; `unusable_columns` names it.
    """
    said = {name: device.attributes.get(name, "").strip() for name in TABLE_FIELDS}
    told = {name: text for name, text in said.items() if text and fact_fault(name, text) is None}
    return Facts(**{**(plate or {}), **told})


def unusable_columns(device: Device) -> Iterator[str]:
    """What is wrong with the facts among a device's own columns."""
    for name in TABLE_FIELDS:
        if fault := fact_fault(name, device.attributes.get(name, "").strip()):
            yield fault


def plate_facts(values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The facts in an element's property sets, given by set and name; a time of day is cut off dates."""
    found = {}
    for name, places in IFC_FACTS.items():
        said = (values.get(pset, {}).get(prop) for pset, prop in places)
        text = next((str(each) for each in said if each not in (None, "")), "")
        text = text[:10] if name in DATES else text[:LENGTH]
        if text and fact_fault(name, text) is None:
            found[name] = text
    return found


def merged(base: Facts, written: Mapping[str, str | None]) -> Facts:
    """The facts with what people wrote over them; None: as the files say."""
    return replace(base, **{name: text for name, text in written.items() if text is not None})


def fact_fault(name: str, text: str) -> str | None:
    """What is wrong with a fact; None: nothing."""
    limit = LENGTHS.get(name, LENGTH)
    if len(text) > limit:
        return f"{name} is longer than {limit} characters"
    if any(not letter.isprintable() and letter not in "\n\t" for letter in text):
        return f"{name} holds an unprintable character"
    if name in DATES and text and not _is_date(text):
        return f"{name} is a date such as 2026-03-31, not {text[:40]!r}"
    return None


def facts_faults(facts: Facts) -> Iterator[str]:
    """Everything that is wrong with a device's facts, each and together."""
    faults = [fault for name in FIELDS if (fault := fact_fault(name, getattr(facts, name)))]
    yield from faults
    if not faults and facts.installed and "" < facts.warranty_until < facts.installed:
        yield f"the warranty ends on {facts.warranty_until}, before {facts.installed}, when it was installed"


def _is_date(text: str) -> bool:
    if not DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_under_warranty(facts: Facts, today: date) -> bool | None:
    """Whether the warranty runs today, its last day included; None: nobody said."""
    if not facts.warranty_until:
        return None
    return today <= date.fromisoformat(facts.warranty_until)
