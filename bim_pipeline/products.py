"""Reading what a model says besides shapes: elements, types, properties, structure, systems."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import ifcopenshell.guid
from ifcopenshell.util.element import get_type

from bim_pipeline.boundaries import read_boundaries
from bim_pipeline.entities import instances
from bim_pipeline.placements import PlacementReader
from bim_pipeline.properties import (
    Classification,
    Material,
    Property,
    PropertyReader,
    attribute_type,
    read_classification,
    read_materials,
)
from bim_pipeline.source import AttributeValue, Element, ModelWarning
from bim_pipeline.systems import Connection, System, read_connections, read_systems
from bim_pipeline.units import ProjectUnits, read_units

EXCLUDED = ("IfcFeatureElementSubtraction", "IfcAnnotation", "IfcGrid", "IfcPort", "IfcVirtualElement")
ATTRIBUTE_PSET = "Attributes"
T = TypeVar("T")
# An exporter that writes stray marks does so in every product.
_MARKS_SAMPLE = 200
_OWN_FIELDS = frozenset(
    {
        "GlobalId",
        "OwnerHistory",
        "Name",
        "Description",
        "ObjectType",
        "ObjectPlacement",
        "Representation",
        "Tag",
    }
    | {"LongName", "PredefinedType"}
)


@dataclass(frozen=True, slots=True)
class ElementType:
    """An IfcTypeObject that some element has."""

    type_index: int
    guid: str
    ifc_class: str
    predefined_type: str | None
    name: str


@dataclass(frozen=True, slots=True)
class _Links:
    """Who is who: element and type indices by step id, and each element's type."""

    element: Mapping[int, int]
    type: Mapping[int, int]
    type_of: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class SourceModel:
    """All that the catalogue keeps of a model, before shapes: tables keyed by element or type index."""

    elements: tuple[Element, ...]
    types: tuple[ElementType, ...]
    properties: Mapping[int, Sequence[Property]]
    type_properties: Mapping[int, Sequence[Property]]
    materials: Mapping[int, Sequence[Material]]
    classifications: Mapping[int, Sequence[Classification]]
    systems: tuple[System, ...]
    connections: tuple[Connection, ...]
    boundaries: tuple[tuple[int, int], ...]
    units: ProjectUnits
    distribution_elements: int
    warnings: tuple[ModelWarning, ...]


def list_products(model: Any) -> list[Any]:
    """Give every product that is an element of the catalogue, in the file's order of ids."""
    excluded = {entity.id() for name in EXCLUDED for entity in instances(model, name)}
    products = (p for p in model.by_type("IfcProduct") if p.id() not in excluded)
    return sorted(products, key=lambda p: int(p.id()))


def without_derived_marks(products: Sequence[Any]) -> int:
    """Set attributes that are `*` (derived) to `$` (unset); gives how many products had one.

    Some exporters write `*` for any value that they leave out; it is allowed for derived attributes only, of
    which products have none, and ends the geometry kernel's reading of the product.
    """
    if not any(",*" in str(product) for product in products[:_MARKS_SAMPLE]):
        return 0
    marked = [product for product in products if ",*" in str(product)]
    for product in marked:
        for position in range(len(product)):
            if product[position] is None:
                product[position] = None
    return len(marked)


def read_source(model: Any, products: Sequence[Any]) -> SourceModel:
    """Read elements with everything that hangs on them; `products` as `list_products` gives them."""
    units = read_units(model)
    warnings: list[ModelWarning] = []
    guids = _guids(products, warnings)
    kept = sorted((p for p in products if p.id() in guids), key=lambda p: guids[p.id()])
    index = {p.id(): i for i, p in enumerate(kept)}
    properties = PropertyReader(units)
    types, links, type_properties = _types(model, index, properties)
    by_element = _properties(model, index, properties)
    systems = read_systems(model, index)
    reader = _ElementReader(units, guids, types, links.type_of, _parents(model, index))
    elements = [reader.read(i, product, by_element.get(i, ()), warnings) for i, product in enumerate(kept)]
    for element in elements:
        own = reader.rows(element)
        if own:
            by_element[element.element_index] = [*own, *by_element.get(element.element_index, ())]
    return SourceModel(
        elements=_with_storeys(elements),
        types=types,
        properties=by_element,
        type_properties=type_properties,
        materials=_materials(model, links, units.metres_per_unit),
        classifications=_classifications(model, links),
        systems=systems,
        connections=read_connections(model, index, systems),
        boundaries=read_boundaries(model, index),
        units=units,
        distribution_elements=sum(p.is_a("IfcDistributionElement") for p in kept),
        warnings=tuple(warnings),
    )


