"""Tools that are killed (SIGKILL) at work leave a film that verifies, and tells what it told."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.twin.film.toolbox import (
    audited,
    busy_script,
    cuts_of,
    filmed,
    new_engine,
    rows_of,
    spans_of,
    taken_in,
    told,
    url_of,
)
from twin.film.compacting import compact
from twin.film.exporting import Order, export_film
from twin.film.stored import StoredFilm
from twin.store.database import writing
from twin.store.tables import FILM_SEGMENT, FILM_STRIP

ROUNDS = 3


def killed(tool: str, url: str, file: Path, rounds: int = ROUNDS) -> None:
    """Start the tool so often, and kill it."""
    arguments = [tool, url, str(file), str(rounds), "3"]
    program = [sys.executable, "-m", "tests.twin.film.tool_killing", *arguments]
    subprocess.run(program, check=True, timeout=300, capture_output=True)


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(100, marks=pytest.mark.slow)])
def test_an_import_that_is_killed_is_begun_again(tmp_path: Path, rounds: int) -> None:
    file = tmp_path / "all.twinfilm"

    async def prepare() -> None:
        """A film of which every second segment was lost, and an export of all of it."""
        engine = await new_engine(tmp_path)
        await filmed(engine, busy_script(12))
        await export_film(engine, file, Order())
        other = await new_engine(tmp_path, "other")
        await taken_in(other, file)
        async with writing(other) as connection:
            query = select(FILM_SEGMENT.c.id).order_by(FILM_SEGMENT.c.start_ms)
            lost = [int(row[0]) for row in await connection.execute(query)][1::2]
            await connection.execute(FILM_STRIP.delete().where(FILM_STRIP.c.segment.in_(lost)))
            await connection.execute(FILM_SEGMENT.delete().where(FILM_SEGMENT.c.id.in_(lost)))
        await engine.dispose()
        await other.dispose()

    async def check(*, done: bool) -> None:
        engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
        assert (await audited(other)).faults == []
        whole, part = rows_of(await cuts_of(engine)), rows_of(await cuts_of(other))
        assert len(set(part)) == len(part)
        assert set(part) <= set(whole)
        if done:
            await taken_in(other, file)
            assert told(await cuts_of(other)) == told(await cuts_of(engine))
            assert (await audited(other)).faults == []
        await engine.dispose()
        await other.dispose()

    asyncio.run(prepare())
    killed("import", url_of(tmp_path, "other"), file, rounds)
    asyncio.run(check(done=False))
    asyncio.run(check(done=True))


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(100, marks=pytest.mark.slow)])
def test_compacting_that_is_killed_changes_nothing_that_is_told(tmp_path: Path, rounds: int) -> None:
    async def prepare() -> tuple[list[object], list[object]]:
        engine = await new_engine(tmp_path)
        await filmed(engine, busy_script(12), cleanly=False)
        film = StoredFilm(engine)
        await film.learn()
        await film.merge_late()
        cuts = await cuts_of(engine)
        await engine.dispose()
        return list(rows_of(cuts)), list(spans_of(cuts))

    async def check() -> tuple[list[object], list[object]]:
        engine = await new_engine(tmp_path)
        assert (await audited(engine)).faults == []
        await compact(engine)
        assert (await audited(engine)).faults == []
        cuts = await cuts_of(engine)
        await engine.dispose()
        return list(rows_of(cuts)), list(spans_of(cuts))

    before = asyncio.run(prepare())
    killed("compact", url_of(tmp_path), tmp_path, rounds)
    assert asyncio.run(check()) == before
