"""What a revision changed against the one before it: element by element, by guid.

Catalogues are compared, not files: an exporter that numbers or orders things anew changes nothing here.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bim_pipeline.source import FloatArray

DIFFERENCES = "differences.json"
FORMAT = 1
KINDS = ("added", "removed", "changed")
ASPECTS = ("shape", "placement", "properties", "type")
# What moves by less, m, has been written with other digits.
_SAME_PLACE_M = 1e-6
_SAME_BOX_M = 1e-3

_ELEMENTS = """
    SELECT e.guid, e.element_index, e.class, e.name, e.placement, e.triangles,
           e.min_x, e.min_y, e.min_z, e.max_x, e.max_y, e.max_z,
           t.guid, storey.guid, parent.guid
    FROM {0}.element AS e
    LEFT JOIN {0}.element_type AS t ON t.type_index = e.type_index
    LEFT JOIN {0}.element AS storey ON storey.element_index = e.storey_index
    LEFT JOIN {0}.element AS parent ON parent.element_index = e.parent_index
"""
_OF_GUIDS = "WHERE e.guid IN (SELECT value FROM json_each(?))"
# Rows of elements that are not as they were; with their numbers the same, so are those that they refer to.
_OTHER_ROWS = """
    SELECT n.guid, o.element_index IS NOT n.element_index
    FROM main.element AS n LEFT JOIN old.element AS o ON o.guid = n.guid
    WHERE o.element_index IS NOT n.element_index OR o.placement IS NOT n.placement
       OR o.triangles IS NOT n.triangles OR o.class IS NOT n.class
       OR o.storey_index IS NOT n.storey_index OR o.parent_index IS NOT n.parent_index
       OR o.min_x IS NOT n.min_x OR o.min_y IS NOT n.min_y OR o.min_z IS NOT n.min_z
       OR o.max_x IS NOT n.max_x OR o.max_y IS NOT n.max_y OR o.max_z IS NOT n.max_z
    UNION ALL
    SELECT o.guid, 1 FROM old.element AS o WHERE o.guid NOT IN (SELECT guid FROM main.element)
"""
# Everything that can be read of an element, one row each: rows that one side alone has are differences.
_SAID = """
    SELECT e.guid, p.pset, p.name, p.value, p.unit
    FROM {0}.element_property AS p JOIN {0}.element AS e USING (element_index)
    UNION ALL
    SELECT e.guid, 'material', m.position, m.name, m.thickness_m
    FROM {0}.element_material AS m JOIN {0}.element AS e USING (element_index)
    UNION ALL
    SELECT e.guid, 'classification', c.source, c.code, c.name
    FROM {0}.element_classification AS c JOIN {0}.element AS e USING (element_index)
    UNION ALL
    SELECT guid, 'element', name || char(0) || long_name || char(0) || tag,
           object_type || char(0) || description, ifnull(predefined_type, '')
    FROM {0}.element
"""
_TYPES = """
    SELECT t.guid, p.pset, p.name, p.value, p.unit
    FROM {0}.type_property AS p JOIN {0}.element_type AS t USING (type_index)
    UNION ALL
    SELECT guid, 'type', class, name, ifnull(predefined_type, '') FROM {0}.element_type
