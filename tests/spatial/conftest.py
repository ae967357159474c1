"""A small package written by hand: two storeys, three rooms, walls, doors, devices."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import box as rectangle
from shapely import to_wkb

import spatial
from spatial.index import pack
from spatial.package import ModelPackage
from spatial.text import index_text

SCHEMA = (Path(spatial.__file__).parent / "schema.sql").read_text()


@dataclass(frozen=True)
class Row:
    """One element of the sample."""

    ifc_class: str
    name: str
    parent: int | None = None
    storey: int | None = None
    space: int | None = None
    box: tuple[float, ...] | None = None
    name_en: str = ""
    tag: str = ""
    type_index: int | None = None


# Ground floor: hall 0..10 x 0..8, a booth 1..3 x 1..3 inside it, office 10..16 x 0..8. Upper floor: hall.
ELEMENTS = (
    Row("IfcSite", "Site"),
    Row("IfcBuilding", "Palace", 0, name_en="Hall of culture"),
    Row("IfcBuildingStorey", "1F", 1, name_en="Ground floor"),
    Row("IfcBuildingStorey", "2F", 1, name_en="Upper floor"),
    Row("IfcSpace", "S1-01", 2, 2, None, (0, 0, 0, 10, 8, 3.5), "Badminton Hall"),
    Row("IfcSpace", "S1-02", 2, 2, None, (1, 1, 0, 3, 3, 2.5), "Booth"),
    Row("IfcSpace", "S1-03", 2, 2, None, (10, 0, 0, 16, 8, 3.5), "Office"),
    Row("IfcSpace", "S2-01", 3, 3, None, (0, 0, 4, 16, 8, 7.5), "Upper Hall"),
    Row("IfcWall", "墙", 2, 2, None, (9.9, 0, 0, 10.1, 8, 3.5)),
    Row("IfcWallStandardCase", "Wall", 2, 2, None, (0, -0.2, 0, 16, 0, 3.5)),
    Row("IfcDoor", "门", 8, 2, None, (9.9, 4, 0, 10.1, 5, 2.1), tag="D-01", type_index=0),
    Row("IfcLightFixture", "灯具 1", 4, 2, 4, (2, 2, 3.0, 2.2, 2.2, 3.1), tag="L-01"),
    Row("IfcLightFixture", "灯具 2", 6, 2, 6, (12, 2, 3.0, 12.2, 2.2, 3.1), tag="L-02"),
    Row("IfcChair", "No body", 4, 2, 4),
)
STOREYS = ((2, 0, 0.0, 4.0), (3, 1, 4.0, 4.0))
LONG_NAMES = {4: "羽毛球馆", 6: "办公室"}


def guid_of(element_index: int) -> str:
    return f"{element_index:022d}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "sample twin#1"
    (target / "plans").mkdir(parents=True)
    boxes = np.array([row.box or [np.nan] * 6 for row in ELEMENTS], dtype=np.float64)
    (target / "boxes.idx").write_bytes(pack(boxes))
    (target / "tileset.json").write_text("{}")
    (target / "plans" / "0.json").write_text('{"type": "FeatureCollection", "features": []}')
    manifest: dict[str, Any] = {
        "format": 1,
        "name": "Palace",
        "revision": "0123456789ab",
        "bounds": {"min": [0, -0.2, 0], "max": [16, 8, 7.5]},
        "counts": {"elements": len(ELEMENTS)},
    }
    (target / "manifest.json").write_text(json.dumps(manifest))
    write_catalogue(target / "model.db")
    return target


@pytest.fixture
def package(folder: Path) -> Iterator[ModelPackage]:
    with ModelPackage.open(folder) as opened:
        yield opened


def write_catalogue(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    for index, row in enumerate(ELEMENTS):
        write_element(connection, index, row)
    connection.executemany("INSERT INTO storey VALUES (?, ?, ?, ?)", STOREYS)
    for index in (4, 5, 6, 7):
        write_space(connection, index)
    write_facts(connection)
    connection.commit()
    connection.close()


def write_element(connection: sqlite3.Connection, index: int, row: Row) -> None:
    placement = np.eye(4)
    placement[:3, 3] = (row.box or (0, 0, 0))[:3]
    values = {
        "element_index": index,
        "guid": guid_of(index),
        "class": row.ifc_class,
        "name": row.name,
        "name_en": row.name_en,
        "long_name": LONG_NAMES.get(index, ""),
        "tag": row.tag,
        "type_index": row.type_index,
        "parent_index": row.parent,
        "storey_index": row.storey,
        "space_index": row.space,
        **dict(
            zip(("min_x", "min_y", "min_z", "max_x", "max_y", "max_z"), row.box or [None] * 6, strict=True)
        ),
        "placement": placement.tobytes() if row.box else None,
        "shape_status": "drawn" if row.box else "none",
    }
    names, marks = ",".join(values), ",".join("?" * len(values))
    connection.execute(f"INSERT INTO element({names}) VALUES ({marks})", tuple(values.values()))
    text = index_text([row.name, row.name_en, LONG_NAMES.get(index, ""), row.tag])
    connection.execute("INSERT INTO element_text(rowid, text) VALUES (?, ?)", (index, text))


def write_space(connection: sqlite3.Connection, index: int) -> None:
    row = ELEMENTS[index]
    assert row.box is not None
    low_x, low_y, low_z, high_x, high_y, high_z = row.box
    area = (high_x - low_x) * (high_y - low_y)
    footprint = to_wkb(rectangle(low_x, low_y, high_x, high_y))
    values = (index, row.storey, "badminton_hall", low_z, high_z - low_z, area, footprint)
    connection.execute("INSERT INTO space VALUES (?, ?, ?, ?, ?, ?, ?, 0)", values)


def write_facts(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO element_type VALUES (0, 'type-guid', 'IfcDoorType', 'DOOR', 'Fire door')")
    connection.executemany(
        "INSERT INTO type_property VALUES (0, ?, ?, ?, ?)",
        [
            ("Pset_DoorCommon", "FireRating", '"EI30"', ""),
            ("Pset_DoorCommon", "IsExternal", "false", ""),
            ("Qto", "Width", "0.9", "m"),
        ],
    )
    connection.executemany(
        "INSERT INTO element_property VALUES (10, ?, ?, ?, ?)",
        [
            ("Pset_DoorCommon", "IsExternal", "true", ""),
            ("A_Own", "尺寸", "[1, 2]", "mm"),
        ],
    )
    connection.execute("INSERT INTO element_material VALUES (10, 1, 'Glass', 0.01), (10, 0, 'Oak', 0.04)")
    connection.execute("INSERT INTO element_classification VALUES (10, 'Uniclass', 'SL', 'Doors')")
    connection.execute("INSERT INTO system VALUES (0, 'sys', 'IfcSystem', NULL, 'Lighting')")
    connection.execute("INSERT INTO system_member VALUES (0, 11), (0, 12)")
    connection.execute(
        "INSERT INTO connection VALUES (0, 11, 12, 'flow', 'LIGHTING', 0), (1, 12, 13, 'flow', '', NULL),"
        "(2, 8, 13, 'link', 'CABLE', NULL), (3, 9, 12, 'control', '', NULL)"
    )
    connection.execute("INSERT INTO system_served VALUES (0, 4)")
    path = np.array([[9.0, 4.5, 0.0], [11.0, 4.5, 0.0]])
    connection.execute(
        "INSERT INTO portal VALUES (0, 10, 'door', 4, 6, 9.5, 4.5, 0, 10.5, 4.5, 0, 0.9, NULL),"
        "(1, NULL, 'opening', 4, NULL, 9, 4, 0, 11, 4, 0, 1.5, ?)",
        (path.tobytes(),),
    )
