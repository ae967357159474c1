"""The device registry: from a venue's files, or derived from the model where there are none."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from telemetry_bridge.errors import Fault, RegistryError
from telemetry_bridge.points import (
    Device,
    DeviceType,
    Label,
    Point,
    PointType,
    Registry,
    State,
    id_fault,
)
from telemetry_bridge.registry_text import TypeEntry, parse_device_types, parse_devices, parse_type_entries

__all__ = [
    "Device",
    "DeviceType",
    "Label",
    "ModelElement",
    "Point",
    "PointType",
    "Registry",
    "State",
    "derive_registry",
    "is_device_class",
    "load_registry",
]

DEFAULT_TYPES_FILE = "default_device_types.yaml"


class ModelElement(NamedTuple):
    """What the registry needs to know of an element; a row of the catalogue's `element` table.

    `type_class` is the class of the element's type (`IfcLightFixtureType`), where it has one: in IFC2x3 that
    alone tells a luminaire from an outlet.
    """

    guid: str
    ifc_class: str
    predefined_type: str | None = None
    tag: str = ""
    name: str = ""
    name_en: str = ""
    type_class: str = ""


def load_registry(device_types_yaml: Path, devices_csv: Path) -> Registry:
    """Read a venue's devices.

    Raises:
        RegistryError: every fault of the two files (of the types alone, where these cannot be used), each
            with file and line.
    """
    types = parse_device_types(_read(device_types_yaml), device_types_yaml.name)
    known = [each.id for each in types]
    return Registry(types, parse_devices(_read(devices_csv), devices_csv.name, known))


def derive_registry(elements: Iterable[ModelElement]) -> Registry:
    """Make a registry from a model alone, for a building that nobody has described further.

    Every element of a class in `default_device_types.yaml` (the distribution elements of IFC2x3, IFC4 and
    IFC4x3, and IfcSpace) is a device bound to itself. Its id is the tag, where that is usable and
    nobody else's, else the guid. Elements of other classes are passed over.
    """
    chosen = [ModelElement(*each) for each in elements if is_device_class(each[1])]
    tags = Counter(element.tag for element in chosen)
    entries = _default_entries()
    types = [entry.device_type(type_id) for type_id, entry in entries.items()]
    return Registry(types, [_derived(element, tags) for element in chosen])


def is_device_class(ifc_class: str) -> bool:
    """Say whether elements of this class become devices by default."""
    return ifc_class in _types_by_class()


def _derived(element: ModelElement, tags: Mapping[str, int]) -> Device:
    usable = id_fault(element.tag) is None and tags[element.tag] == 1
    return Device(
        id=element.tag if usable else element.guid,
        type=_default_type(_telling_class(element), element.predefined_type),
        label=Label(element.name, element.name_en),
        guid=element.guid,
        tag=element.tag,
    )


def _telling_class(element: ModelElement) -> str:
    named_by_type = element.type_class.removesuffix("Type").removesuffix("Style")
    return named_by_type if is_device_class(named_by_type) else element.ifc_class


def _default_type(ifc_class: str, predefined_type: str | None) -> str:
    by_predefined = _types_by_class()[ifc_class]
    return by_predefined.get(predefined_type or "") or by_predefined[""]


@cache
def _default_entries() -> Mapping[str, TypeEntry]:
    text = resources.files("telemetry_bridge").joinpath(DEFAULT_TYPES_FILE).read_text("utf-8")
    return parse_type_entries(text, DEFAULT_TYPES_FILE)


@cache
def _types_by_class() -> Mapping[str, Mapping[str, str]]:
    """Per IFC class the type id by predefined type; `""` is the one for all others."""
    found: dict[str, dict[str, str]] = {}
    for type_id, entry in _default_entries().items():
        for ifc_class in entry.ifc_classes():
            for predefined in entry.predefined_types() or [""]:
                found.setdefault(ifc_class, {})[predefined] = type_id
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise RegistryError([Fault(str(path), "no such file")]) from error
    except UnicodeDecodeError as error:
        raise RegistryError(
            [Fault(str(path), f"not UTF-8 text (byte {error.start}); save it as UTF-8")]
        ) from error
    except OSError as error:
        raise RegistryError([Fault(str(path), f"cannot be read: {error.strerror}")]) from error
