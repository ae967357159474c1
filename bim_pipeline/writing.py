"""Writing the files of a package into its folder."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import brotli  # type: ignore[import-untyped]

from bim_pipeline.content import ContentBuilder
from bim_pipeline.glb import write_tile
from bim_pipeline.source import Geometry
from bim_pipeline.tiling import Cell

GZIP_LEVEL = 6
BROTLI_QUALITY = 6


@dataclass(frozen=True, slots=True)
class TileFiles:
    """Where the tiles went, in the cells' order; `served_bytes` with brotli; `error_m` of quantization."""

    uris: tuple[str, ...]
    served_bytes: int
    error_m: float


def write_tiles(
    folder: Path,
    cells: Sequence[Cell],
    geometry: Geometry,
    positions: Mapping[int, int],
    jobs: int,
    on_tile: Callable[[int], None],
) -> TileFiles:
    """Write each cell's GLB, plain and compressed; compression runs beside the making of the next tile."""
    (folder / "tiles").mkdir()
    builder = ContentBuilder(geometry)
    uris = tile_uris(cells, positions)
    served: list[Future[int]] = []
    error = 0.0
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for number, (cell, uri) in enumerate(zip(cells, uris, strict=True)):
            written = write_tile(builder.tile(cell))
            error = max(error, written.error_m)
            served.append(pool.submit(_write_coded, folder / uri, written.content))
            on_tile(number + 1)
        total = sum(future.result() for future in served)
    return TileFiles(tuple(uris), total, error)


def tile_uris(cells: Sequence[Cell], positions: Mapping[int, int]) -> list[str]:
    """Name the tiles by storey, band and number: `tiles/s02-shell-0.glb`; without a storey `tiles/x-...`."""
    counts: dict[str, int] = {}
    uris = []
    for cell in cells:
        storey = "x" if cell.storey_index is None else f"s{positions[cell.storey_index]:02d}"
        stem = f"{storey}-{cell.band}"
        uris.append(f"tiles/{stem}-{counts.get(stem, 0)}.glb")
        counts[stem] = counts.get(stem, 0) + 1
    return uris


def _write_coded(path: Path, content: bytes) -> int:
    """Write a file plain, as gzip and as brotli; gives the bytes of the last."""
    path.write_bytes(content)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, GZIP_LEVEL, mtime=0))
    coded = brotli.compress(content, quality=BROTLI_QUALITY, lgwin=22)
    path.with_name(path.name + ".br").write_bytes(coded)
    return len(coded)
