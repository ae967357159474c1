-- model.db: the catalogue of one revision of one building.
-- Lengths in metres, Z up, in the project's local frame. Rows are inserted in key order, so that the same
-- model gives the same bytes. element_index is dense, 0..N-1, in ascending order of guid; rooms that the
-- pipeline derived (space.derived) come after all that the model has, in ascending order of theirs.

CREATE TABLE element (
    element_index   INTEGER PRIMARY KEY,
    guid            TEXT NOT NULL UNIQUE,
    class           TEXT NOT NULL,              -- IfcWall, IfcSpace, IfcBuildingStorey, ...
    predefined_type TEXT,                       -- of the occurrence, else of its type; USERDEFINED resolved to object_type
    name            TEXT NOT NULL DEFAULT '',
    name_en         TEXT NOT NULL DEFAULT '',   -- value of a property named NameEn in any property set
    long_name       TEXT NOT NULL DEFAULT '',
    object_type     TEXT NOT NULL DEFAULT '',
    description     TEXT NOT NULL DEFAULT '',
    tag             TEXT NOT NULL DEFAULT '',
    type_index      INTEGER REFERENCES element_type(type_index),
    parent_index    INTEGER REFERENCES element(element_index),  -- whole, host or spatial container
    storey_index    INTEGER REFERENCES element(element_index),
    space_index     INTEGER REFERENCES element(element_index),  -- contained in, or its centre lies in
    min_x REAL, min_y REAL, min_z REAL,         -- box of the drawn body; NULL where there is none
    max_x REAL, max_y REAL, max_z REAL,
    placement       BLOB,                       -- 16 float64, row-major, local_from_element
    triangles       INTEGER NOT NULL DEFAULT 0,
    shape_status    TEXT NOT NULL               -- drawn | none | failed
);
CREATE INDEX element_by_class ON element(class, element_index);
CREATE INDEX element_by_storey ON element(storey_index, element_index);
CREATE INDEX element_by_space ON element(space_index, element_index);
CREATE INDEX element_by_parent ON element(parent_index, element_index);
CREATE INDEX element_by_tag ON element(tag) WHERE tag <> '';

CREATE TABLE element_type (
    type_index      INTEGER PRIMARY KEY,
    guid            TEXT NOT NULL UNIQUE,
    class           TEXT NOT NULL,
    predefined_type TEXT,
    name            TEXT NOT NULL DEFAULT ''
);

-- Property sets and quantity sets; value is JSON, unit a UCUM-like symbol or ''.
CREATE TABLE element_property (
    element_index INTEGER NOT NULL,
    pset TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (element_index, pset, name)
) WITHOUT ROWID;
CREATE TABLE type_property (
    type_index INTEGER NOT NULL,
    pset TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (type_index, pset, name)
) WITHOUT ROWID;

CREATE TABLE element_material (
    element_index INTEGER NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, thickness_m REAL,
    PRIMARY KEY (element_index, position)
) WITHOUT ROWID;

CREATE TABLE element_classification (
    element_index INTEGER NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (element_index, source, code)
) WITHOUT ROWID;

CREATE TABLE system (
    system_index INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE, class TEXT NOT NULL,
    predefined_type TEXT, name TEXT NOT NULL DEFAULT ''
);
CREATE TABLE system_member (
    system_index INTEGER NOT NULL, element_index INTEGER NOT NULL,
    PRIMARY KEY (system_index, element_index)
) WITHOUT ROWID;

-- The places (building, storeys, spaces) that a system says it serves.
CREATE TABLE system_served (
    system_index INTEGER NOT NULL, element_index INTEGER NOT NULL,
    PRIMARY KEY (system_index, element_index)
) WITHOUT ROWID;

-- What feeds what: ports that are connected, with the direction that they tell; and what controls what.
CREATE TABLE connection (
    connection_index INTEGER PRIMARY KEY,
    from_index    INTEGER NOT NULL REFERENCES element(element_index),
    to_index      INTEGER NOT NULL REFERENCES element(element_index),
    kind          TEXT NOT NULL,                -- flow: from feeds to | link: direction unknown | control: from acts on to
    medium        TEXT NOT NULL DEFAULT '',     -- the ports' system type (HEATING), else PIPE, DUCT, CABLE, ...
    system_index  INTEGER REFERENCES system(system_index)       -- one that both are in
);
CREATE INDEX connection_by_from ON connection(from_index, connection_index);
CREATE INDEX connection_by_to ON connection(to_index, connection_index);

CREATE TABLE storey (
    element_index INTEGER PRIMARY KEY REFERENCES element(element_index),
    position      INTEGER NOT NULL,             -- 0 is the lowest
    elevation_m   REAL NOT NULL,
    height_m      REAL NOT NULL                 -- to the next storey of the same building; the top one: to its highest element
);

CREATE TABLE space (
    element_index INTEGER PRIMARY KEY REFERENCES element(element_index),
    storey_index  INTEGER REFERENCES element(element_index),
    function      TEXT NOT NULL DEFAULT '',     -- ObjectType, else the classification's name
    floor_z_m     REAL NOT NULL,
    height_m      REAL NOT NULL,
    area_m2       REAL NOT NULL,
    footprint     BLOB NOT NULL,                -- WKB (Multi)Polygon, local x and y
    derived       INTEGER NOT NULL DEFAULT 0    -- 1: the model has no IfcSpace here, the walls told it
);

-- What the model says bounds a space (IfcRelSpaceBoundary): for a cross-check, nothing is derived from it.
CREATE TABLE space_boundary (
    space_index INTEGER NOT NULL, element_index INTEGER NOT NULL,
    PRIMARY KEY (space_index, element_index)
) WITHOUT ROWID;

CREATE TABLE portal (
    portal_index  INTEGER PRIMARY KEY,
    element_index INTEGER REFERENCES element(element_index),    -- door, stair, ramp or lift; NULL: an open passage
    kind          TEXT NOT NULL,                -- door | opening | stair | ramp | lift
    space_a       INTEGER REFERENCES element(element_index),    -- NULL: outside or unknown
    space_b       INTEGER REFERENCES element(element_index),
    ax REAL NOT NULL, ay REAL NOT NULL, az REAL NOT NULL,       -- where one stands on side a, and on side b
    bx REAL NOT NULL, by REAL NOT NULL, bz REAL NOT NULL,
    width_m       REAL NOT NULL,
    path          BLOB                          -- (n, 3) float64: the walking line of stairs and ramps, from a to b
);

-- Full text: one row an element; Chinese, Japanese and Korean text is stored with a blank between characters
-- (spatial.text), because FTS5's tokenizers do not cut it.
CREATE VIRTUAL TABLE element_text USING fts5(
    text, content='', tokenize='unicode61 remove_diacritics 2'
);
