"""What a build takes over from the package that it replaces, and what it keeps for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from bim_pipeline.cache import (
    CACHE,
    CacheWriter,
    KnownBodies,
    pack_arrays,
    pack_tables,
    shape_of,
    unpack_arrays,
    unpack_tables,
)
from bim_pipeline.fingerprints import Fingerprints
from bim_pipeline.placements import PlacementReader
from bim_pipeline.previous import Previous
from bim_pipeline.products import SourceModel
from bim_pipeline.remembering import Memory, memory_key
from bim_pipeline.source import ChunkResult, Element, FloatArray
from bim_pipeline.writing import TileFile, TileFiles, WrittenTiles

T = TypeVar("T")
# What these warnings say depends on the ids of instances or on placements: such tables are read again.
_NOT_KEPT = frozenset({"missing_guid", "duplicate_guid", "broken_placement"})


class Reuse:
    """What of an older build's work holds for a file with these fingerprints; of neither, nothing does."""

    def __init__(self, previous: Previous | None, prints: Fingerprints | None) -> None:
        self._folder = previous.folder if previous is not None else None
        self._prints = prints
        self.cache = previous.cache if previous is not None and prints is not None else None
        self.same_source = False
        self.bodies_reused = 0
        self.known_boxes: dict[int, FloatArray] = {}
        self.memory = Memory(self._frame("memory"))

    def source(self, model: Any) -> SourceModel | None:
        """Give the tables that the older build read, with the placements of now; None if they are others."""
        prints = self._prints
        if self.cache is None or prints is None or self._frame("source/key") != prints.tables.encode():
            return None
        plain = unpack_tables(self._frame("source/plain"))
        step_ids = prints.table_ids[unpack_arrays(self._frame("source/steps"))[0]]
        has, matrices, hashes = unpack_arrays(self._frame("source/placements"))
        moved = np.flatnonzero(hashes != prints.placements[prints.rows(step_ids)])
        placements = [matrix if own else None for matrix, own in zip(matrices, has, strict=True)]
        reader = PlacementReader(plain["units"].metres_per_unit)
        for row in moved.tolist():
            placements[row] = reader.read(model.by_id(int(step_ids[row])).ObjectPlacement)
            if placements[row] is None:
                return None
        elements = tuple(
            _element(row, step_id, placement)
            for row, step_id, placement in zip(
                unpack_tables(self._frame("source/elements")), step_ids.tolist(), placements, strict=True
            )
        )
        self.same_source = True
        tables: dict[str, Any] = {name: _Deferred(self._loader(f"source/{name}")) for name in _MAPPINGS}
        return SourceModel(elements=elements, **plain, **tables)

    def bodies(self, step_ids: Sequence[int]) -> tuple[ChunkResult, list[int]]:
        """Give the known bodies of products, and the step ids of those whose bodies are not known."""
        found = ChunkResult()
        if self.cache is None or self._prints is None:
            return found, list(step_ids)
        known = KnownBodies.unpack(self._frame("bodies"))
        keys = self._prints.bodies[self._prints.rows(np.array(step_ids, dtype=np.int64))]
        boxed = (~np.isnan(known.boxes[:, 0])).tolist()
        missing = []
        for step_id, row in zip(step_ids, known.rows(keys).tolist(), strict=True):
            if row < 0 or "#" in known.reasons.get(row, ""):
                missing.append(step_id)
            elif row in known.reasons:
                found.failed[step_id] = known.reasons[row]
            elif known.shapes[row]:
                found.bodies.append((step_id, known.shapes[row], known.matrices[row]))
                if boxed[row]:
                    self.known_boxes[step_id] = known.boxes[row]
        self.bodies_reused = len(found.bodies)
        for name in sorted({name for _, name, _ in found.bodies}):
            shape, found.smooth[name] = shape_of(name, self._frame(f"shape/{name}"))
            found.shapes.append(shape)
        return found, missing

    def tiles(self) -> WrittenTiles | None:
        """Give the tiles that the older package holds."""
        if self.cache is None or self._folder is None:
            return None
        listed = orjson.loads(self._frame("tiles"))
        return WrittenTiles(self._folder, {key: TileFile(*row) for key, row in listed.items()})

    def recalled(self, name: str, source: SourceModel, make: Callable[[], dict[int, T]]) -> dict[int, T]:
        """Give a small table, by element index, that is made of the source alone, such as spaces' areas."""
        if self._prints is None:
            return make()
        key = memory_key(name, [self._prints.tables, *(element.guid for element in source.elements)])
        rows = orjson.loads(self.memory.recall(key, lambda: orjson.dumps(list(make().items()))))
        return {int(index): value for index, value in rows}

    def catalogue(self) -> Path | None:
        """Give the older catalogue where this one differs from it by shapes and places alone."""
        return self._folder / "model.db" if self.same_source and self._folder is not None else None

    def _frame(self, name: str) -> bytes:
        return (self.cache.get(name) if self.cache is not None else None) or b""

    def _loader(self, name: str) -> Callable[[], Any]:
        return lambda: unpack_tables(self._frame(name))

    def keep(self, folder: Path, version: str, done: Work) -> None:
        """Write what the next build can take over; without fingerprints there is nothing."""
        if self._prints is None:
            return
        writer = CacheWriter(self.cache)
        self._keep_source(writer, done.source)
        steps = np.array([element.step_id for element in done.source.elements], dtype=np.int64)
        keys = dict(zip(steps.tolist(), self._prints.bodies[self._prints.rows(steps)].tolist(), strict=True))
        boxes = dict(zip(steps.tolist(), done.source_boxes, strict=True))
        known = KnownBodies.of(keys, done.found, boxes)
        writer.add("bodies", known.pack())
        used = set(known.shapes)
        for shape in done.found.shapes:
            if shape.key in used:
                writer.add_named_by_content(f"shape/{shape.key}", shape, done.found.smooth[shape.key])
        rows = {
            key: (tile.uri, tile.served_bytes, tile.error_m)
            for key, tile in zip(done.tiles.keys, done.tiles.tiles, strict=True)
        }
        writer.add("tiles", orjson.dumps(rows, option=orjson.OPT_SORT_KEYS))
        writer.add("names", orjson.dumps(done.shape_names, option=orjson.OPT_SORT_KEYS))
        writer.add("memory", self.memory.pack())
        writer.write(folder / CACHE, version)

    def _keep_source(self, writer: CacheWriter, source: SourceModel) -> None:
        if any(warning.code in _NOT_KEPT for warning in source.warnings) or self._prints is None:
            return
        steps = np.array([element.step_id for element in source.elements], dtype=np.int64)
        places = np.searchsorted(self._prints.table_ids, steps)
        writer.add("source/key", self._prints.tables.encode())
        writer.add("source/steps", pack_arrays([places]))
        writer.add("source/placements", pack_arrays(_placements(source.elements, self._prints, steps)))
        if self.same_source:
            for name in ("plain", "elements", *_MAPPINGS):
                writer.take_over(f"source/{name}")
            return
        bare = [tuple(getattr(element, name) for name in _BARE) for element in source.elements]
        writer.add("source/elements", pack_tables(bare))
        writer.add("source/plain", pack_tables({name: getattr(source, name) for name in _PLAIN}))
        for name in _MAPPINGS:
            writer.add(f"source/{name}", pack_tables(dict(getattr(source, name))))


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What a build made that the next one may want; `source_boxes` (n, 6) by element."""

    source: SourceModel
    found: ChunkResult
    source_boxes: FloatArray
    tiles: TileFiles
    shape_names: Mapping[str, str]


# An element without what differs from file to file: its fields in order, but for these two.
_FIELDS = tuple(f.name for f in fields(Element))
_BARE = tuple(name for name in _FIELDS if name not in ("step_id", "placement"))
_STEP_ID = _FIELDS.index("step_id")
_PLACEMENT = _FIELDS.index("placement") - 1
_MAPPINGS = tuple(f.name for f in fields(SourceModel) if str(f.type).startswith("Mapping"))
_PLAIN = tuple(f.name for f in fields(SourceModel) if f.name not in (*_MAPPINGS, "elements"))


class _Deferred(Mapping[int, Any]):
    """A table that is read when somebody looks into it."""

    def __init__(self, load: Callable[[], Mapping[int, Any]]) -> None:
        self._load = load
        self._content: Mapping[int, Any] | None = None

    def _loaded(self) -> Mapping[int, Any]:
        if self._content is None:
            self._content = self._load()
        return self._content

    def __getitem__(self, key: int) -> Any:
        return self._loaded()[key]

    def __iter__(self) -> Iterator[int]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())


def _element(row: Sequence[Any], step_id: int, placement: FloatArray | None) -> Element:
    values = [*row[:_STEP_ID], step_id, *row[_STEP_ID:_PLACEMENT], placement, *row[_PLACEMENT:]]
    return Element(*values)


def _placements(
    elements: Sequence[Element], prints: Fingerprints, steps: NDArray[np.int64]
) -> list[NDArray[Any]]:
    nothing: FloatArray = np.zeros((4, 4))
    return [
        np.array([element.placement is not None for element in elements], dtype=bool),
        np.array([nothing if e.placement is None else e.placement for e in elements]).reshape(-1, 4, 4),
        prints.placements[prints.rows(steps)],
    ]
