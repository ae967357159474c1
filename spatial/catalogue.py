"""The catalogue `model.db`, read only: SQL in, frozen data out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from spatial.errors import IncompletePackageError
from spatial.model import (
    Classification,
    Columns,
    Connection,
    Element,
    ElementType,
    Material,
    Portal,
    Property,
    PropertySet,
    Space,
    Storey,
    System,
)

Row = tuple[Any, ...]
CONNECTIONS = 4

_ELEMENTS = (
    "SELECT element_index, guid, class, predefined_type, name, name_en, long_name, object_type, description, "
    "tag, type_index, parent_index, storey_index, space_index, "
    "min_x, min_y, min_z, max_x, max_y, max_z, triangles, shape_status FROM element"
)
_AMONG = " WHERE element_index IN (SELECT value FROM json_each(?))"
# Whoever types a name means the room rather than the lamps in it.
_PLACE_CLASSES = ("IfcSpace", "IfcBuildingStorey")
_PLACES_FIRST = f"element_index + {2**32} * (class NOT IN {_PLACE_CLASSES})"


def position_of(element: Element, places_first: bool) -> int:
    """Where an element stands in a list: at its index, or with rooms and storeys before all others."""
    behind = places_first and element.ifc_class not in _PLACE_CLASSES
    return element.element_index + 2**32 * behind


class Catalogue:
    """Queries on one `model.db`; threads may share it.

    All connections are opened at once, so that a package that is replaced on disk meanwhile is never read
    half old and half new.
    """

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self._connections = connections
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        for connection in connections:
            self._idle.put(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file. Raises IncompletePackageError where it is missing or no catalogue."""
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connections: list[sqlite3.Connection] = []
        try:
            for _ in range(CONNECTIONS):
                connections.append(sqlite3.connect(uri, uri=True, check_same_thread=False))
            connections[0].execute(_ELEMENTS + " LIMIT 1").fetchall()
        except sqlite3.Error as error:
            for connection in connections:
                connection.close()
            raise IncompletePackageError(f"{path} is no catalogue; build the package again") from error
        return cls(connections)

    def close(self) -> None:
        """Close the file; no query may follow."""
        for connection in self._connections:
            connection.close()

    def element_count(self) -> int:
        """How many elements there are, checked to be numbered without a gap.

        Raises IncompletePackageError where they are not.
        """
        count, last = self._one("SELECT count(*), max(element_index) FROM element") or (0, None)
        if count != (0 if last is None else last + 1):
            raise IncompletePackageError("the catalogue lacks elements; build the package again")
        return int(count)

    def columns(self) -> Columns:
        """Class, storey and space of all elements."""
        rows = self._rows(
            "SELECT class, ifnull(storey_index, -1), ifnull(space_index, -1) FROM element "
            "ORDER BY element_index"
        )
        names = tuple(sorted({row[0] for row in rows}))
        ids = {name: number for number, name in enumerate(names)}
        class_id = np.fromiter((ids[row[0]] for row in rows), np.int32, len(rows))
        places = np.array([row[1:] for row in rows], dtype=np.int32).reshape(-1, 2)
        return Columns(names, class_id, places[:, 0].copy(), places[:, 1].copy())

    def boxes(self) -> NDArray[np.float64]:
        """The boxes of all elements: (n, 6) min xyz, max xyz, m; NaN where nothing is drawn."""
        rows = self._rows(
            "SELECT min_x, min_y, min_z, max_x, max_y, max_z FROM element ORDER BY element_index"
        )
        return np.array(rows, dtype=np.float64).reshape(-1, 6)

    def element(self, guid: str) -> Element | None:
        """The element of a guid, None where there is none."""
        row = self._one(_ELEMENTS + " WHERE guid = ?", guid)
        return None if row is None else _element(row)

    def elements(self, indices: Sequence[int]) -> tuple[Element, ...]:
        """The elements of some indices, in their order; unknown ones are left out."""
        rows = self._rows(_ELEMENTS + _AMONG, json.dumps([int(index) for index in indices]))
        found = {row[0]: _element(row) for row in rows}
        return tuple(found[int(index)] for index in indices if int(index) in found)

    def by_tag(self, tag: str) -> tuple[Element, ...]:
        """Elements with a tag that is not empty, by index."""
        sql = _ELEMENTS + " WHERE tag = ? AND tag <> '' ORDER BY element_index"
        return tuple(_element(row) for row in self._rows(sql, tag))

    def list_elements(
        self, where: str, parameters: Sequence[Any], after: int, limit: int, places_first: bool = False
    ) -> tuple[Element, ...]:
        """Up to `limit` elements, at a position above `after`, that meet a condition, by position.

        The position of an element is its index; with `places_first` see `position_of`.
        """
        position = _PLACES_FIRST if places_first else "element_index"
        sql = _ELEMENTS + f" WHERE ({where}) AND {position} > ? ORDER BY {position} LIMIT ?"
        return tuple(_element(row) for row in self._rows(sql, *parameters, after, limit))

    def parents(self, element: Element) -> tuple[Element, ...]:
        """The chain of parents, nearest first; a loop in it ends it."""
        chain: list[Element] = []
        seen = {element.element_index}
        parent = element.parent_index
        while parent is not None and parent not in seen:
            seen.add(parent)
            chain.extend(self.elements([parent]))
            parent = chain[-1].parent_index if chain and chain[-1].element_index == parent else None
        return tuple(chain)

    def child_count(self, element_index: int) -> int:
        """How many elements have this one as their parent."""
        row = self._one("SELECT count(*) FROM element WHERE parent_index = ?", element_index)
        return int(row[0]) if row else 0

    def placement(self, element_index: int) -> NDArray[np.float64] | None:
        """(4, 4) local_from_element, m, None where there is none."""
        row = self._one("SELECT placement FROM element WHERE element_index = ?", element_index)
        return None if row is None or row[0] is None else np.frombuffer(row[0], "<f8").reshape(4, 4)

    def element_type(self, type_index: int | None) -> ElementType | None:
        """The type of an index, None for None."""
        sql = "SELECT type_index, guid, class, predefined_type, name FROM element_type WHERE type_index = ?"
        row = None if type_index is None else self._one(sql, type_index)
        return None if row is None else ElementType(*row)

    def property_sets(self, element_index: int, type_index: int | None) -> tuple[PropertySet, ...]:
        """The element's properties over its type's, by set and name."""
        merged: dict[tuple[str, str], Property] = {}
        own = "SELECT pset, name, value, unit FROM element_property WHERE element_index = ?"
        inherited = "SELECT pset, name, value, unit FROM type_property WHERE type_index = ?"
        for pset, name, value, unit in () if type_index is None else self._rows(inherited, type_index):
            merged[pset, name] = Property(name, json.loads(value), unit, True)
        for pset, name, value, unit in self._rows(own, element_index):
            merged[pset, name] = Property(name, json.loads(value), unit, False)
        sets: dict[str, list[Property]] = {}
        for (pset, _), entry in sorted(merged.items()):
            sets.setdefault(pset, []).append(entry)
        return tuple(PropertySet(name, tuple(entries)) for name, entries in sets.items())

    def values_of(self, pset: str) -> dict[int, dict[str, Any]]:
        """The values of one property set, by name, of every element that has it: its own over its type's."""
        values: dict[int, dict[str, Any]] = {}
        inherited = (
            "SELECT element_index, p.name, value FROM type_property p JOIN element USING (type_index) "
            "WHERE pset = ?"
        )
        own = "SELECT element_index, name, value FROM element_property WHERE pset = ?"
        for sql in (inherited, own):
            for index, name, value in self._rows(sql, pset):
                values.setdefault(index, {})[name] = json.loads(value)
        return values

    def materials(self, element_index: int) -> tuple[Material, ...]:
        """The element's materials in their order."""
        sql = "SELECT name, thickness_m FROM element_material WHERE element_index = ? ORDER BY position"
        return tuple(Material(*row) for row in self._rows(sql, element_index))

    def classifications(self, element_index: int) -> tuple[Classification, ...]:
        """The element's classification references."""
        sql = (
            "SELECT source, code, name FROM element_classification WHERE element_index = ? "
            "ORDER BY source, code"
        )
        return tuple(Classification(*row) for row in self._rows(sql, element_index))

    def systems(self, element_index: int) -> tuple[System, ...]:
        """The systems that the element is a member of."""
        sql = (
            "SELECT s.system_index, guid, class, predefined_type, name FROM system_member m "
            "JOIN system s ON s.system_index = m.system_index WHERE element_index = ? ORDER BY 1"
        )
        return tuple(System(*row) for row in self._rows(sql, element_index))

    def all_systems(self) -> tuple[System, ...]:
        """Every system and zone of the model, by index."""
        sql = "SELECT system_index, guid, class, predefined_type, name FROM system ORDER BY system_index"
        return tuple(System(*row) for row in self._rows(sql))

    def system_members(self, system_index: int) -> tuple[int, ...]:
        """The element indices in a system, ascending."""
        sql = "SELECT element_index FROM system_member WHERE system_index = ? ORDER BY element_index"
        return tuple(row[0] for row in self._rows(sql, system_index))

    def places_served(self, system_index: int) -> tuple[int, ...]:
        """The element indices of the places that a system says it serves, ascending."""
        sql = "SELECT element_index FROM system_served WHERE system_index = ? ORDER BY element_index"
        return tuple(row[0] for row in self._rows(sql, system_index))

    def connections(self) -> tuple[Connection, ...]:
        """Every connection, by index."""
        sql = (
            "SELECT connection_index, from_index, to_index, kind, medium, system_index FROM connection "
            "ORDER BY connection_index"
        )
        return tuple(Connection(*row) for row in self._rows(sql))

    def storeys(self) -> tuple[Storey, ...]:
        """All storeys, lowest first."""
        sql = (
            "SELECT s.element_index, guid, name, name_en, long_name, position, elevation_m, height_m "
            "FROM storey s JOIN element e ON e.element_index = s.element_index ORDER BY position"
        )
        return tuple(Storey(*row) for row in self._rows(sql))

    def spaces(self) -> tuple[Space, ...]:
        """All spaces by index, their footprints prepared for queries."""
        sql = (
            "SELECT s.element_index, guid, name, name_en, long_name, function, s.storey_index, floor_z_m, "
            "height_m, area_m2, footprint, derived "
            "FROM space s JOIN element e ON e.element_index = s.element_index ORDER BY s.element_index"
        )
        rows = self._rows(sql)
        footprints = shapely.from_wkb([row[10] for row in rows])
        shapely.prepare(footprints)
        return tuple(_space(row, shape) for row, shape in zip(rows, footprints, strict=True))

    def portals(self) -> tuple[Portal, ...]:
        """All portals by index."""
        sql = (
            "SELECT portal_index, element_index, kind, space_a, space_b, ax, ay, az, bx, by, bz, width_m, "
            "path FROM portal ORDER BY portal_index"
        )
        return tuple(_portal(row) for row in self._rows(sql))

    def space_boundaries(self) -> tuple[tuple[int, int], ...]:
        """What the model itself says bounds its spaces: (space, element) by index, in order."""
        return tuple(self._rows("SELECT space_index, element_index FROM space_boundary ORDER BY 1, 2"))

    def every_element(self) -> tuple[Element, ...]:
        """All elements, by index."""
        return tuple(_element(row) for row in self._rows(_ELEMENTS + " ORDER BY element_index"))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that no other thread uses meanwhile."""
        connection = self._idle.get()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def _rows(self, sql: str, *parameters: Any) -> list[Row]:
        """All rows of a query. Raises IncompletePackageError where the file is damaged."""
        with self._connection() as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except sqlite3.DatabaseError as error:
                raise IncompletePackageError(
                    f"the catalogue cannot be read ({error}); build the package again"
                ) from error

    def _one(self, sql: str, *parameters: Any) -> Row | None:
        rows = self._rows(sql, *parameters)
        return rows[0] if rows else None


def _element(row: Row) -> Element:
    values: list[Any] = [*row[:14], None if row[14] is None else row[14:20], *row[20:]]
    return Element(*values)


def _space(row: Row, footprint: Polygon | MultiPolygon) -> Space:
    values: list[Any] = [*row[:10], footprint, bool(row[11])]
    return Space(*values)


def _portal(row: Row) -> Portal:
    path = None if row[12] is None else np.frombuffer(row[12], "<f8").reshape(-1, 3)
    values: list[Any] = [*row[:5], row[5:8], row[8:11], row[11], path]
    return Portal(*values)
