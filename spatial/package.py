"""A model package opened for reading: the front of everything that asks where things are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial.catalogue import Catalogue, position_of
from spatial.errors import (
    BadCursorError,
    IncompletePackageError,
    NotAPackageError,
    QueryError,
    UnknownPlaceError,
)
from spatial.index import PackedIndex
from spatial.manifest import read_manifest
from spatial.model import (
    Box,
    Columns,
    Connection,
    Element,
    ElementDetail,
    ElementFilter,
    ElementType,
    JsonValue,
    Location,
    Manifest,
    Near,
    Neighbour,
    Page,
    Portal,
    Space,
    Storey,
    System,
)
from spatial.network import FlowNetwork
from spatial.places import SpaceLocator, extents_by_storey, storey_at
from spatial.quality import ModelTables, QualityReport, check_quality
from spatial.terrain import terrain_box
from spatial.text import match_query

MAX_PAGE = 1000
MAX_CHILDREN = 200
MAX_LOCATED = 100
EVERYTHING = ElementFilter()


class ModelPackage:
    """One revision of one building. Opens in milliseconds; threads may share it.

    Everything is in metres, Z up, in the package's local frame. Attributes: `folder`, `manifest`, `index`
    (the packed index of the elements' boxes), `storeys` (lowest first) and `element_count`.
    """

    def __init__(self, folder: Path, manifest: Manifest, catalogue: Catalogue, index: PackedIndex) -> None:
        self.folder = folder
        self.manifest = manifest
        self.index = index
        self._catalogue = catalogue
        self.element_count = catalogue.element_count()
        if self.element_count != index.row_count:
            raise IncompletePackageError(f"{folder}: index and catalogue differ; build the package again")
        self.storeys: tuple[Storey, ...] = catalogue.storeys()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the package in a folder.

        Raises NotAPackageError, WrongFormatError or IncompletePackageError, each with one line for the user.
        """
        manifest_path = folder / "manifest.json"
        if not manifest_path.is_file():
            raise NotAPackageError(f"{folder} is no model package (no manifest.json); make one: twin build")
        manifest = read_manifest(manifest_path.read_bytes(), str(manifest_path))
        for name in ("model.db", "boxes.idx", "tileset.json"):
            if not (folder / name).is_file():
                raise IncompletePackageError(f"{folder} lacks {name}; build the package again")
        index = PackedIndex.open(folder / "boxes.idx")
        catalogue = Catalogue.open(folder / "model.db")
        try:
            return cls(folder, manifest, catalogue, index)
        except IncompletePackageError:
            catalogue.close()
            raise

    def close(self) -> None:
        """Close the files; no query may follow."""
        self._catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Elements

    def element(self, guid: str) -> Element:
        """The element of a guid. Raises UnknownPlaceError."""
        found = self._catalogue.element(guid)
        if found is None:
            raise UnknownPlaceError(f"this model has no element {guid!r}")
        return found

    def element_at(self, element_index: int) -> Element:
        """The element of an index. Raises UnknownPlaceError."""
        found = self._catalogue.elements([element_index])
        if not found:
            raise UnknownPlaceError(f"this model has no element number {element_index}")
        return found[0]

    def elements_at(self, indices: ArrayLike) -> tuple[Element, ...]:
        """The elements of some indices, in their order; unknown ones are left out."""
        return self._catalogue.elements(np.asarray(indices, dtype=np.int64).tolist())

    def elements_by_tag(self, tag: str) -> tuple[Element, ...]:
        """The elements with a tag, by index."""
        return self._catalogue.by_tag(tag)

    def find(self, wanted: ElementFilter = EVERYTHING, limit: int = 100, cursor: str = "") -> Page:
        """A page of the elements that meet a filter, by element_index; of those found by text, rooms first.

        limit: 1 to MAX_PAGE, others are brought into it. cursor: `next` of the page before, '' for the
        first one. Raises BadCursorError.
        """
        after = _after(cursor)
        limit = min(max(limit, 1), MAX_PAGE)
        condition = self._condition(wanted)
        if condition is None:
            return Page((), None)
        places_first = bool(wanted.text.strip())
        found = self._catalogue.list_elements(*condition, after, limit + 1, places_first)
        more = len(found) > limit
        return Page(found[:limit], str(position_of(found[limit - 1], places_first)) if more else None)

    def iterate(self, wanted: ElementFilter = EVERYTHING) -> Iterator[Element]:
        """All elements that meet a filter, in the order of `find`, read page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.find(wanted, MAX_PAGE, cursor)
            yield from page.items
            cursor = page.next

    def detail(self, guid: str) -> ElementDetail:
        """All that is known of an element. Raises UnknownPlaceError."""
        element = self.element(guid)
        index, catalogue = element.element_index, self._catalogue
        return ElementDetail(
            element=element,
            type=catalogue.element_type(element.type_index),
            property_sets=catalogue.property_sets(index, element.type_index),
            materials=catalogue.materials(index),
            classifications=catalogue.classifications(index),
            systems=catalogue.systems(index),
            feeds=self._neighbours(index, self.network.leaving(index), ("flow",)),
            fed_by=self._neighbours(index, self.network.arriving(index), ("flow",)),
            connected=self._neighbours(
                index, [*self.network.arriving(index), *self.network.leaving(index)], ("link", "control")
            ),
            placement=catalogue.placement(index),
            parents=catalogue.parents(element),
            children=self.children(index),
            child_count=catalogue.child_count(index),
        )

    def values_of(self, pset: str) -> dict[int, dict[str, JsonValue]]:
        """The values of one property set, by element_index and name; types' values where elements have none.

        For lists of many elements; `detail` tells one with all its sets and units.
        """
        return self._catalogue.values_of(pset)

    def element_type(self, type_index: int | None) -> ElementType | None:
        """The type of an index (`Element.type_index`), None for None."""
        return self._catalogue.element_type(type_index)

    def children(self, element_index: int, limit: int = MAX_CHILDREN) -> tuple[Element, ...]:
        """The first elements, by index, that have this one as whole, host or container."""
        return self._catalogue.list_elements("parent_index = ?", [element_index], -1, limit)

    # Systems, and what feeds what

    @cached_property
    def systems(self) -> tuple[System, ...]:
        """Every system and zone, by system_index, which is also the position here."""
        return self._catalogue.all_systems()

    def system_members(self, system_index: int) -> tuple[Element, ...]:
        """The elements in a system or zone, by index."""
        return self._catalogue.elements(self._catalogue.system_members(system_index))

    def places_served(self, system_index: int) -> tuple[Element, ...]:
        """The building, storeys and spaces that a system says it serves, by index."""
        return self._catalogue.elements(self._catalogue.places_served(system_index))

    @cached_property
    def network(self) -> FlowNetwork:
        """What feeds, joins and controls what, by element_index."""
        return FlowNetwork(self._catalogue.connections())

    def upstream(self, guid: str, steps: int | None = None) -> tuple[Element, ...]:
        """What an element is fed by, nearest first; `steps` 1 is the next ones alone, None is all.

        Raises UnknownPlaceError.
        """
        return self._catalogue.elements(self.network.upstream(self.element(guid).element_index, steps))

    def downstream(self, guid: str, steps: int | None = None) -> tuple[Element, ...]:
        """What an element feeds, nearest first, as `upstream`. Raises UnknownPlaceError."""
        return self._catalogue.elements(self.network.downstream(self.element(guid).element_index, steps))

    def _neighbours(
        self, index: int, connections: Iterable[Connection], kinds: tuple[str, ...]
    ) -> tuple[Neighbour, ...]:
        """The other ends of an element's connections of some kinds."""
        chosen = {
            (c.to_index if c.from_index == index else c.from_index): c for c in connections if c.kind in kinds
        }
        elements = self._catalogue.elements(sorted(chosen))
        return tuple(
            Neighbour(e, chosen[e.element_index].kind, chosen[e.element_index].medium) for e in elements
        )

    @cached_property
    def columns(self) -> Columns:
        """Class, storey and space of every element, as arrays."""
        return self._catalogue.columns()

    def boxes(self) -> NDArray[np.float64]:
        """The boxes of all elements, read anew: (n, 6) min xyz, max xyz, m; NaN where nothing is drawn."""
        return self._catalogue.boxes()

    def terrain(self) -> Box | None:
        """The ground that the model brings with it; see `spatial.terrain.terrain_box`."""
        return terrain_box(self.boxes(), self.columns, self.storeys)

    def class_ids(self, names: Iterable[str]) -> NDArray[np.int32]:
        """Ids, in `columns`, of the classes that some names mean (see ElementFilter.classes)."""
        wanted = {form for name in names for form in _class_forms(name)}
        known = enumerate(self.columns.class_names)
        return np.array([number for number, name in known if name.lower() in wanted], dtype=np.int32)

    # Storeys, spaces, portals, plans

    def storey(self, guid: str) -> Storey:
        """The storey of a guid. Raises UnknownPlaceError."""
        for storey in self.storeys:
            if storey.guid == guid:
                return storey
        raise UnknownPlaceError(f"this model has no storey {guid!r}")

    @cached_property
    def storey_by_index(self) -> dict[int, Storey]:
        """Storeys by element_index."""
        return {storey.element_index: storey for storey in self.storeys}

    @cached_property
    def spaces(self) -> tuple[Space, ...]:
        """All spaces, by element_index."""
        return self._catalogue.spaces()

    @cached_property
    def space_by_index(self) -> dict[int, Space]:
        """Spaces by element_index."""
        return {space.element_index: space for space in self.spaces}

    def space(self, guid: str) -> Space:
        """The space of a guid. Raises UnknownPlaceError."""
        for space in self.spaces:
            if space.guid == guid:
                return space
        raise UnknownPlaceError(f"this model has no space {guid!r}")

    def spaces_named(self, name: str) -> tuple[Space, ...]:
        """Spaces whose IFC Name (a room's number) is this one."""
        return tuple(space for space in self.spaces if space.name == name)

    @cached_property
    def portals(self) -> tuple[Portal, ...]:
        """All portals, by portal_index."""
        return self._catalogue.portals()

    def plan_bytes(self, storey: Storey) -> bytes:
        """The storey's plan as it lies in the package: GeoJSON. Raises UnknownPlaceError."""
        try:
            return (self.folder / "plans" / f"{storey.position}.json").read_bytes()
        except OSError as error:
            raise UnknownPlaceError(f"storey {storey.name!r} has no plan") from error

    def plan(self, storey: Storey) -> JsonValue:
        """The storey's plan, parsed: a GeoJSON FeatureCollection. Raises UnknownPlaceError."""
        return json.loads(self.plan_bytes(storey))

    def quality(self) -> QualityReport:
        """What of this model its makers should mend, with guids; see `spatial.quality`."""
        tables = ModelTables(
            elements=self._catalogue.every_element(),
            storeys=self.storeys,
            spaces=self.spaces,
            portals=self.portals,
            warnings=self.manifest.raw.get("warnings") or (),
            door_facts=self.values_of("Pset_DoorCommon"),
            boundaries=self._catalogue.space_boundaries(),
        )
        return check_quality(tables)

    # Where things are

    def space_indices_at(self, points: ArrayLike) -> NDArray[np.int64]:
        """The element_index of the space that each point is in, -1 for none: (n, 3) m to (n,) int64."""
        places = self._locator.locate(np.asarray(points, dtype=np.float64).reshape(-1, 3))
        known = np.array([space.element_index for space in self.spaces] + [-1], dtype=np.int64)
        return known[places]

    def locate(self, x: float, y: float, z: float) -> Location:
        """What is at a point: its space, its storey, the elements whose box holds it, small ones first.

        Raises QueryError for a coordinate that is not finite.
        """
        _check_finite(x, y, z)
        space = self.space_by_index.get(int(self.space_indices_at([x, y, z])[0]))
        storey = self.storey_by_index.get(
            -1 if space is None or space.storey_index is None else space.storey_index
        )
        if storey is None:
            storey = storey_at(self.storeys, self._storey_extents, (x, y, z))
        rows = self.index.containing([x, y, z])
        rows = rows[~np.isin(self.columns.class_id[rows], self.class_ids(["IfcSpace"]))]
        boxes = self.index.boxes(rows)
        by_size = np.argsort(np.prod(boxes[:, 3:] - boxes[:, :3], axis=1), kind="stable")
        return Location(space, storey, self.elements_at(rows[by_size][:MAX_LOCATED]))

    def nearest(
        self,
        x: float,
        y: float,
        z: float,
        classes: Iterable[str] = (),
        limit: int = 10,
        radius_m: float | None = None,
    ) -> tuple[Near, ...]:
        """The elements nearest to a point by the distance to their box, nearest first.

        classes: as in ElementFilter; without one every element counts but spaces, in which the point is
        anyway. limit: 1 to MAX_PAGE, others are brought into it. radius_m: none that is farther away.
        Raises QueryError for a coordinate or a radius that is not finite.
        """
        _check_finite(x, y, z)
        names = tuple(classes)
        mask = np.isin(self.columns.class_id, self.class_ids(names or ["IfcSpace"]), invert=not names)
        if radius_m is not None:
            mask &= np.isin(np.arange(self.element_count), self.index.within([x, y, z], radius_m))
        found = self.index.nearest([x, y, z], min(max(limit, 1), MAX_PAGE), mask)
        elements = self.elements_at(found.rows)
        return tuple(Near(*pair) for pair in zip(elements, found.distances_m.tolist(), strict=True))

    def inside(self, box: Box) -> NDArray[np.int64]:
        """Indices of the elements whose box lies wholly inside the given one, ascending."""
        rows = self.index.overlapping(box)
        boxes = self.index.boxes(rows)
        wholly = (boxes[:, :3] >= box[:3]).all(axis=1) & (boxes[:, 3:] <= box[3:]).all(axis=1)
        found: NDArray[np.int64] = rows[wholly]
        return found

    @cached_property
    def _locator(self) -> SpaceLocator:
        return SpaceLocator(self.spaces)

    @cached_property
    def _storey_extents(self) -> NDArray[np.float64]:
        boxes = self.index.boxes(np.arange(self.element_count))
        return extents_by_storey(self.storeys, self.columns.storey, boxes)

    def _condition(self, wanted: ElementFilter) -> tuple[str, list[Any]] | None:
        """The filter as SQL with its parameters; None where nothing can meet it."""
        clauses, parameters = ["1"], list[Any]()
        if wanted.text.strip():
            query = match_query(wanted.text)
            if not query:
                return None
            clauses.append("element_index IN (SELECT rowid FROM element_text WHERE element_text MATCH ?)")
            parameters.append(query)
        if wanted.classes:
            names = [self.columns.class_names[number] for number in self.class_ids(wanted.classes)]
            clauses.append(f"class IN ({','.join('?' * len(names))})")
            parameters += names
        for column, value in (("storey_index", wanted.storey_index), ("space_index", wanted.space_index)):
            if value is not None:
                clauses.append(f"{column} = ?")
                parameters.append(int(value))
        if wanted.indices is not None:
            clauses.append("element_index IN (SELECT value FROM json_each(?))")
            parameters.append(json.dumps([int(index) for index in wanted.indices]))
        return " AND ".join(clauses), parameters


def _after(cursor: str) -> int:
    """The position that a page starts behind. Raises BadCursorError."""
    if not cursor:
        return -1
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 10):
        raise BadCursorError(f"{cursor[:40]!r} is no cursor; take `next` of the page before")
    return int(cursor)


def _check_finite(*coordinates: float) -> None:
    if not np.isfinite(coordinates).all():
        raise QueryError("a point has three finite coordinates, in metres")


def _class_forms(name: str) -> Iterator[str]:
    """The lower-case class names that a name may mean."""
    lowered = name.strip().lower()
    for stem in (lowered, f"ifc{lowered}"):
        yield from (stem, f"{stem}standardcase", f"{stem}elementedcase")