def _guids(products: Sequence[Any], warnings: list[ModelWarning]) -> dict[int, str]:
    """Give each product's guid by step id; of those that share one, all but the first get made ones."""
    found: dict[int, str] = {}
    own = {product.GlobalId for product in products}
    taken: Counter[str] = Counter()
    for product in products:
        guid = product.GlobalId
        if not guid:
            guid = _made_guid(f"#{product.id()}")
            warnings.append(ModelWarning("missing_guid", guid, "it had no GlobalId; one was made"))
        elif taken[guid]:
            guid = _repeated_guid(product, taken, own, warnings)
        taken[guid] += 1
        found[product.id()] = guid
    return found


def _repeated_guid(product: Any, taken: Counter[str], own: set[str], warnings: list[ModelWarning]) -> str:
    """Make a guid for a product whose own one is another's, the same in each build."""
    guid = made = str(product.GlobalId)
    while made in taken or made in own:
        made = _made_guid(f"{guid} {taken[guid]}")
        taken[guid] += 1
    text = f"#{product.id()} repeats the GlobalId {guid} of another element; it is kept under a made one"
    warnings.append(ModelWarning("duplicate_guid", made, text))
    return made


def _made_guid(seed: str) -> str:
    digest = hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()
    return str(ifcopenshell.guid.compress(digest))


class _ElementReader:
    """Turns products into elements; what does not depend on the product is looked up once a class."""

    def __init__(
        self,
        units: ProjectUnits,
        guids: Mapping[int, str],
        types: Sequence[ElementType],
        type_of: Mapping[int, int],
        parents: Mapping[int, int],
    ) -> None:
        self._placements = PlacementReader(units.metres_per_unit)
        self._scale = units.metres_per_unit
        self._guids = guids
        self._types = types
        self._type_of = type_of
        self._parents = parents
        self._lengths: dict[str, frozenset[str]] = {}

    def read(
        self, index: int, product: Any, properties: Sequence[Property], warnings: list[ModelWarning]
    ) -> Element:
        said = product.get_info(include_identifier=False, recursive=False)
        type_index = self._type_of.get(index)
        object_type = _text(said["ObjectType"])
        guid = self._guids[product.id()]
        placement = self._placements.read(said["ObjectPlacement"])
        if placement is None and said["ObjectPlacement"] is not None:
            warnings.append(ModelWarning("broken_placement", guid, "its placement is cyclic or not a number"))
        own = self._types[type_index] if type_index is not None else None
        predefined = _predefined(said.get("PredefinedType"), object_type)
        return Element(
            element_index=index,
            guid=guid,
            step_id=product.id(),
            ifc_class=said["type"],
            predefined_type=predefined or (own.predefined_type if own else None),
            name=_text(said["Name"]),
            name_en=_name_en(properties),
            long_name=_text(said.get("LongName")),
            object_type=object_type,
            description=_text(said["Description"]),
            tag=_text(said.get("Tag")),
            type_index=type_index,
            parent_index=self._parents.get(index),
            placement=placement,
            attributes=self._attributes(product, said),
        )

    def rows(self, element: Element) -> list[Property]:
        """Give an element's direct attributes as properties."""
        lengths = self._lengths.get(element.ifc_class, frozenset())
        return [
            Property(
                ATTRIBUTE_PSET, name, json.dumps(value, ensure_ascii=False), "m" if name in lengths else ""
            )
            for name, value in element.attributes.items()
        ]

    def _attributes(self, product: Any, said: Mapping[str, Any]) -> dict[str, AttributeValue]:
        found: dict[str, AttributeValue] = {}
        lengths = self._lengths_of(product, said)
        for name, value in said.items():
            if name in _OWN_FIELDS or not isinstance(value, str | int | float | bool):
                continue
            if name in lengths and isinstance(value, int | float):
                found[name] = float(f"{value * self._scale:.12g}")
            else:
                found[name] = value
        if "OperationType" not in found and product.is_a("IfcDoor"):
            # How a door opens is told by its type: IfcDoorType, in IFC2X3 IfcDoorStyle.
            operation = getattr(get_type(product), "OperationType", None)
            found |= {"OperationType": operation} if operation else {}
        return found

    def _lengths_of(self, product: Any, said: Mapping[str, Any]) -> frozenset[str]:
        known = self._lengths.get(said["type"])
        if known is None:
            names = (name for name in said if name not in _OWN_FIELDS)
            known = frozenset(name for name in names if "Length" in attribute_type(product, name))
            self._lengths[said["type"]] = known
        return known


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _predefined(value: str | None, object_type: str) -> str | None:
    if value == "USERDEFINED":
        return object_type or value
    return None if value == "NOTDEFINED" else value


