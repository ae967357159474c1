"""Writing the files of a package into its folder."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import numpy as np

from bim_pipeline.content import ContentBuilder
from bim_pipeline.glb import write_tile
from bim_pipeline.source import Geometry
from bim_pipeline.tiling import Cell

GZIP_LEVEL = 6
BROTLI_QUALITY = 6


@dataclass(frozen=True, slots=True)
class TileFile:
    """A written tile: its `uri` within the package, its bytes with brotli, its error of quantization, m."""

    uri: str
    served_bytes: int
    error_m: float


@dataclass(frozen=True, slots=True, eq=False)
class WrittenTiles:
    """Tiles of a package that is there already: `folder` is the package's, `tiles` go by `cell_key`."""

    folder: Path
    tiles: Mapping[str, TileFile]


@dataclass(frozen=True, slots=True)
class TileFiles:
    """The tiles in the cells' order, and their cells' keys; `reused` tiles were taken from elsewhere."""

    tiles: tuple[TileFile, ...]
    keys: tuple[str, ...]
    reused: int

    @property
    def uris(self) -> tuple[str, ...]:
        """Where the tiles went."""
        return tuple(tile.uri for tile in self.tiles)

    @property
    def served_bytes(self) -> int:
        """The bytes of all tiles, with brotli."""
        return sum(tile.served_bytes for tile in self.tiles)

    @property
    def error_m(self) -> float:
        """The largest error of quantization, m."""
        return max((tile.error_m for tile in self.tiles), default=0.0)


def write_tiles(
    folder: Path,
    cells: Sequence[Cell],
    geometry: Geometry,
    positions: Mapping[int, int],
    jobs: int,
    on_tile: Callable[[int], None],
    written: WrittenTiles | None = None,
) -> TileFiles:
    """Write each cell's GLB, plain and compressed; compression runs beside the making of the next tile.

    A tile of the same cell that is `written` elsewhere is taken from there.
    """
    (folder / "tiles").mkdir()
    builder = ContentBuilder(geometry)
    keys = [f"{tile_stem(cell, positions)}-{cell_key(cell, geometry)}" for cell in cells]
    tiles: list[TileFile | Future[TileFile]] = []
    reused = 0
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for number, (cell, key) in enumerate(zip(cells, keys, strict=True)):
            known = written.tiles.get(key) if written is not None else None
            if known is not None and written is not None:
                _take_over(written.folder, folder, known.uri)
                tiles.append(known)
                reused += 1
            else:
                tile = write_tile(builder.tile(cell))
                stem = tile_stem(cell, positions)
                tiles.append(pool.submit(_write_coded, folder, stem, tile.content, tile.error_m))
            on_tile(number + 1)
        done = [tile.result() if isinstance(tile, Future) else tile for tile in tiles]
    return TileFiles(tuple(done), tuple(keys), reused)


def cell_key(cell: Cell, geometry: Geometry) -> str:
    """Give a hash of all that a cell's tile depends on: the cell and the bodies in it, 32 hex digits.

    What else a tile comes to depend on has to go in as well, or a new revision takes over stale tiles.
    """
    digest = hashlib.blake2b(digest_size=16)
    for field in fields(cell):
        value = getattr(cell, field.name)
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    for index in cell.elements:
        body = geometry.bodies[index]
        digest.update(body.shape.key.encode() + body.local_from_shape.tobytes())
    return digest.hexdigest()


def tile_stem(cell: Cell, positions: Mapping[int, int]) -> str:
    """Begin a tile's name with its storey and band: `s02-shell`; without a storey `x-shell`."""
    storey = "x" if cell.storey_index is None else f"s{positions[cell.storey_index]:02d}"
    return f"{storey}-{cell.band}"


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _take_over(source: Path, target: Path, uri: str) -> None:
    for name in (uri, uri + ".gz", uri + ".br"):
        link_or_copy(source / name, target / name)


def _write_coded(folder: Path, stem: str, content: bytes, error_m: float) -> TileFile:
    """Write a tile plain, as gzip and as brotli, under a name that its content decides."""
    uri = f"tiles/{stem}-{hashlib.blake2b(content, digest_size=8).hexdigest()}.glb"
    path = folder / uri
    path.write_bytes(content)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, GZIP_LEVEL, mtime=0))
    coded = brotli.compress(content, quality=BROTLI_QUALITY, lgwin=22)
    path.with_name(path.name + ".br").write_bytes(coded)
    return TileFile(uri, len(coded), error_m)
