"""One build of a model package: the order of the work.

Parse the file; fork the processes that compute shapes; read properties meanwhile; bring all into
the local frame; derive storeys, spaces and portals; cut tiles; write the folder and put it in place.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bim_pipeline.assembly import Assembly, assemble, joined_shapes, named_by_content
from bim_pipeline.beside import Beside
from bim_pipeline.budget import Budget, resident_bytes
from bim_pipeline.catalogue import Catalogue, write_catalogue
from bim_pipeline.derived import with_derived_rooms
from bim_pipeline.differences import DIFFERENCES, Differences, Side, find_differences, read_differences
from bim_pipeline.errors import EmptyModelError
from bim_pipeline.georeference import read_georeference
from bim_pipeline.hashing import HashingJob
from bim_pipeline.opening import SourceFile, open_model, reading
from bim_pipeline.package import (
    MANIFEST,
    REPORT,
    file_digests,
    package_folder,
    write_json,
)
from bim_pipeline.plans import build_plans
from bim_pipeline.portals import derive_portals
from bim_pipeline.previous import DAMAGED, Previous
from bim_pipeline.products import SourceModel, list_products, read_source, without_derived_marks
from bim_pipeline.remembering import Memory
from bim_pipeline.report import BuildReport, ProgressTeller
from bim_pipeline.reuse import Reuse, Work
from bim_pipeline.shapes import plan_chunks
from bim_pipeline.source import ChunkResult, ModelWarning, Portal, Space, Storey
from bim_pipeline.spaces import derive_spaces, spaces_of
from bim_pipeline.storeys import derive_storeys
from bim_pipeline.tileset import tileset
from bim_pipeline.tiling import Cell, cut_cells
from bim_pipeline.version import FORMAT, revision
from bim_pipeline.workers import ShapeJob
from bim_pipeline.writing import TileFiles, write_tiles
from spatial.index import pack


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Everything a package says, before it is written."""

    name: str
    application: str
    georeference: Mapping[str, Any] | None
    source: SourceModel
    assembly: Assembly
    storeys: Sequence[Storey]
    spaces: Sequence[Space]

    @property
    def warnings(self) -> list[ModelWarning]:
        """All warnings of reading and of shapes."""
        found = [*self.source.warnings, *self.assembly.warnings]
        if not self.assembly.geometry.bodies:
            text = "nothing of this model has a shape: the package has a catalogue, but nothing to draw"
            found.append(ModelWarning("no_geometry", None, text))
        return found


