"""A model package as RDF: its topology in BOT, its equipment, points and systems in Brick.

Reads an open package; writes nothing. IRIs are made from GlobalIds, so that they outlast a revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDF, RDFS, XSD
from rdflib.term import Node

from spatial.model import Element, Space, Storey, System
from spatial.package import ModelPackage
from telemetry_bridge.points import Device, Point, Registry
from twin.errors import ExportError
from twin.export.brick import UNIT_NAMES, equipment_class, system_class

BOT = Namespace("https://w3id.org/bot#")
BRICK = Namespace("https://brickschema.org/schema/Brick#")
UNIT = Namespace("http://qudt.org/vocab/unit/")
#: What neither vocabulary has a word for; docs/exports.md lists the terms.
TWIN = Namespace("urn:venue-twin:schema#")
DEFAULT_BASE = "urn:venue-twin:"

PREFIXES: Mapping[str, str] = {
    "bot": str(BOT),
    "brick": str(BRICK),
    "twin": str(TWIN),
    "unit": str(UNIT),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "xsd": str(XSD),
}
_LOCAL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

Triple = tuple[Node, Node, Node]
_BOT_OF_CLASS = {
    "IfcSite": BOT.Site,
    "IfcBuilding": BOT.Building,
    "IfcBuildingStorey": BOT.Storey,
    "IfcSpace": BOT.Space,
}
_BRICK_OF_CLASS = {
    "IfcSite": BRICK.Site,
    "IfcBuilding": BRICK.Building,
    "IfcBuildingStorey": BRICK.Floor,
    "IfcSpace": BRICK.Space,
}
_BOT_HAS = {"IfcBuilding": BOT.hasBuilding, "IfcBuildingStorey": BOT.hasStorey, "IfcSpace": BOT.hasSpace}
_NO_PRODUCTS = frozenset({"IfcProject", "IfcOpeningElement", "IfcGrid", "IfcAnnotation"})


def topology(package: ModelPackage, base: str = DEFAULT_BASE) -> Graph:
    """Sites, buildings, storeys, spaces, elements, and which rooms adjoin by which portal: BOT.

    Raises ExportError for a base that is no IRI.
    """
    writer = _Writer(package, checked_base(base))
    return _graph(writer.places(), writer.elements(), writer.portals())


def operations(package: ModelPackage, registry: Registry | None, base: str = DEFAULT_BASE) -> Graph:
    """Equipment, where it is, its points, its systems and what feeds what: Brick.

    registry: the devices with their points, None for none. Raises ExportError as `topology`.
    """
    writer = _Writer(package, checked_base(base))
    return _graph(writer.locations(), writer.equipment(registry), writer.systems(), writer.flows())


def everything(package: ModelPackage, registry: Registry | None, base: str = DEFAULT_BASE) -> Graph:
    """Both in one graph. Raises ExportError as `topology`."""
    graph = topology(package, base)
    graph += operations(package, registry, base)
    return graph


def turtle(graph: Graph) -> bytes:
    """The graph as Turtle, UTF-8, sorted: the same triples give the same bytes.

    Written here because rdflib's own serializer takes minutes for a graph of 200,000 triples.
    """
    lines = [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in PREFIXES.items()]
    for subject in sorted(set(graph.subjects()), key=str):
        found: dict[str, set[str]] = {}
        for predicate, thing in graph.predicate_objects(subject):
            found.setdefault(_short(predicate), set()).add(_short(thing))
        parts = [f"{name} {', '.join(sorted(things))}" for name, things in sorted(found.items())]
        lines += ["", f"{_short(subject)}\n    " + " ;\n    ".join(parts) + " ."]
    return ("\n".join(lines) + "\n").encode()


def _short(node: Node) -> str:
    """A node in Turtle, by a prefix where one fits."""
    if isinstance(node, URIRef):
        for prefix, namespace in PREFIXES.items():
            if node.startswith(namespace) and _LOCAL_NAME.fullmatch(node, len(namespace)):
                return f"{prefix}:{node[len(namespace) :]}"
    return str(node.n3())


def checked_base(base: str) -> str:
    """A base IRI that names can be hung on. Raises ExportError."""
    parts = urlsplit(base)
    if not parts.scheme or not (parts.netloc or parts.path) or any(c in base for c in ' <>"{}|\\^`'):
        raise ExportError(f"--base {base!r} is no IRI; write one such as https://example.org/venue/")
    return base if base.endswith(("/", "#", ":")) else base + "/"


def _graph(*parts: Iterable[Triple]) -> Graph:
    graph = Graph()
    for part in parts:
        for triple in part:
            graph.add(triple)
    return graph


@dataclass(frozen=True, slots=True)
class _Names:
    """The IRIs of things."""

    base: str

    def element(self, guid: str) -> URIRef:
        return URIRef(f"{self.base}element/{quote(guid, safe='$_')}")

    def made(self, kind: str, name: str | int) -> URIRef:
        return URIRef(f"{self.base}{kind}/{quote(str(name), safe='')}")


class _Writer:
    """The triples of one package, part by part."""

    def __init__(self, package: ModelPackage, base: str) -> None:
        self._package = package
        self._names = _Names(base)
        self._elements: dict[int, Element] = {e.element_index: e for e in package.iterate()}

    # Topology

    def places(self) -> Iterator[Triple]:
        for element in self._elements.values():
            kind = _BOT_OF_CLASS.get(element.ifc_class)
            if kind is None:
                continue
            yield (self._iri(element), RDF.type, kind)
            yield from self._described(element)
            parent = self._place_over(element)
            if parent is not None and element.ifc_class in _BOT_HAS:
                yield (self._iri(parent), _BOT_HAS[element.ifc_class], self._iri(element))
        for storey in self._package.storeys:
            yield from self._storey_facts(storey)
        for space in self._package.spaces:
            yield from self._space_facts(space)

    def elements(self) -> Iterator[Triple]:
        for element in self._elements.values():
            if element.ifc_class in _BOT_OF_CLASS or element.ifc_class in _NO_PRODUCTS:
                continue
            here = self._iri(element)
            yield (here, RDF.type, BOT.Element)
            yield from self._described(element)
            whole = self._elements.get(_index(element.parent_index))
            if whole is not None and not _is_place(whole) and whole.ifc_class not in _NO_PRODUCTS:
                yield (self._iri(whole), BOT.hasSubElement, here)
            place = self._place_of(element)
            if place is not None:
                yield (self._iri(place), BOT.containsElement, here)

    def portals(self) -> Iterator[Triple]:
        for portal in self._package.portals:
            sides = [self._elements[s] for s in (portal.space_a, portal.space_b) if s in self._elements]
            own = self._elements.get(_index(portal.element_index))
            interface = self._names.made("portal", portal.portal_index)
            yield (interface, RDF.type, BOT.Interface)
            yield (interface, TWIN.portalKind, Literal(portal.kind))
            yield (interface, TWIN.widthM, Literal(round(portal.width_m, 3), datatype=XSD.double))
            for thing in [*sides, *([own] if own else [])]:
                yield (interface, BOT.interfaceOf, self._iri(thing))
            for side in sides if own else []:
                yield (self._iri(side), BOT.adjacentElement, self._iri(own or side))
            if len(sides) == 2 and sides[0] is not sides[1]:
                yield (self._iri(sides[0]), BOT.adjacentZone, self._iri(sides[1]))
                yield (self._iri(sides[1]), BOT.adjacentZone, self._iri(sides[0]))

    def _described(self, element: Element) -> Iterator[Triple]:
        here = self._iri(element)
        yield (here, TWIN.guid, Literal(element.guid))
        yield (here, TWIN.ifcClass, Literal(element.ifc_class))
        for name in (element.long_name or element.name, element.name):
            if name:
                yield (here, RDFS.label, Literal(name))
        if element.name_en:
            yield (here, RDFS.label, Literal(element.name_en, lang="en"))
        for predicate, text in ((TWIN.predefinedType, element.predefined_type), (TWIN.tag, element.tag)):
            if text:
                yield (here, predicate, Literal(text))

    def _storey_facts(self, storey: Storey) -> Iterator[Triple]:
        here = self._names.element(storey.guid)
        yield (here, TWIN.position, Literal(storey.position, datatype=XSD.integer))
        yield (here, TWIN.elevationM, Literal(round(storey.elevation_m, 3), datatype=XSD.double))

    def _space_facts(self, space: Space) -> Iterator[Triple]:
        here = self._names.element(space.guid)
        yield (here, TWIN.areaM2, Literal(round(space.area_m2, 3), datatype=XSD.double))
        yield (here, TWIN.heightM, Literal(round(space.height_m, 3), datatype=XSD.double))
        yield (here, TWIN.derived, Literal(space.derived))
        if space.function:
            yield (here, TWIN.function, Literal(space.function))

    def _place_over(self, element: Element) -> Element | None:
        """The place that a place is part of; of a space the storey, wherever it hangs."""
        if element.ifc_class == "IfcSpace":
            space = self._package.space_by_index.get(element.element_index)
            storey = space.storey_index if space else element.storey_index
            return self._elements.get(_index(storey)) or self._elements.get(_index(element.parent_index))
        return self._nearest_place(element)

    def _nearest_place(self, element: Element) -> Element | None:
        seen: set[int] = set()
        here = self._elements.get(_index(element.parent_index))
        while here is not None and here.element_index not in seen:
            if _is_place(here):
                return here
            seen.add(here.element_index)
            here = self._elements.get(_index(here.parent_index))
        return None

    def _place_of(self, element: Element) -> Element | None:
        """The innermost place that holds an element: space, storey, building."""
        for index in (element.space_index, element.storey_index):
            place = self._elements.get(_index(index))
            if place is not None and place.element_index != element.element_index:
                return place
        return self._nearest_place(element)

    def _iri(self, element: Element) -> URIRef:
        return self._names.element(element.guid)

    # Operations

    def locations(self) -> Iterator[Triple]:
        for element in self._elements.values():
            kind = _BRICK_OF_CLASS.get(element.ifc_class)
            if kind is None:
                continue
            yield (self._iri(element), RDF.type, kind)
            yield from self._described(element)
            parent = self._place_over(element)
            if parent is not None:
                yield (self._iri(element), BRICK.isPartOf, self._iri(parent))

    def equipment(self, registry: Registry | None) -> Iterator[Triple]:
        listed = self._devices_at(registry)
        for element in self._elements.values():
            kind = equipment_class(element.ifc_class, element.predefined_type)
            device = listed.get(element.guid)
            told = registry.types[device.type].brick_class if registry and device else ""
            if kind is None and device is None:
                continue
            # A place that carries sensors is their location and stays a place.
            if not _is_place(element):
                yield (self._iri(element), RDF.type, BRICK[told or kind or "Equipment"])
                yield from self._described(element)
                place = self._place_of(element)
                if place is not None:
                    yield (self._iri(element), BRICK.hasLocation, self._iri(place))
        if registry is not None:
            yield from self._points(registry)

    def _devices_at(self, registry: Registry | None) -> Mapping[str, Device]:
        """The device that stands for each element, by guid; the first listed of several."""
        found: dict[str, Device] = {}
        for device in registry.devices.values() if registry else ():
            if device.guid:
                found.setdefault(device.guid, device)
        return found

    def _points(self, registry: Registry) -> Iterator[Triple]:
        known = {element.guid: element for element in self._elements.values()}
        for point in registry.points:
            device = registry.devices[point.device]
            carrier = known.get(device.guid or "")
            holder = self._iri(carrier) if carrier else self._names.made("device", device.id)
            if carrier is None:
                brick_class = registry.types[device.type].brick_class or "Equipment"
                yield (holder, RDF.type, BRICK[brick_class])
                yield (holder, RDFS.label, Literal(device.label.en or device.label.zh or device.id))
            yield (holder, TWIN.device, Literal(device.id))
            yield from self._point(point, holder, carrier is not None and _is_place(carrier))

    def _point(self, point: Point, holder: URIRef, at_place: bool) -> Iterator[Triple]:
        here = self._names.made("point", point.key)
        own = not point.point_class or point.point_class.startswith("Venue_")
        yield (here, RDF.type, BRICK.Point if own else BRICK[point.point_class])
        if own and point.point_class:
            yield (here, TWIN.pointClass, Literal(point.point_class))
        yield (here, RDFS.label, Literal(point.key))
        yield (holder, BRICK.hasPoint, here) if not at_place else (here, BRICK.hasLocation, holder)
        if point.unit in UNIT_NAMES:
            yield (here, BRICK.hasUnit, UNIT[UNIT_NAMES[point.unit]])

    def systems(self) -> Iterator[Triple]:
        for system in self._package.systems:
            yield from self._system(system)

    def _system(self, system: System) -> Iterator[Triple]:
        here = self._names.element(system.guid)
        yield (here, RDF.type, BRICK[system_class(system.ifc_class, system.predefined_type)])
        yield (here, TWIN.guid, Literal(system.guid))
        yield (here, TWIN.ifcClass, Literal(system.ifc_class))
        if system.name:
            yield (here, RDFS.label, Literal(system.name))
        for member in self._package.system_members(system.system_index):
            yield (self._iri(member), BRICK.isPartOf, here)
        for place in self._package.places_served(system.system_index):
            yield (here, BRICK.feeds, self._iri(place))

    def flows(self) -> Iterator[Triple]:
        words = {"flow": BRICK.feeds, "control": TWIN.actsOn, "link": TWIN.connectedWith}
        for connection in self._package.network.connections:
            ends = self._elements.get(connection.from_index), self._elements.get(connection.to_index)
            if ends[0] is not None and ends[1] is not None and connection.kind in words:
                yield (self._iri(ends[0]), words[connection.kind], self._iri(ends[1]))


def _index(index: int | None) -> int:
    return -1 if index is None else index


def _is_place(element: Element) -> bool:
    return element.ifc_class in _BOT_OF_CLASS
