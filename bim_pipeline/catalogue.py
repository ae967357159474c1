"""Writing `model.db`, the catalogue of a package (`spatial/schema.sql`).

Rows go in in key order and nothing of the machine or the clock is kept, so that the same model gives the
same bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from bim_pipeline.products import SourceModel
from bim_pipeline.properties import Property
from bim_pipeline.source import Element, FloatArray, Portal, Space, Storey
from bim_pipeline.systems import Connection
from spatial.text import index_text


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All that `model.db` holds; `boxes` (n, 6), NaN rows without a body; `triangles` (n,).

    `space_of` is the space (n,) that contains each element.
    """

    source: SourceModel
    elements: Sequence[Element]
    space_of: Sequence[int | None]
    boxes: FloatArray
    triangles: Sequence[int]
    failed: Mapping[int, str]
    storeys: Sequence[Storey]
    spaces: Sequence[Space]
    portals: Sequence[Portal]


# What these hold comes from `Catalogue.source` alone, and from the elements' indices.
_SOURCE_TABLES = frozenset(
    {
        "element_type", "element_property", "type_property", "element_material", "element_classification",
        "system", "system_member", "system_served", "connection", "space_boundary", "element_text",
    }
)  # fmt: skip
# Where FTS5 keeps what an index without content holds.
_TEXT_TABLES = ("element_text_data", "element_text_idx", "element_text_docsize", "element_text_config")


def write_catalogue(path: Path, catalogue: Catalogue, same_source: Path | None = None) -> None:
    """Write the database to a path where nothing is yet; raises sqlite3.Error or OSError.

    `same_source` is a database of a model of which shapes and places alone were others: its other rows are
    taken over.
    """
    # Made in memory and written in one go: how rows came in then leaves no trace in the file.
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.executescript(resources.files("spatial").joinpath("schema.sql").read_text("utf-8"))
        if same_source is not None:
            connection.execute("ATTACH ? AS old", (str(same_source),))
        taken = frozenset[str]() if same_source is None else _tables_to_take(connection, catalogue)
        connection.execute("BEGIN")
        for table, rows in _tables(catalogue):
            if table in taken:
                _take_over(connection, table)
            else:
                _insert(connection, table, rows)
        connection.execute("COMMIT")
        if same_source is not None:
            connection.execute("DETACH old")
        connection.execute("VACUUM INTO ?", (str(path),))
    finally:
        connection.close()


def _tables_to_take(connection: sqlite3.Connection, catalogue: Catalogue) -> frozenset[str]:
    """Which tables of the older catalogue hold; derived rooms have text, and come from shapes."""
    rooms = "SELECT EXISTS (SELECT 1 FROM old.space WHERE derived)"
    derived = any(space.derived for space in catalogue.spaces) or connection.execute(rooms).fetchone()[0]
    return _SOURCE_TABLES - {"element_text"} if derived else _SOURCE_TABLES


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    width = len(connection.execute(f"SELECT * FROM {table} LIMIT 0").description)  # noqa: S608 - our own names
    target = "element_text(rowid, text)" if table == "element_text" else table
    marks = ", ".join("?" * (2 if table == "element_text" else width))
    connection.executemany(f"INSERT INTO {target} VALUES ({marks})", rows)  # noqa: S608


def _take_over(connection: sqlite3.Connection, table: str) -> None:
    """Copy a table as the other database has it; SQLite copies whole records, without looking into them."""
    for name in _TEXT_TABLES if table == "element_text" else (table,):
        connection.execute(f"DELETE FROM main.{name}")  # noqa: S608 - our own names
        connection.execute(f"INSERT INTO main.{name} SELECT * FROM old.{name}")  # noqa: S608