class Build:
    """One build: its settings, its clock and what it told so far."""

    def __init__(
        self,
        file: SourceFile,
        version: str,
        jobs: int,
        teller: ProgressTeller,
        previous: Previous | None,
        hashing: HashingJob,
        budget: Budget,
    ) -> None:
        self._file = file
        self._budget = budget
        self._hashing = hashing
        self._previous = previous
        self._reuse = Reuse(None, None)
        self._found = ChunkResult()
        self._differences: Differences | None = None
        self._version = version
        self._jobs = jobs
        self._teller = teller
        self._seconds: dict[str, float] = {}
        self._started = self._mark = time.monotonic()
        self._workers_bytes = 0

    def run(self, target: Path) -> BuildReport:
        """Do the work and give the report."""
        with package_folder(target) as folder:
            model = self._derive(self._read())
            self._lap("geometry")
            tiles, counts = self._write(folder, model)
            report = self._report(model, tiles, counts)
            write_json(folder / REPORT, report.to_json(), indent=1)
        self._teller.tell("write", 1.0)
        return report

    def _lap(self, name: str) -> None:
        now = time.monotonic()
        self._seconds[name] = now - self._mark
        self._mark = now

    def _read(self) -> tuple[Any, SourceModel, ChunkResult]:
        """Read the file and compute shapes. Gives the model, its tables and its shapes."""
        self._teller.tell("read", 0.0)
        builds_on = self._previous is not None and self._previous.cache is not None
        model = open_model(self._file)
        self._jobs = self._budget.jobs(self._jobs, resident_bytes())
        if builds_on:
            self._lap("open")
            self._take_up()
        with reading(self._file):
            tables = self._reuse.source(model)
        if tables is not None:
            found = self._shapes(model, [element.step_id for element in tables.elements])
        else:
            tables, found = self._read_all(model)
        if not builds_on:
            self._take_up()
        return model, tables, found

    def _take_up(self) -> None:
        """Wait for the fingerprints and see what of the older package can be reused."""
        prints, is_whole = self._hashing.result()
        previous = self._previous
        if previous is not None and previous.cache is not None and not is_whole:
            previous = self._previous = previous.without_cache(DAMAGED)
        self._reuse = Reuse(previous, prints)
        self._lap("hash")

    def _shapes(self, model: Any, step_ids: Sequence[int]) -> ChunkResult:
        """Give the shapes of products whose tables are known; those that are new are computed."""
        known, missing = self._reuse.bodies(step_ids)
        with reading(self._file):
            products = [model.by_id(step_id) for step_id in missing]
            without_derived_marks(products)
            chunks = plan_chunks(products)
        job = ShapeJob(model, chunks, self._jobs, self._on_chunk, self._hashing.facets)
        if not self._has_room:
            self._hashing.finish()
        job.start()
        return self._shapes_done(job, known)

    def _read_all(self, model: Any) -> tuple[SourceModel, ChunkResult]:
        """Read all tables; shapes are computed meanwhile."""
        with reading(self._file):
            products = list_products(model)
        if not products:
            raise EmptyModelError(f"{self._file.path} holds no building element; export the model again")
        with reading(self._file):
            without_derived_marks(products)
            known, missing = self._reuse.bodies([product.id() for product in products])
            wanted = set(missing)
            chunks = plan_chunks([product for product in products if product.id() in wanted])
        self._teller.tell("read", 0.7)
        job = ShapeJob(model, chunks, self._jobs, self._on_chunk, self._hashing.facets)
        at_once = self._has_room
        try:
            if at_once:
                job.start()
            with reading(self._file):
                tables = read_source(model, products)
            self._hashing.result()  # its process ends, and its memory is free, while shapes are computed
            if not at_once:
                self._hashing.finish()
                job.start()
            self._lap("read")
            return tables, self._shapes_done(job, known)
        except BaseException:
            job.cancel()
            raise

    @property
    def _has_room(self) -> bool:
        """Whether shapes may be computed while the file is still being hashed."""
        return self._budget.holds(self._jobs, resident_bytes(), self._file.size_bytes)

    def _shapes_done(self, job: ShapeJob, known: ChunkResult) -> ChunkResult:
        found = joined_shapes(known, named_by_content(job.result()))
        self._hashing.end()  # what it may still be at, nobody asks for
        self._workers_bytes = job.peak_private_bytes
        self._found = found
        return found

    def _on_chunk(self, done: int, total: int) -> None:
        self._teller.tell("shapes", done / total)

    def _derive(self, read: tuple[Any, SourceModel, ChunkResult]) -> _Model:
        """Derive what the model implies: local frame, storeys, spaces."""
        model, tables, found = read
        assembly = assemble(tables.elements, found, self._reuse.known_boxes)
        storeys = derive_storeys(assembly.elements, assembly.boxes)
        spaces = derive_spaces(
            assembly.elements,
            assembly.geometry.bodies,
            self._reuse.recalled("functions", tables, lambda: _functions(tables)),
            self._reuse.recalled("areas", tables, lambda: _areas(tables)),
            {storey.element_index: storey for storey in storeys},
        )
        assembly, spaces = with_derived_rooms(assembly, storeys, spaces)
        self._teller.tell("tiles", 0.1)
        with reading(self._file):
            name, application = _name(model, self._file.path), _application(model)
            georeference = read_georeference(model, tables.units.metres_per_unit)
        return _Model(
            name=name,
            application=application,
            georeference=georeference,
            source=tables,
            assembly=assembly,
            storeys=storeys,
            spaces=spaces,
        )

    def _write(self, folder: Path, model: _Model) -> tuple[TileFiles, dict[str, int]]:
        """Write every file of the package but its report; give the tiles and what the manifest counts."""
        assembly = model.assembly
        cells = cut_cells(assembly.elements, assembly.geometry.bodies, assembly.boxes)
        # Rooms and what connects them are worked out beside the tiles; what both learn, the next build knows.
        rooms = Beside(lambda: self._write_rooms(folder, model, self._reuse.memory.part()), self._jobs)
        plans = Beside(lambda: _write_plans(folder, model, self._reuse.memory.part()), self._jobs)
        tiles = self._write_tiles(folder, model, cells)
        portals, learnt = rooms.result()
        self._reuse.memory.take(learnt)
        self._reuse.memory.take(plans.result())
        self._write_differences(folder, model, tiles)
        self._teller.tell("write", 0.5)
        counts = _counts(model, tiles, portals)
        write_json(folder / MANIFEST, self._manifest(folder, model, tiles, counts), indent=1)
        self._lap("write")
        return tiles, counts

    def _write_tiles(self, folder: Path, model: _Model, cells: Sequence[Cell]) -> TileFiles:
        """Write the tiles and the tileset."""
        positions = {storey.element_index: storey.position for storey in model.storeys}
        total = max(1, len(cells))
        tiles = write_tiles(
            folder,
            cells,
            model.assembly.geometry,
            positions,
            self._jobs,
            lambda done: self._teller.tell("tiles", 0.2 + 0.8 * done / total),
            self._reuse.tiles(),
        )
        write_json(folder / "tileset.json", tileset(cells, tiles.uris, positions))
        return tiles

    def _write_rooms(self, folder: Path, model: _Model, memory: Memory) -> tuple[list[Portal], bytes]:
        """Find the portals, write catalogue and index; give the portals and what was learnt."""
        assembly = model.assembly
        meshes = assembly.geometry.meshes()
        portals = derive_portals(assembly.elements, model.storeys, model.spaces, meshes, memory)
        write_catalogue(
            folder / "model.db",
            Catalogue(
                model.source,
                assembly.elements,
                spaces_of(assembly.elements, model.spaces, assembly.boxes),
                assembly.boxes,
                assembly.triangles,
                assembly.geometry.failed,
                model.storeys,
                model.spaces,
                portals,
            ),
            self._reuse.catalogue(),
        )
        (folder / "boxes.idx").write_bytes(pack(assembly.boxes))
        return portals, memory.pack()

    def _write_differences(self, folder: Path, model: _Model, tiles: TileFiles) -> None:
        """Say what changed since the package that this one replaces, and keep what the next one can use."""
        names = {
            model.assembly.elements[index].guid: body.shape.key
            for index, body in model.assembly.geometry.bodies.items()
        }
        content = self._changes(Side(folder / "model.db", names, model.assembly.local_from_source))
        if content is not None:
            write_json(folder / DIFFERENCES, content)
        self._reuse.keep(
            folder, self._version, Work(model.source, self._found, model.assembly.source_boxes, tiles, names)
        )

    def _changes(self, newer: Side) -> dict[str, Any] | None:
        """Give the content of `differences.json`; None where nothing came before."""
        previous = self._previous
        if previous is None:
            return None
        now = revision(self._file.sha256, self._version)
        if previous.source_sha256 == self._file.sha256:
            # The same file, built again: what it changed is still what it changed.
            content = read_differences(previous.folder)
            return None if content is None else {**content, "revision": now}
        older = Side(previous.folder / "model.db", previous.shape_names(), previous.local_from_source)
        try:
            found = find_differences(older, newer, same_source=self._reuse.same_source)
        except sqlite3.Error:
            found = None
        self._differences = Differences(previous.revision, previous.source_file, found)
        return self._differences.to_json(now)

    def _known_digests(self) -> dict[str, str]:
        """Give the digests of the older package's tiles, whose names say what they hold."""
        if self._reuse.cache is None or self._previous is None:
            return {}
        return {name: d for name, d in self._previous.digests.items() if name.startswith("tiles/")}

    def _manifest(
        self, folder: Path, model: _Model, tiles: TileFiles, counts: Mapping[str, int]
    ) -> dict[str, Any]:
        bounds = model.assembly.bounds
        return {
            "format": FORMAT,
            "name": model.name,
            "revision": revision(self._file.sha256, self._version),
            "pipeline": self._version,
            "source": {
                "file": self._file.path.name,
                "sha256": self._file.sha256,
                "bytes": self._file.size_bytes,
                "schema": self._file.schema,
                "application": model.application,
            },
            "units": {"length": "m", "source_length_m": model.source.units.metres_per_unit},
            "local_from_source": model.assembly.local_from_source.ravel().tolist(),
            "georeference": model.georeference,
            "bounds": None if bounds is None else {"min": _rounded(bounds[:3]), "max": _rounded(bounds[3:])},
            "counts": counts,
            "quantization_error_m": tiles.error_m,
            "warnings": [_warning(w) for w in model.warnings],
            "files": file_digests(folder, self._known_digests()),
        }

    def _report(self, model: _Model, tiles: TileFiles, counts: Mapping[str, int]) -> BuildReport:
        seconds = {**self._seconds, "total": time.monotonic() - self._started}
        return BuildReport(
            elements=counts["elements"],
            rendered_elements=counts["rendered_elements"],
            triangles=counts["triangles"],
            tiles=counts["tiles"],
            bytes=counts["bytes"],
            storeys=counts["storeys"],
            spaces=counts["spaces"],
            portals=counts["portals"],
            seconds={name: round(value, 3) for name, value in seconds.items()},
            peak_rss_mb=round((_own_peak_bytes() + self._workers_bytes) / 1e6, 1),
            warnings=tuple(_warning(w) for w in model.warnings),
            previous=self._differences.previous if self._differences is not None else None,
            changes=self._differences.counts if self._differences is not None else None,
            reused={"bodies": self._reuse.bodies_reused, "tiles": tiles.reused},
            note=self._previous.note if self._previous is not None else None,
        )


