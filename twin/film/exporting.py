"""Writes a part of the film into a file: to the bit for another installation, or as a table for programs.

Reads beside a running server. A stretch at a time is in memory.
"""

import asyncio
import math
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from twin.errors import SettingError
from twin.film.box import BoxWriter, writing_file
from twin.film.choosing import Choice
from twin.film.downloading import Tally, Wanted, csv_bytes, parquet_bytes
from twin.film.scene_carrying import book_of
from twin.film.scene_parts import CarriedScenes, carried
from twin.film.scene_store import all_scenes
from twin.film.stored import StoredFilm, only
from twin.film.verifying import snapshot

NOTHING = "there is no film in that span; see --from and --to"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported: a span, ms since 1970 UTC, and which points."""

    from_ms: float = -math.inf
    to_ms: float = math.inf
    choice: Choice = field(default_factory=Choice)


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds."""

    stretches: int
    samples: int
    bytes: int
    from_ms: float
    to_ms: float
    scenes: int = 0


async def export_film(engine: AsyncEngine, target: Path, order: Order) -> Exported:
    """Write a `.twinfilm`, whole or not at all.

    Raises SettingError: there is no film in the span, or no such point; DamagedFilmError; OSError; what the
    database raises.
    """
    film = StoredFilm(engine)
    await film.look()
    _check(film, order)
    scenes = await _scenes(engine, film, order)
    with writing_file(target) as new:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:
            box = BoxWriter(archive)
            async for cut in film.cuts(order.from_ms, order.to_ms):
                part = only(cut, order.choice.mask(cut.registry))
                await asyncio.to_thread(box.add, part)
            await asyncio.to_thread(box.add_scenes, scenes)
            manifest = box.close(_facts(order))
        size = new.stat().st_size
    return Exported(
        manifest.stretches, manifest.samples, size, manifest.from_ms, manifest.to_ms, manifest.scenes
    )


async def _scenes(engine: AsyncEngine, film: StoredFilm, order: Order) -> CarriedScenes:
    """What was in force in the span, of all devices: a part of a scene is none. DamagedFilmError."""
    async with snapshot(engine) as connection:
        scenes, sets = await all_scenes(connection)
    pieces = film.pieces(order.from_ms, order.to_ms)
    span = pieces[0].from_ms, max(piece.to_ms for piece in pieces)
    book = book_of(scenes, film.ends_ms)
    return await asyncio.to_thread(carried, book, sets, pieces, *span)


def _check(film: StoredFilm, order: Order) -> None:
    if not film.pieces(order.from_ms, order.to_ms):
        raise SettingError(NOTHING)
    if not any(order.choice.has(point) for registry in film.registries for point in registry.points):
        raise SettingError("no point that was ever recorded is meant; see --device, --point and --class")


def _facts(order: Order) -> dict[str, object]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "made_by": f"Venue Twin {_version()}",
        "devices": list(order.choice.devices),
        "points": list(order.choice.points),
        "classes": list(order.choice.classes),
    }


def _version() -> str:
    try:
        return version("venue-twin")
    except PackageNotFoundError:
        return "unknown"


async def export_table(engine: AsyncEngine, target: Path, order: Order) -> Exported:
    """Write a `.parquet` or a `.csv` of the samples, whole or not at all. Raises as `export_film`."""
    film = StoredFilm(engine)
    await film.look()
    _check(film, order)
    pieces = film.pieces(order.from_ms, order.to_ms)
    first_ms, last_ms = pieces[0].from_ms, max(piece.to_ms for piece in pieces)
    wanted, tally = Wanted(order.choice, first_ms, last_ms), Tally()
    facts = {"from_ms": repr(first_ms), "to_ms": repr(last_ms)}
    is_csv = target.suffix == ".csv"
    parts = csv_bytes(film, wanted, tally) if is_csv else parquet_bytes(film, wanted, facts, tally)
    with writing_file(target) as new:
        size = await _written(new, parts)
    return Exported(len(pieces), tally.samples, size, first_ms, last_ms)


async def _written(target: Path, parts: AsyncIterator[bytes]) -> int:
    size = 0
    with target.open("wb") as file:
        async for part in parts:
            size += await asyncio.to_thread(file.write, part)
    return size