def _tables(c: Catalogue) -> Iterator[tuple[str, Iterable[Sequence[Any]]]]:
    source = c.source
    yield (
        "element_type",
        [(t.type_index, t.guid, t.ifc_class, t.predefined_type, t.name) for t in source.types],
    )
    yield "element", (_element_row(c, element) for element in c.elements)
    yield "element_property", _property_rows(source.properties)
    yield "type_property", _property_rows(source.type_properties)
    yield "element_material", _material_rows(source)
    yield "element_classification", _classification_rows(source)
    yield "system", [(s.system_index, s.guid, s.ifc_class, s.predefined_type, s.name) for s in source.systems]
    yield "system_member", [(s.system_index, member) for s in source.systems for member in s.members]
    yield "system_served", [(s.system_index, place) for s in source.systems for place in s.served]
    yield "connection", (_connection_row(number, link) for number, link in enumerate(source.connections))
    yield "space_boundary", source.boundaries
    yield "storey", [(s.element_index, s.position, s.elevation_m, s.height_m) for s in c.storeys]
    yield "space", (_space_row(space) for space in c.spaces)
    yield "portal", (_portal_row(number, portal) for number, portal in enumerate(c.portals))
    yield "element_text", _text_rows(c)


def _element_row(c: Catalogue, e: Element) -> tuple[Any, ...]:
    box = c.boxes[e.element_index]
    drawn = not np.isnan(box[0])
    status = "drawn" if drawn else ("failed" if e.element_index in c.failed else "none")
    placement = None if e.placement is None else np.ascontiguousarray(e.placement, dtype="<f8").tobytes()
    return (
        e.element_index, e.guid, e.ifc_class, e.predefined_type, e.name, e.name_en, e.long_name,
        e.object_type, e.description, e.tag, e.type_index, e.parent_index, e.storey_index,
        c.space_of[e.element_index], *(box.tolist() if drawn else (None,) * 6), placement,
        int(c.triangles[e.element_index]), status,
    )  # fmt: skip


def _property_rows(table: Mapping[int, Sequence[Property]]) -> Iterator[tuple[Any, ...]]:
    for owner in sorted(table):
        rows = sorted(table[owner], key=lambda p: (p.pset, p.name))
        yield from ((owner, p.pset, p.name, p.value, p.unit) for p in rows)


def _material_rows(source: SourceModel) -> Iterator[tuple[Any, ...]]:
    for owner in sorted(source.materials):
        for position, material in enumerate(source.materials[owner]):
            yield owner, position, material.name, material.thickness_m


def _classification_rows(source: SourceModel) -> Iterator[tuple[Any, ...]]:
    for owner in sorted(source.classifications):
        first = {(c.source, c.code): c.name for c in reversed(source.classifications[owner])}
        yield from ((owner, system, code, first[system, code]) for system, code in sorted(first))


def _connection_row(number: int, c: Connection) -> tuple[Any, ...]:
    system = None if c.system_index < 0 else c.system_index
    return number, c.from_index, c.to_index, c.kind, c.medium, system


def _space_row(s: Space) -> tuple[Any, ...]:
    return (
        s.element_index,
        s.storey_index,
        s.function,
        s.floor_z_m,
        s.height_m,
        s.area_m2,
        s.footprint,
        int(s.derived),
    )


def _portal_row(number: int, p: Portal) -> tuple[Any, ...]:
    path = None if p.path is None else np.ascontiguousarray(p.path, dtype="<f8").tobytes()
    return number, p.element_index, p.kind, p.space_a, p.space_b, *p.a, *p.b, p.width_m, path


def _text_rows(c: Catalogue) -> Iterator[tuple[int, str]]:
    types = {t.type_index: t.name for t in c.source.types}
    for e in c.elements:
        type_name = types.get(e.type_index, "") if e.type_index is not None else ""
        parts = (
            e.name, e.name_en, e.long_name, e.object_type, e.description, e.tag, e.guid,
            e.ifc_class.removeprefix("Ifc"), e.ifc_class, e.predefined_type or "", type_name,
        )  # fmt: skip
        yield e.element_index, index_text(dict.fromkeys(part for part in parts if part))