def _counts(model: _Model, tiles: TileFiles, portals: Sequence[Portal]) -> dict[str, int]:
    return {
        "elements": len(model.assembly.elements),
        "rendered_elements": len(model.assembly.geometry.bodies),
        "triangles": sum(model.assembly.triangles),
        "tiles": len(tiles.uris),
        "bytes": tiles.served_bytes,
        "storeys": len(model.storeys),
        "spaces": len(model.spaces),
        "derived_spaces": sum(space.derived for space in model.spaces),
        "portals": len(portals),
        "devices_candidates": model.source.distribution_elements,
    }


def _write_plans(folder: Path, model: _Model, memory: Memory) -> bytes:
    """Draw and write the plans; give what was learnt for the next build."""
    (folder / "plans").mkdir(exist_ok=True)
    assembly = model.assembly
    plans = build_plans(assembly.elements, model.storeys, model.spaces, assembly.geometry.meshes(), memory)
    for position in sorted(plans):
        (folder / "plans" / f"{position}.json").write_bytes(plans[position])
    return memory.pack()


def _warning(warning: ModelWarning) -> dict[str, str | None]:
    return {"code": warning.code, "guid": warning.guid, "message": warning.message}


def _rounded(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    return [round(float(value), 4) for value in values]


def _functions(tables: SourceModel) -> dict[int, str]:
    """Give what each space is for: its ObjectType, else the name of its classification."""
    found: dict[int, str] = {}
    for element in tables.elements:
        if element.ifc_class == "IfcSpace":
            references = tables.classifications.get(element.element_index, ())
            found[element.element_index] = element.object_type or next(
                (c.name for c in references if c.name), ""
            )
    return found


def _areas(tables: SourceModel) -> dict[int, float]:
    """Give the floor areas, m2, that spaces state as quantities."""
    wanted = ("NetFloorArea", "GrossFloorArea", "NetArea", "Area")
    found: dict[int, float] = {}
    for element in tables.elements:
        if element.ifc_class == "IfcSpace":
            rows = {
                p.name: p.value for p in tables.properties.get(element.element_index, ()) if p.unit == "m2"
            }
            value = next((rows[name] for name in wanted if name in rows), None)
            if value is not None:
                found[element.element_index] = float(value)
    return found


def _name(model: Any, path: Path) -> str:
    """Give what people call the building: its own name, else the project's, else the file's."""
    candidates = [
        (e.LongName, e.Name) for kind in ("IfcBuilding", "IfcProject") for e in model.by_type(kind)[:1]
    ]
    return next((str(name) for pair in candidates for name in pair if name and name.strip()), path.stem)


def _application(model: Any) -> str:
    found = model.by_type("IfcApplication")
    if not found:
        return ""
    return " ".join(str(part) for part in (found[0].ApplicationFullName, found[0].Version) if part)


def _own_peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