def _name_en(properties: Sequence[Property]) -> str:
    return next((str(json.loads(p.value)) for p in properties if p.name == "NameEn"), "")


def _with_storeys(elements: Sequence[Element]) -> tuple[Element, ...]:
    """Give every element its storey: the first one up its chain of wholes and containers."""
    known: dict[int, int | None] = {}
    for element in elements:
        chain: list[int] = []
        index: int | None = element.element_index
        while index is not None and index not in known and index not in chain:
            if elements[index].ifc_class == "IfcBuildingStorey":
                known[index] = index
                break
            chain.append(index)
            index = elements[index].parent_index
        storey = known.get(index) if index is not None else None
        known.update(dict.fromkeys(chain, storey))
    return tuple(
        replace(e, storey_index=known[e.element_index] if e.ifc_class != "IfcBuildingStorey" else None)
        for e in elements
    )


def _parents(model: Any, index: Mapping[int, int]) -> dict[int, int]:
    """Give each element's whole, else host, else container; loops are cut where they close."""
    found: dict[int, int] = {}
    for child, parent in _parent_pairs(model):
        child_index, parent_index = index.get(child), index.get(parent)
        if child_index is None or parent_index is None or child_index in found:
            continue
        if not _leads_to(found, parent_index, child_index):
            found[child_index] = parent_index
    return found


def _leads_to(parents: Mapping[int, int], start: int, goal: int) -> bool:
    node: int | None = start
    while node is not None:
        if node == goal:
            return True
        node = parents.get(node)
    return False


def _parent_pairs(model: Any) -> Iterator[tuple[int, int]]:
    """Go through (child, parent) step ids, the strongest kind of relation first."""
    for name in ("IfcRelAggregates", "IfcRelNests"):
        for relation in model.by_type(name):
            if relation.RelatingObject is not None:
                parent = relation.RelatingObject.id()
                yield from ((child.id(), parent) for child in relation.RelatedObjects or ())
    for relation in model.by_type("IfcRelContainedInSpatialStructure"):
        if relation.RelatingStructure is not None:
            parent = relation.RelatingStructure.id()
            yield from ((child.id(), parent) for child in relation.RelatedElements or ())
    yield from _hosts(model)


def _hosts(model: Any) -> Iterator[tuple[int, int]]:
    hosts = {
        relation.RelatedOpeningElement.id(): relation.RelatingBuildingElement.id()
        for relation in model.by_type("IfcRelVoidsElement")
        if relation.RelatedOpeningElement is not None and relation.RelatingBuildingElement is not None
    }
    for relation in model.by_type("IfcRelFillsElement"):
        opening, filling = relation.RelatingOpeningElement, relation.RelatedBuildingElement
        if opening is not None and filling is not None and opening.id() in hosts:
            yield filling.id(), hosts[opening.id()]


