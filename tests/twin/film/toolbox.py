"""Films of a few seconds with everything in them, and what of two films must be the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.film.scenes import same_state
from tests.twin.film.test_late import Venue
from twin.film.box import opened_box
from twin.film.importing import Imported, import_film
from twin.film.stored import Cut, StoredFilm
from twin.film.verifying import Audit, Verifier
from twin.store.database import open_database

Script = Sequence[tuple[str, int, list[tuple[int, int, int, int]] | None]]
Row = tuple[str, str, bytes, bytes, int]  # device, point, bits of the time and of the value, quality


def url_of(folder: Path, name: str = "twin") -> str:
    return f"sqlite:///{folder / name}.db"


def busy_script(seconds: int = 12) -> Script:
    """Samples every 200 ms, some of them late; a kill, a stop and merges on the way."""
    random = np.random.default_rng(7)
    script: list[Any] = []
    for number in range(5 * seconds):
        points = random.integers(0, 9, 4).tolist()
        lags = random.choice([0, 50, 300, 300, 4000], 4).tolist()
        script.append(
            ("samples", 200, [(p, lag, number % 11 - 5, 0) for p, lag in zip(points, lags, strict=True)])
        )
        if number % 3 == 0:
            script.append(("flush", 1, None))
        if number % 25 == 24:
            script.append((("kill", "merge", "stop")[number // 25 % 3], 1, None))
    return script


async def filmed(engine: AsyncEngine, script: Script, *, cleanly: bool = True) -> Venue:
    """A film of a script; not `cleanly`: as a kill leaves it."""
    venue = Venue(engine)
    await venue.begin()
    for kind, ms, samples in script:
        await venue.act(kind, ms, samples)
    await venue.film.film.recorder.flush()
    if cleanly:
        await venue.film.film.recorder.stop()
    return venue


async def looked(engine: AsyncEngine) -> StoredFilm:
    film = StoredFilm(engine)
    await film.look()
    return film


async def cuts_of(engine: AsyncEngine) -> list[Cut]:
    film = await looked(engine)
    return [cut async for cut in film.cuts()]


async def audited(engine: AsyncEngine) -> Audit:
    return await Verifier(engine).verify()


async def taken_in(engine: AsyncEngine, file: Path) -> Imported:
    with opened_box(file) as box:
        box.check()
        return await import_film(engine, box)


def rows_of(cuts: Sequence[Cut]) -> list[Row]:
    """Every sample, by device, point and time."""
    found = []
    for cut in cuts:
        samples = cut.segment.samples
        columns = (samples.point_index, samples.time_ms, samples.value, samples.quality)
        for index, time_ms, value, quality in zip(*columns, strict=True):
            point = cut.registry.points[index]
            bits = (np.float64(time_ms).tobytes(), np.float64(value).tobytes())
            found.append((float(time_ms), (point.device, point.name, *bits, int(quality))))
    return [row for _, row in sorted(found, key=lambda each: (each[1][:2], each[0]))]


def told(cuts: Sequence[Cut]) -> list[object]:
    """All that cuts say, to the bit."""
    return [
        (
            cut.from_ms,
            cut.to_ms,
            cut.registry.hash,
            cut.afterwards,
            *(
                getattr(part, name).tobytes()
                for part in (cut.segment.keyframe, cut.segment.samples)
                for name in NAMES
            ),
        )
        for cut in cuts
    ]


NAMES = ("point_index", "time_ms", "value", "quality")


def spans_of(cuts: Sequence[Cut]) -> list[tuple[float, float, bool]]:
    """From when to when something is known, and whether it was learned afterwards."""
    spans: list[tuple[float, float, bool]] = []
    for cut in cuts:
        if spans and spans[-1][1:] == (cut.from_ms, cut.afterwards):
            spans[-1] = (spans[-1][0], cut.to_ms, cut.afterwards)
        else:
            spans.append((cut.from_ms, cut.to_ms, cut.afterwards))
    return spans


async def check_states(one: AsyncEngine, other: AsyncEngine) -> None:
    """Two films give the same states, all over."""
    mine, theirs = await looked(one), await looked(other)
    for cut in await cuts_of(one):
        for share in (0.0, 0.3, 0.999):
            at_ms = cut.from_ms + share * (cut.to_ms - cut.from_ms)
            states = (await mine.state_at(at_ms)).state, (await theirs.state_at(at_ms)).state
            assert len(states[0]) > 0
            assert same_state(*states), at_ms


async def new_engine(folder: Path, name: str = "twin") -> AsyncEngine:
    return await open_database(url_of(folder, name))