"""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two revisions: its catalogue, the names of its shapes by guid if they are known, its frame."""

    catalogue: Path
    shapes: Mapping[str, str] | None
    local_from_source: FloatArray


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that was added, removed or changed.

    `what` says in which respects it changed; `element_index` is its row now, None where it was removed;
    `box` (6,), m, is where it is drawn, or was in the revision before, in today's local frame.
    """

    guid: str
    name: str
    ifc_class: str
    kind: str
    what: tuple[str, ...]
    element_index: int | None
    storey: str | None
    box: tuple[float, ...] | None

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "guid": self.guid,
            "name": self.name,
            "class": self.ifc_class,
            "kind": self.kind,
            "what": list(self.what),
            "element_index": self.element_index,
            "storey": self.storey,
            "box": None if self.box is None else list(self.box),
        }


@dataclass(frozen=True, slots=True)
class Differences:
    """What changed since the revision `previous`; `found` is None where the older package cannot be read."""

    previous: str
    previous_file: str
    found: tuple[Difference, ...] | None

    @property
    def counts(self) -> dict[str, int] | None:
        """How many elements were added, removed and changed; None where that is not known."""
        if self.found is None:
            return None
        counted = Counter(difference.kind for difference in self.found)
        return {kind: counted[kind] for kind in KINDS}

    def to_json(self, revision: str) -> dict[str, Any]:
        """Give the content of `differences.json`."""
        return {
            "format": FORMAT,
            "revision": revision,
            "previous": self.previous,
            "previous_file": self.previous_file,
            "counts": self.counts,
            "differences": [difference.to_json() for difference in self.found or ()],
        }


def find_differences(older: Side, newer: Side, *, same_source: bool) -> tuple[Difference, ...]:
    """Compare two revisions; `same_source` says that shapes and placements alone can differ.

    Differences come by kind and guid. Raises sqlite3.Error where a catalogue cannot be read.
    """
    moved = newer.local_from_source[:3, 3] - older.local_from_source[:3, 3]
    shapes = _changed_shapes(older.shapes, newer.shapes)
    with _both(older.catalogue, newer.catalogue) as connection:
        few = None if moved.any() or shapes is None or not same_source else _moved_guids(connection)
        wanted = None if few is None else few | (shapes or set())
        before, after = _rows(connection, "old", wanted), _rows(connection, "main", wanted)
        said = set() if same_source else _guids_of_others(connection, _SAID)
        types = set() if same_source else _guids_of_others(connection, _TYPES)
    found: list[tuple[_Row, str, tuple[str, ...]]] = []
    for guid in before.keys() | after.keys():
        one, other = before.get(guid), after.get(guid)
        if one is None and other is not None:
            found.append((other, "added", ()))
        elif other is None and one is not None:
            found.append((one, "removed", ()))
        elif one is not None and other is not None:
            what = tuple(_aspects(one, other, moved, shapes, said, types))
            found += [(other, "changed", what)] if what else []
    found.sort(key=lambda row: (KINDS.index(row[1]), row[0].guid))
    return tuple(_difference(row, kind, what, moved) for row, kind, what in found)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    guid: str
    element_index: int
    ifc_class: str
    name: str
    placement: bytes | None
    triangles: int
    box: tuple[float | None, ...]
    type_guid: str | None
    storey: str | None
    parent: str | None


@contextmanager
def _both(older: Path, newer: Path) -> Iterator[sqlite3.Connection]:
    """Open the newer catalogue as `main` and the older as `old`, for reading."""
    connection = sqlite3.connect(newer)
    try:
        connection.execute("ATTACH ? AS old", (str(older),))
        yield connection
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection, schema: str, wanted: set[str] | None) -> dict[str, _Row]:
    """Read the elements of a catalogue; those of some guids alone where they are given."""
    if wanted is None:
        rows = connection.execute(_ELEMENTS.format(schema))
    else:
        rows = connection.execute((_ELEMENTS + _OF_GUIDS).format(schema), (json.dumps(sorted(wanted)),))
    return {
        guid: _Row(guid, index, ifc_class, name, placement, triangles, tuple(box), *links)
        for guid, index, ifc_class, name, placement, triangles, *box, type_guid, storey, parent in rows
        for links in [(type_guid, storey, parent)]
    }


def _moved_guids(connection: sqlite3.Connection) -> set[str] | None:
    """Give the guids whose rows differ in place or links; None where the rows have other numbers."""
    rows = connection.execute(_OTHER_ROWS).fetchall()
    return None if any(renumbered for _, renumbered in rows) else {guid for guid, _ in rows}


def _guids_of_others(connection: sqlite3.Connection, query: str) -> set[str]:
    """Give the guids of rows that one of the two catalogues alone has."""
    one, other = query.format("main"), query.format("old")
    return {
        row[0]
        for a, b in ((one, other), (other, one))
        for row in connection.execute(f"SELECT * FROM ({a}) EXCEPT SELECT * FROM ({b})")  # noqa: S608 - our own
    }


def _changed_shapes(older: Mapping[str, str] | None, newer: Mapping[str, str] | None) -> set[str] | None:
    """Give the guids whose shapes are others now; None where the older ones are not known."""
    if older is None or newer is None:
        return None
    return {guid for guid in older.keys() | newer.keys() if older.get(guid) != newer.get(guid)}


def _aspects(
    one: _Row, other: _Row, moved: FloatArray, shapes: set[str] | None, said: set[str], types: set[str]
) -> Iterator[str]:
    reshaped = one.guid in shapes if shapes is not None else _is_other_body(one, other)
    if not reshaped and not moved.any() and _is_same_row(one, other, said, types):
        return
    if reshaped or one.ifc_class != other.ifc_class:
        yield "shape"
    if _is_elsewhere(one, other, moved, reshaped=reshaped):
        yield "placement"
    if one.guid in said:
        yield "properties"
    if one.type_guid != other.type_guid or other.type_guid in types:
        yield "type"


def _is_same_row(one: _Row, other: _Row, said: set[str], types: set[str]) -> bool:
    """Say at a glance what holds for nearly all: that nothing of two rows differs."""
    return (
        one.placement == other.placement
        and one.box == other.box
        and one.guid not in said
        and other.type_guid not in types
        and (one.ifc_class, one.type_guid, one.storey, one.parent)
        == (other.ifc_class, other.type_guid, other.storey, other.parent)
    )


def _is_other_body(one: _Row, other: _Row) -> bool:
    """Say whether a body has other triangles or another size; a place is no matter."""
    if one.triangles != other.triangles or (one.box[0] is None) != (other.box[0] is None):
        return True
    if one.box[0] is None:
        return False
    a, b = np.array(one.box, dtype=float), np.array(other.box, dtype=float)
    turned = one.placement is not None and one.placement != other.placement
    return not turned and bool(np.abs((a[3:] - a[:3]) - (b[3:] - b[:3])).max() > _SAME_BOX_M)


def _is_elsewhere(one: _Row, other: _Row, moved: FloatArray, *, reshaped: bool) -> bool:
    if (one.storey, one.parent) != (other.storey, other.parent):
        return True
    a, b = _matrix(one.placement), _matrix(other.placement)
    if (a is None) != (b is None):
        return True
    if a is not None and b is not None:
        a = a.copy()
        a[:3, 3] += moved
        if float(np.abs(a - b).max()) > _SAME_PLACE_M:
            return True
    if reshaped or one.box[0] is None or other.box[0] is None:
        return False
    shifted = np.array(one.box, dtype=float) + np.tile(moved, 2)
    return bool(np.abs(shifted - np.array(other.box, dtype=float)).max() > _SAME_BOX_M)


def _matrix(blob: bytes | None) -> FloatArray | None:
    return None if blob is None else np.frombuffer(blob, dtype="<f8").reshape(4, 4)


def _difference(row: _Row, kind: str, what: tuple[str, ...], moved: FloatArray) -> Difference:
    box = None
    if row.box[0] is not None:
        shift = np.tile(moved, 2) if kind == "removed" else np.zeros(6)
        box = tuple(round(float(v), 3) for v in np.array(row.box, dtype=float) + shift)
    index = None if kind == "removed" else row.element_index
    return Difference(row.guid, row.name, row.ifc_class, kind, what, index, row.storey, box)


def read_differences(folder: Path) -> dict[str, Any] | None:
    """Read what a package says of its last change; None where it replaced none, or the file is damaged."""
    try:
        content = json.loads((folder / DIFFERENCES).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("format") == FORMAT else None