def _types(
    model: Any, index: Mapping[int, int], properties: PropertyReader
) -> tuple[tuple[ElementType, ...], _Links, dict[int, Sequence[Property]]]:
    """Read the types in use, ascending by guid, who has which, and the types' properties."""
    chosen: dict[int, Any] = {}
    for relation in model.by_type("IfcRelDefinesByType"):
        entity = relation.RelatingType
        if entity is not None and entity.GlobalId:
            owners = (index[o.id()] for o in relation.RelatedObjects or () if o.id() in index)
            chosen.update((owner, entity) for owner in owners if owner not in chosen)
    entities = {entity.id(): entity for entity in chosen.values()}
    ordered = sorted(entities.values(), key=lambda e: (e.GlobalId, e.id()))
    number = _numbers(ordered)
    rows: dict[int, Sequence[Property]] = {}
    for entity in ordered:
        definitions = entity.HasPropertySets or ()
        found = [p for definition in definitions for p in properties.read(definition)]
        rows.setdefault(number[entity.id()], _first_of_each(found))
    first = {number[e.id()]: e for e in reversed(ordered)}
    types = tuple(_type(i, first[i]) for i in sorted(first))
    type_of = {owner: number[entity.id()] for owner, entity in chosen.items()}
    return types, _Links(index, number, type_of), rows


def _numbers(ordered: Sequence[Any]) -> dict[int, int]:
    """Number entities by their guid; those that share one share the number."""
    guids = {guid: i for i, guid in enumerate(dict.fromkeys(e.GlobalId for e in ordered))}
    return {entity.id(): guids[entity.GlobalId] for entity in ordered}


def _type(number: int, entity: Any) -> ElementType:
    predefined = _predefined(
        getattr(entity, "PredefinedType", None), _text(getattr(entity, "ElementType", None))
    )
    return ElementType(number, entity.GlobalId, entity.is_a(), predefined, _text(entity.Name))


def _properties(model: Any, index: Mapping[int, int], reader: PropertyReader) -> dict[int, list[Property]]:
    found: dict[int, list[Property]] = defaultdict(list)
    for relation in model.by_type("IfcRelDefinesByProperties"):
        owners = [index[o.id()] for o in relation.RelatedObjects or () if o.id() in index]
        if not owners:
            continue
        rows = [p for d in _definitions(relation.RelatingPropertyDefinition) for p in reader.read(d)]
        for owner in owners:
            found[owner].extend(rows)
    return {owner: _first_of_each(rows) for owner, rows in found.items()}


def _definitions(selected: Any) -> list[Any]:
    if selected is None:
        return []
    if selected.is_a("IfcPropertySetDefinitionSet"):
        return list(selected.wrappedValue)
    return [selected]


def _first_of_each(rows: Sequence[Property]) -> list[Property]:
    first: dict[tuple[str, str], Property] = {}
    for row in rows:
        first.setdefault((row.pset, row.name), row)
    return list(first.values())


def _materials(model: Any, links: _Links, metres_per_unit: float) -> dict[int, Sequence[Material]]:
    """Give each element's materials: its own, else its type's."""
    own: dict[int, Sequence[Material]] = {}
    of_type: dict[int, Sequence[Material]] = {}
    for relation in model.by_type("IfcRelAssociatesMaterial"):
        materials = read_materials(relation.RelatingMaterial, metres_per_unit)
        for entity in relation.RelatedObjects or ():
            if entity.id() in links.element:
                own.setdefault(links.element[entity.id()], materials)
            elif entity.id() in links.type:
                of_type.setdefault(links.type[entity.id()], materials)
    return _inherited(own, of_type, links.type_of)


def _classifications(model: Any, links: _Links) -> dict[int, Sequence[Classification]]:
    """Give each element's classifications: its own, else its type's."""
    own: dict[int, Sequence[Classification]] = {}
    of_type: dict[int, Sequence[Classification]] = {}
    for relation in model.by_type("IfcRelAssociatesClassification"):
        reference = read_classification(relation.RelatingClassification)
        if reference is None:
            continue
        for entity in relation.RelatedObjects or ():
            for table, number in ((own, links.element), (of_type, links.type)):
                key = number.get(entity.id())
                if key is not None:
                    table[key] = [*table.get(key, ()), reference]
    return _inherited(own, of_type, links.type_of)


def _inherited(
    own: dict[int, Sequence[T]], of_type: Mapping[int, Sequence[T]], type_of: Mapping[int, int]
) -> dict[int, Sequence[T]]:
    """Give what an element has of its own, else what its type has, by element index."""
    from_types = {i: of_type[t] for i, t in type_of.items() if t in of_type and i not in own}
    return {**own, **from_types}
